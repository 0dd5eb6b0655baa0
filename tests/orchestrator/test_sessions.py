"""Sessions: opened in order, held by one, ended once."""

from __future__ import annotations

from decimal import Decimal

import pytest

from orch_magic.core.errors import (
    BadInput,
    BaselineFailed,
    NoSession,
    NothingToResume,
    SessionHeld,
)
from orch_magic.core.gates import BaselineReport, GateResult
from orch_magic.core.reports import Asked, Ended
from orch_magic.core.sessions import SessionStatus
from orch_magic.orchestrator import journal, money, reading, sessions
from orch_magic.orchestrator.tick import tick


def _end(world, status=SessionStatus.PAUSED, reason=""):
    return sessions.end(world, "x", status, reason)


def test_the_first_session_is_number_1_and_has_a_checkpoint(world, start):
    started = start(world, budget="5.00")
    assert started.session.number == 1
    assert started.session.parent_session_id is None
    assert started.brief is None
    assert started.checkpoint is not None
    assert world.store.list("x")[0].reason == "session start"


def test_resume_opens_the_next_session_with_its_parent_and_the_money(
    project, world, start
):
    first = start(world, budget="5.00").session
    money.spend(world, "x", Decimal("1.25"))
    project.kill(world)
    second = start(project.process(), resume=True)
    assert second.session.number == 2
    assert second.session.parent_session_id == first.id
    assert second.budget.spent_usd == Decimal("1.25")
    assert second.budget.remaining_usd == Decimal("3.75")
    assert any("Session 1 was interrupted" in line for line in second.remarks)
    assert second.brief is not None
    assert second.brief.session.status is SessionStatus.INTERRUPTED


def test_a_given_budget_replaces_the_limit_on_resume(project, world, start):
    start(world, budget="5.00")
    project.kill(world)
    assert start(project.process(), budget="9", resume=True).budget.limit_usd == 9


def test_a_budget_below_what_is_spent_is_refused_unless_forced(project, world, start):
    start(world, budget="5.00")
    money.spend(world, "x", Decimal(2))
    project.kill(world)
    with pytest.raises(BadInput, match=r"already spent \$2\.00.*--force"):
        start(project.process(), budget="1", resume=True)
    assert start(project.process(), budget="1", force=True).budget.limit_usd == 1


def test_resume_without_any_session_says_how_to_start_one(world, start):
    with pytest.raises(NothingToResume, match="%orch start --epic x"):
        start(world, resume=True)


def test_a_second_live_session_is_refused_and_the_holder_named(project, world, start):
    start(world)
    with pytest.raises(
        SessionHeld, match=r"script with pid 1 on here since 2026-11-22"
    ):
        start(project.process())


def test_take_over_ends_the_other_session_and_its_holder_lets_go(
    project, world, start, told
):
    first = start(world).session
    second = start(project.process(), take_over=True).session
    assert second.parent_session_id == first.id
    tick(world)
    assert world.held is None
    assert [type(report) for report in told] == [Ended]
    assert told[0].session.status is SessionStatus.INTERRUPTED


def test_one_process_holds_one_session_at_a_time(world, start):
    start(world, "a")
    with pytest.raises(SessionHeld, match="already runs epic a"):
        start(world, "b")


@pytest.mark.parametrize("status", ["paused", "completed", "failed"])
def test_an_ended_session_has_a_checkpoint_and_does_not_come_back(world, start, status):
    start(world)
    ended = _end(world, SessionStatus(status), "enough")
    assert ended.session.status == status
    assert ended.checkpoint is not None
    record = world.store.latest("x").record
    assert record.sessions[-1].status == status
    with pytest.raises(NoSession, match=f"session 1 is {status}"):
        _end(world)


def test_a_pause_from_another_process_is_carried_out_by_the_holder(
    project, world, start, told
):
    start(world)
    asked = sessions.end_from_anywhere(project.process(), "x", "paused", "lunch")
    assert isinstance(asked, Asked)
    tick(world)
    assert world.held is None
    ended = next(report for report in told if isinstance(report, Ended))
    assert ended.session.status is SessionStatus.PAUSED
    assert ended.session.reason == "lunch"
    assert ended.checkpoint is not None


def test_a_pause_where_nothing_runs_names_the_last_checkpoint(project, world, start):
    start(world)
    saved = _end(world).checkpoint
    with pytest.raises(NoSession, match=saved.checkpoint.id):
        sessions.end_from_anywhere(project.process(), "x", "paused", "")


def test_a_pause_of_a_dead_holder_needs_nobody_else(project, world, start):
    start(world)
    project.kill(world)
    ended = sessions.end_from_anywhere(project.process(), "x", "paused", "")
    assert isinstance(ended, Ended)


def _report(outcome, gate="tests"):
    result = GateResult(gate=gate, outcome=outcome, output_tail="E  assert 1 == 2")
    return BaselineReport(gates=(result,))


def test_a_failing_test_gate_refuses_the_start_and_opens_a_blocker(
    project, world, start
):
    project.gates.report = _report("failed")
    with pytest.raises(BaselineFailed, match=r"(?s)assert 1 == 2.*--no-baseline"):
        start(world, baseline=True)
    assert world.held is None
    state = world.ledger.state("x")
    assert state.sessions == ()
    assert state.blockers == ("Baseline: the tests gate does not pass",)


def test_the_blocker_of_a_baseline_goes_when_the_gate_passes(project, world, start):
    project.gates.report = _report("failed")
    with pytest.raises(BaselineFailed):
        start(world, baseline=True)
    project.gates.report = _report("passed")
    start(world, baseline=True)
    assert world.ledger.state("x").blockers == ()


def test_failing_lint_does_not_refuse_the_start(project, world, start):
    project.gates.report = _report("failed", gate="lint")
    started = start(world, baseline=True)
    assert started.baseline.in_one_line() == "lint failed"


def test_who_resumes_is_told_of_a_failing_gate_and_let_through(project, world, start):
    start(world)
    project.kill(world)
    project.gates.report = _report("failed")
    started = start(project.process(), baseline=True, resume=True)
    assert not started.baseline.passed


def test_a_start_without_baseline_says_so_in_status_and_brief(world, start):
    start(world)
    assert "--no-baseline" in reading.status(world, "x").baseline
    assert "--no-baseline" in reading.brief(world, "x").context.baseline


def test_what_can_be_refused_is_refused_before_the_gates_run(project, world, start):
    start(world)
    with pytest.raises(SessionHeld):
        start(project.process(), baseline=True)
    assert project.gates.runs == 0


def test_a_clock_that_is_set_back_breaks_neither_order_nor_numbers(
    project, world, start, clock
):
    start(world)
    clock.set_back(3600)
    ended = _end(world)
    assert ended.session.ended_at >= ended.session.started_at
    second = start(project.process())
    assert second.session.number == 2
    journal.note(world, "x", "after the jump")
    newest = world.store.list("x")[0]
    assert newest.session_number == 2
