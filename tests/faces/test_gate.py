"""While the budget is spent nothing starts, but for what lifts it."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal

import pytest

import orch_magic as orch


@pytest.fixture
def spent(shell):
    """A shell whose epic has spent its dollar, and a cent."""
    shell.start("--budget 1")
    shell.run("import orch_magic as orch\nmarks = []")
    shell.run("orch.spend('1.01')")
    return shell


def test_the_spend_that_passes_the_limit_is_kept_and_stops_its_cell(shell):
    shell.start("--budget 1")
    ran = shell.run(
        "import orch_magic as orch\n"
        "try:\n    orch.spend('1.01')\n"
        "except Exception:\n    print('swallowed')\n"
        "print('went on')"
    )
    assert isinstance(ran.error, orch.BudgetExceeded)
    assert ran.lines[0] == (
        "BudgetExceeded: The budget of epic x is spent: $1.01 of $1.00. "
        "Lift it with: %orch budget AMOUNT"
    )
    assert "Traceback" not in ran.shown
    assert "went on" not in ran.shown
    assert orch.budget(epic="x").budget.spent_usd == Decimal("1.01")


def test_the_next_cell_does_not_start_and_nothing_of_it_runs(spent):
    ran = spent.run("marks.append('ran')\n%orch status\nmarks.append('ran')")
    assert ran.lines == [
        (
            "BudgetExceeded: The budget of epic x is spent: $1.01 of $1.00. "
            "No cell starts until it is lifted: %orch budget AMOUNT"
        )
    ]
    assert spent.ip.user_ns["marks"] == []


def test_a_spend_of_exactly_the_limit_stops_the_cell_after_it(shell):
    shell.start("--budget 1")
    assert shell.run("import orch_magic as orch\nkept = orch.spend(1)").error is None
    assert "No cell starts" in shell.run("1 + 1").shown


@pytest.mark.parametrize(
    "cell",
    [
        "%orch status",
        "s = %orch status",
        "%orch note out of money\n%orch list",
        "%orch?",
        "%config Orch",
        "%reload_ext orch_magic",
    ],
)
def test_our_own_lines_pass(spent, cell):
    assert spent.run(cell).error is None


@pytest.mark.parametrize(
    "cell",
    ["print(1)", "!echo 1", "%time 1", "%%time\n1", "await_ = 1", "def f(): ..."],
)
def test_nothing_else_passes(spent, cell):
    ran = spent.run(cell)
    assert ran.error is not None
    assert len(ran.lines) == 1


def test_a_new_budget_lifts_it_at_once(spent):
    assert "$1.01 of $7.50" in spent.run("%orch budget 7.50").shown
    assert spent.run("print('on')").lines == ["on"]


def test_a_budget_of_another_process_lifts_it_too(spent, monkeypatch):
    code = "import orch_magic as orch; orch.budget('7.50', epic='x')"
    subprocess.run([sys.executable, "-c", code], check=True)
    assert spent.run("print('on')").lines == ["on"]


def test_after_the_session_has_ended_cells_start_again(spent):
    spent.run("%orch pause")
    assert spent.run("print('on')").lines == ["on"]


def test_a_cell_that_did_not_start_does_not_count(spent):
    before = orch.status(epic="x").cells_run
    spent.run("print(1)")
    assert orch.status(epic="x").cells_run == before
