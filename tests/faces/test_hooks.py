"""Around each cell: counted, its failure kept, and never broken by us."""

from __future__ import annotations

import shutil

import pytest

import orch_magic as orch
from orch_magic import here
from orch_magic.orchestrator.tick import tick


def _status():
    return orch.status(epic="x")


def _break_git(monkeypatch) -> None:
    """Take Git away from this process."""
    monkeypatch.setenv("PATH", "/nonexistent")
    assert shutil.which("git") is None


def test_cells_are_counted_but_for_our_own_lines(shell):
    shell.start()
    shell.run("1 + 1")
    shell.run("%orch status")
    shell.run("%config Orch.publish = 'each'")
    shell.run("x = 2\n%orch note two")
    assert _status().cells_run == 2


def test_a_cell_without_a_session_is_nobodys(shell):
    shell.run("1 + 1")
    shell.start()
    assert _status().cells_run == 0


def test_a_cell_that_is_no_python_does_not_count(shell):
    shell.start()
    shell.run("for in")
    assert _status().cells_run == 0


def test_a_failure_is_remembered_with_its_cell_and_makes_a_checkpoint(shell):
    shell.start()
    before = len(orch.checkpoints(epic="x").checkpoints)
    ran = shell.run("rate = 1\nrate / 0")
    assert isinstance(ran.error, ZeroDivisionError)
    newest = orch.checkpoints(epic="x").checkpoints
    assert len(newest) == before + 1
    assert newest[0].reason.startswith("ZeroDivisionError in In [")
    [failure] = orch.brief(epic="x").context.failures
    assert failure.message == "division by zero"
    assert failure.cell.endswith("rate = 1")


def test_the_same_failure_again_is_counted_and_makes_no_more_checkpoints(shell):
    shell.start()
    shell.run("1 / 0")
    count = len(orch.checkpoints(epic="x").checkpoints)
    for _ in range(3):
        shell.run("1 / 0")
    assert len(orch.checkpoints(epic="x").checkpoints) == count
    assert _status().cells_failed == 4


def test_an_interrupted_cell_is_no_failure(shell):
    shell.start()
    shell.run("raise KeyboardInterrupt")
    assert _status().cells_failed == 0


def test_a_cell_inside_a_cell_counts_once(shell):
    shell.start()
    shell.run("get_ipython().run_cell('2 + 2')")
    assert _status().cells_run == 1


def test_a_failing_checkpoint_never_breaks_the_cell_and_is_made_up_for(
    shell, monkeypatch
):
    shell.start()
    saved = _status().last_checkpoint
    world = here.held_world()
    with monkeypatch.context() as without:
        _break_git(without)
        ran = shell.run("print('worked')\n1 / 0")
        assert ran.lines[0] == "worked"
        assert isinstance(ran.error, ZeroDivisionError)
        assert "orch:" not in ran.shown
        assert "The last checkpoint failed" in shell.run("%orch status").shown
        assert world.held.retry_at is not None
        assert shell.run("print('still')").lines == ["still"]
    world.held.retry_at = 0.0
    tick(world)
    status = _status()
    assert status.remarks == ()
    assert status.last_checkpoint.id != saved.id
    assert status.last_checkpoint.reason == "retried after a failure"


def test_a_ledger_that_cannot_be_read_is_said_and_the_cell_runs(shell, monkeypatch):
    shell.start("--budget 1")
    world = here.held_world()

    def unreadable(*_: object, **__: object):
        raise orch.LedgerProblem("The ledger is locked.", "Try again.")

    with monkeypatch.context() as locked:
        locked.setattr(world.ledger, "state", unreadable)
        locked.setattr(world.ledger, "append", unreadable)
        ran = shell.run("print('worked')")
    assert ran.error is None
    assert ran.lines[0] == "worked"
    assert "orch: the budget could not be checked: The ledger is locked." in ran.shown
    assert "Traceback" not in ran.shown
    shell.run("%orch spend 1")
    assert shell.run("print('no')").error is not None, "the gate is still there"


def test_what_happens_by_itself_is_told_at_the_next_cell(shell):
    shell.start("--budget 1")
    world = here.held_world()
    world.ledger.append("x", lambda state: _asked(state, world))
    tick(world)
    ran = shell.run("print('next')")
    assert ran.lines[0].startswith("orch: ❚❚ paused: session 1 of x (asked by script")
    assert ran.lines[0].endswith("Go on: %orch resume --epic x")
    assert ran.lines[1] == "next"
    assert shell.run("print('once')").lines == ["once"]


def _asked(state, world):
    from orch_magic.core import lifecycle

    by = str(world.processes.me().model_copy(update={"kind": "script"}))
    return lifecycle.ask_to_end(state, "paused", "", by, at=world.clock.now())


def test_the_warning_at_80_percent_is_shown_once(shell):
    shell.start("--budget 1")
    ran = shell.run("import orch_magic as orch\nkept = orch.spend('0.85')")
    assert ran.lines == ["orch: 85% of the budget is spent: $0.85 of $1.00"]
    assert shell.run("kept = orch.spend('0.01')").shown == ""


def test_a_listener_that_fails_does_not_stop_the_keeping(shell, caplog):
    shell.start()

    def broken(_: object) -> None:
        raise RuntimeError("the screen is gone")

    deafen = here.listen(broken)
    orch.pause()
    shell.start("--budget 1")
    shell.run("import orch_magic as orch\nkept = orch.spend('0.9')")
    deafen()
    assert "A listener failed" in caplog.text
    assert _status().last_checkpoint.reason == "90% of the budget spent"


@pytest.mark.parametrize("cell", ["", "   \n", "# a remark"])
def test_an_empty_cell_is_nothing(shell, cell):
    shell.start()
    assert shell.run(cell).error is None
