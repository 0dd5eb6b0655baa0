"""A ledger that knows less than the checkpoints takes over what they say."""

from __future__ import annotations

from decimal import Decimal

from orch_magic.core.errors import LedgerDamaged
from orch_magic.core.sessions import SessionStatus
from orch_magic.orchestrator import journal, money, reading, sessions
from orch_magic.orchestrator.recovery import MendingLedger
from orch_magic.testing import MemoryLedger


def _work(world, start) -> None:
    start(world, budget="5")
    money.spend(world, "x", Decimal("1.25"))
    journal.note(world, "x", "chunks of 400")
    sessions.end(world, "x", SessionStatus.PAUSED, "for the night")


def test_with_a_lost_ledger_cost_budget_and_numbers_go_on(project, world, start):
    _work(world, start)
    project.ledger = MemoryLedger()
    fresh = project.process()
    started = start(fresh, resume=True)
    assert started.session.number == 2
    assert started.budget.spent_usd == Decimal("1.25")
    assert started.budget.limit_usd == 5
    assert started.brief.context.agent_notes == "chunks of 400"
    assert any("rebuilt from checkpoint" in line for line in started.remarks)


def test_reading_finds_epics_that_only_their_checkpoints_know(project, world, start):
    _work(world, start)
    project.ledger = MemoryLedger()
    fresh = project.process()
    (epic,) = reading.epics(fresh).epics
    assert epic.budget.spent_usd == Decimal("1.25")
    assert reading.status(fresh, "x").session.number == 1


def test_a_damaged_checkpoint_is_named_and_the_one_before_is_taken(
    project, world, start
):
    _work(world, start)
    project.kill(world)  # the one before says that it was running
    newest = project.store.list("x")[0]
    project.store.damage("x", newest.id)
    project.ledger = MemoryLedger()
    started = start(project.process(), resume=True)
    assert any(newest.id in line for line in started.remarks)
    assert started.session.number == 2


def test_catching_up_twice_changes_nothing(project, world, start):
    _work(world, start)
    project.ledger = MemoryLedger()
    fresh = project.process()
    start(fresh, resume=True)
    sessions.end(fresh, "x", SessionStatus.PAUSED, "")
    start(fresh, resume=True)
    assert len(list(fresh.ledger.events("x", "epic_restored"))) == 1


class _BreaksOnce(MemoryLedger):
    """A ledger whose file turns out to be damaged at the first touch."""

    broken = True

    def state(self, epic_id):
        if self.broken:
            raise LedgerDamaged("The ledger is damaged.")
        return super().state(epic_id)


def test_a_damaged_ledger_is_replaced_and_rebuilt_and_that_is_said(
    project, world, start
):
    _work(world, start)
    whole = list(project.ledger.events("x"))
    said: list[str] = []
    damaged = _BreaksOnce()

    def replace(stamp: str):
        damaged.broken = False
        assert ":" not in stamp
        return whole[:2], "The ledger was damaged."

    project.ledger = MendingLedger(
        damaged,
        replace=replace,
        store=project.store,
        clock=project.clock,
        tell=said.append,
    )
    state = project.process().ledger.state("x")
    assert state.spent_usd == Decimal("1.25")
    assert state.session.number == 1
    assert said == ["The ledger was damaged."]
