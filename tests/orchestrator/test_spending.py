"""Money: written down first, warned of once, stopped at the limit."""

from __future__ import annotations

from decimal import Decimal

import pytest

from orch_magic.core.errors import BadInput, BudgetExceeded, NoSession, UnpricedModel
from orch_magic.core.money import BudgetLevel
from orch_magic.core.reports import Warned
from orch_magic.core.sessions import SessionStatus
from orch_magic.orchestrator import money, reading, sessions


def test_the_spend_that_passes_the_limit_is_written_down_and_raises(world, start):
    start(world, budget="1")
    with pytest.raises(BudgetExceeded, match=r"\$1\.50 of \$1.*%orch budget") as caught:
        money.spend(world, "x", Decimal("1.50"))
    assert caught.value.spent_usd == Decimal("1.50")
    assert world.ledger.state("x").spent_usd == Decimal("1.50")
    assert reading.status(world, "x").status is SessionStatus.BUDGET_EXCEEDED


def test_a_higher_limit_lifts_the_stop_at_once(world, start):
    start(world, budget="1")
    with pytest.raises(BudgetExceeded):
        money.spend(world, "x", Decimal("1.50"))
    money.set_budget(world, "x", Decimal("7.50"), force=False)
    assert reading.status(world, "x").status is SessionStatus.RUNNING
    money.spend(world, "x", Decimal("0.10"))


def test_the_warning_and_its_checkpoint_come_once_per_crossing(world, start, told):
    start(world, budget="1")
    for _ in range(9):
        money.spend(world, "x", Decimal("0.10"))
    assert len([report for report in told if isinstance(report, Warned)]) == 1
    assert [entry.reason for entry in world.store.list("x")] == [
        "80% of the budget spent",
        "session start",
    ]
    assert reading.status(world, "x").budget.level is BudgetLevel.WARNING


def test_a_new_limit_is_a_new_line_to_cross(world, start, told):
    start(world, budget="1")
    money.spend(world, "x", Decimal("0.90"))
    money.set_budget(world, "x", Decimal(2), force=False)
    money.spend(world, "x", Decimal("0.80"))
    assert len([report for report in told if isinstance(report, Warned)]) == 2


def test_the_threshold_can_be_set(world, start, told):
    start(world, budget="1", settings={"cost_threshold": 0.5})
    money.spend(world, "x", Decimal("0.50"))
    assert isinstance(told[0], Warned)


def test_a_reply_is_read_and_priced(world, start):
    start(world)
    spent = money.spend(world, "x", response={"model": "m", "usd": "0.25"})
    assert spent.usage.model == "m"
    (line,) = money.report(world, "x").by_model
    assert (line.name, line.calls, line.usd) == ("m", 1, Decimal("0.25"))


@pytest.mark.parametrize(
    ("reply", "error"), [("garbage", BadInput), ({"model": "m"}, UnpricedModel)]
)
def test_a_reply_without_a_price_is_refused_and_nothing_written(
    world, start, reply, error
):
    start(world)
    with pytest.raises(error):
        money.spend(world, "x", response=reply)
    assert list(world.ledger.events("x", "spent")) == []


def test_no_spend_without_a_session_and_the_line_says_how_to_start(world, start):
    start(world)
    sessions.end(world, "x", SessionStatus.PAUSED, "")
    with pytest.raises(NoSession, match="%orch resume --epic x"):
        money.spend(world, "x", Decimal(1))


def test_a_limit_below_what_is_spent_is_refused_unless_forced(world, start):
    start(world, budget="5")
    money.spend(world, "x", Decimal(2))
    with pytest.raises(BadInput, match="--force"):
        money.set_budget(world, "x", Decimal(1), force=False)
    assert money.set_budget(world, "x", Decimal(1), force=True).budget.limit_usd == 1
