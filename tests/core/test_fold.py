"""What each event does to an epic's state."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from event_samples import (
    AT,
    EPIC,
    FAILURE,
    HOLDER,
    ONE_OF_EACH,
    RECORD,
    budget,
    cell_ran,
    ended,
    note,
    opened,
    published,
    saved,
    spent,
    started,
)

from orch_magic.core import events as ev
from orch_magic.core.events import Event
from orch_magic.core.fold import MOST_KEPT, EpicState, fold, replay
from orch_magic.core.gates import BaselineReport, GateResult
from orch_magic.core.record import CheckpointRecord
from orch_magic.core.sessions import Session, SessionStatus
from orch_magic.core.work import CellCount, Decision, IssueUpdate, SessionContext
from orch_magic.core.work import TestState as Counts


def after(*events: Event) -> EpicState:
    return replay(EPIC, events)


def restored(record: CheckpointRecord) -> ev.EpicRestored:
    return ev.EpicRestored(epic_id=EPIC, at=AT, record=record, commit="1f0c2aa")


def test_before_its_first_event_an_epic_does_not_exist() -> None:
    assert not EpicState(epic_id=EPIC).exists
    assert after(opened()).exists


def test_folding_never_edits_the_state_it_is_given() -> None:
    for event in ONE_OF_EACH:
        state = after(*ONE_OF_EACH)
        before = state.model_dump_json()
        fold(state, event)
        assert state.model_dump_json() == before


def test_a_state_survives_json_and_so_can_be_kept_as_a_shortcut() -> None:
    for length in range(len(ONE_OF_EACH) + 1):
        state = after(*ONE_OF_EACH[:length])
        assert EpicState.model_validate_json(state.model_dump_json()) == state


def test_a_started_session_is_running_and_held() -> None:
    session = after(opened(), started()).live_session
    assert session is not None
    assert session.status is SessionStatus.RUNNING
    assert session.holder == HOLDER
    assert session.mark.branch == "main"
    assert session.ended_at is None


def test_an_ended_session_says_when_and_why_and_is_live_no_more() -> None:
    state = after(opened(), started(), ended())
    assert state.live_session is None
    assert state.session is not None
    assert state.session.status is SessionStatus.PAUSED
    assert (state.session.ended_at, state.session.reason) == (AT, "lunch")


def test_the_newest_session_is_the_last_one_and_the_others_stay_as_they_were() -> None:
    state = after(opened(), started(1), ended(1), started(2))
    assert [s.number for s in state.sessions] == [1, 2]
    assert state.sessions[0].status is SessionStatus.PAUSED
    assert state.session is state.sessions[1]
    assert state.session.parent_session_id == "sess-1"


def test_cells_and_baseline_are_those_of_the_newest_session() -> None:
    state = after(opened(), started(1), cell_ran(), ended(1), started(2))
    assert state.cells == CellCount()
    assert state.baseline == ""


def test_spending_adds_up_in_the_epic_and_in_the_session() -> None:
    state = after(opened(), started(), spent("0.1"), spent("0.2"), spent("1E-18"))
    assert state.spent_usd == Decimal("0.300000000000000001")
    assert state.spend_count == 3
    assert state.sessions[0].spent_usd == state.spent_usd


def test_money_spent_outside_any_session_counts_for_the_epic_alone() -> None:
    alone = spent("2").replace(session_id=None)
    state = after(opened(), started(), alone)
    assert (state.spent_usd, state.sessions[0].spent_usd) == (2, 0)


def test_a_new_limit_is_a_new_line_to_cross() -> None:
    crossed = ev.CostThresholdCrossed(epic_id=EPIC, at=AT, fraction=0.9)
    state = after(opened(), budget("10"), crossed)
    assert state.threshold_crossed
    raised = fold(state, budget("20"))
    assert (raised.limit_usd, raised.threshold_crossed) == (20, False)
    assert fold(raised, budget(None)).limit_usd is None


def test_the_budget_follows_limit_and_spend() -> None:
    status = after(opened(), budget("10"), spent("8.5")).budget()
    assert (status.epic_id, status.remaining_usd, status.fraction) == (EPIC, 1.5, 0.85)


def test_a_request_to_end_stands_until_the_session_ends() -> None:
    asked = ev.EndAsked(epic_id=EPIC, at=AT, session_id="sess-1", status="paused")
    state = after(opened(), started(), asked)
    assert state.end_asked == asked
    assert fold(state, ended()).end_asked is None
    assert fold(state, started(2)).end_asked is None


def test_a_saved_checkpoint_is_the_last_one_and_ends_the_trouble() -> None:
    failed = ev.CheckpointFailed(epic_id=EPIC, at=AT, trigger="time", error="no space")
    state = after(opened(), started(), failed)
    assert state.checkpoint_trouble == "no space"
    state = fold(state, saved("ck-1"))
    assert state.checkpoint_trouble == ""
    assert state.last_checkpoint is not None
    assert state.last_checkpoint.id == "ck-1"


def test_what_is_owed_to_the_branch_is_owed_until_it_is_published() -> None:
    state = after(opened(), saved("a"), saved("b"), saved("c", wants_publishing=False))
    assert state.unpublished == ("a", "b")
    deferred = ev.PublicationDeferred(epic_id=EPIC, at=AT, reason="a rebase")
    state = fold(state, deferred)
    assert state.publication_trouble == "a rebase"
    state = fold(state, published("a"))
    assert (state.unpublished, state.publication_trouble) == (("b",), "")
    assert fold(state, published("b", "never heard of")).unpublished == ()


def test_a_blocker_is_there_once_until_it_is_cleared() -> None:
    def blocker(kind: type[Any], text: str) -> Event:
        event: Event = kind(epic_id=EPIC, at=AT, text=text)
        return event

    twice = [blocker(ev.BlockerOpened, text) for text in ("a", "b", "a")]
    state = after(opened(), *twice)
    assert state.blockers == ("a", "b")
    assert fold(state, blocker(ev.BlockerCleared, "a")).blockers == ("b",)
    assert fold(state, blocker(ev.BlockerCleared, "c")).blockers == ("a", "b")


def test_an_issue_that_moves_again_is_listed_once_as_it_is_now() -> None:
    moves = [("i-1", "in-progress"), ("i-2", "in-progress"), ("i-1", "done")]
    updates = [IssueUpdate(issue_id=id_, to_status=status) for id_, status in moves]
    state = after(*(ev.IssueMoved(epic_id=EPIC, at=AT, update=u) for u in updates))
    assert [(i.issue_id, i.to_status) for i in state.issues] == [
        ("i-2", "in-progress"),
        ("i-1", "done"),
    ]


def test_cells_are_counted_and_timed() -> None:
    state = after(started(), *[cell_ran(seconds=0.1)] * 3, cell_ran(FAILURE, 0.1))
    assert state.cells == CellCount(
        run=4, failed=1, seconds=0.4, last_digest="e3b0c442"
    )


def test_the_same_failure_in_a_row_only_counts_up() -> None:
    other = FAILURE.replace(message="too slow again")
    runs = [FAILURE, FAILURE, FAILURE, other, FAILURE]
    state = after(started(), *(cell_ran(failure) for failure in runs))
    assert [failure.times for failure in state.failures] == [3, 1, 1]


def test_a_cell_that_ran_well_leaves_the_failures_alone() -> None:
    state = after(started(), cell_ran(FAILURE), cell_ran(), cell_ran(FAILURE))
    assert [failure.times for failure in state.failures] == [2]


def test_a_baseline_without_tests_leaves_the_last_counts_standing() -> None:
    def ran(gate: GateResult) -> Event:
        return ev.BaselineRan(epic_id=EPIC, at=AT, report=BaselineReport(gates=(gate,)))

    tests = GateResult(gate="tests", outcome="passed", tests=Counts(passed=5))
    lint = GateResult(gate="lint", outcome="failed")
    state = after(started(), ran(tests), ran(lint))
    assert state.tests == Counts(passed=5)
    assert state.baseline == "lint failed"


def test_of_notes_decisions_and_failures_the_newest_are_kept() -> None:
    many = range(MOST_KEPT + 5)
    state = after(
        *(note(f"note {n}") for n in many),
        *(
            ev.DecisionMade(epic_id=EPIC, at=AT, decision=Decision(decision=f"{n}"))
            for n in many
        ),
        *(cell_ran(FAILURE.replace(message=f"{n}")) for n in many),
    )
    assert len(state.notes) == len(state.decisions) == len(state.failures) == MOST_KEPT
    assert state.notes[-1].text == f"note {MOST_KEPT + 4}"
    assert state.notes[0].text == "note 5"


def test_a_restored_epic_goes_on_where_its_checkpoint_stood() -> None:
    state = after(restored(RECORD))
    assert state.spent_usd == Decimal("4.21")
    assert state.limit_usd == Decimal("10.00")
    assert [n.text for n in state.notes] == RECORD.context.agent_notes.splitlines()
    assert state.last_checkpoint is not None
    assert state.last_checkpoint.commit == "1f0c2aa"
    (session,) = state.sessions
    assert (session.number, session.status) == (2, SessionStatus.PAUSED)
    assert session.spent_usd == Decimal("1.87")
    assert state.live_session is None


def test_a_restored_epic_knows_the_sessions_that_its_checkpoint_lists() -> None:
    first = Session(
        id="s1", epic_id=EPIC, number=1, started_at=AT, status=SessionStatus.FAILED
    )
    second = first.replace(id="s2", number=2, parent_session_id="s1")
    state = after(restored(RECORD.replace(sessions=(first, second))))
    assert state.sessions == (first, second)


def test_restoring_never_lowers_what_the_ledger_already_knows_to_be_spent() -> None:
    state = after(opened(), started(1), spent("9"), restored(RECORD))
    assert state.spent_usd == 9


@pytest.mark.parametrize(
    ("context", "limit"),
    [
        ({"budget_limit": "7", "budget_remaining": "1", "cumulative_cost": "6"}, 7),
        ({"budget_remaining": "1", "cumulative_cost": "6"}, 7),
        ({"cumulative_cost": "6"}, None),
    ],
)
def test_a_restored_limit_is_the_one_written_or_the_one_that_follows(
    context: dict[str, str], limit: int | None
) -> None:
    record = RECORD.replace(context=SessionContext(**context))
    assert after(restored(record)).limit_usd == limit
