"""The life of a session: what each verb decides, and what it refuses."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from event_samples import (
    AT,
    EPIC,
    HOLDER,
    RECORD,
    budget,
    ended,
    opened,
    saved,
    spent,
    started,
)

from orch_magic.core import events as ev
from orch_magic.core import lifecycle
from orch_magic.core.errors import BadInput, NoSession, NothingToResume, SessionHeld
from orch_magic.core.events import Event
from orch_magic.core.fold import EpicState, fold, replay
from orch_magic.core.lifecycle import StartRequest
from orch_magic.core.money import Spend
from orch_magic.core.policy import CheckpointPolicy
from orch_magic.core.sessions import SessionStatus, WorkspaceMark

LATER = AT + timedelta(hours=1)
NEW = EpicState(epic_id=EPIC)
OTHER = HOLDER.replace(pid=4712)


def after(*events: Event) -> EpicState:
    return replay(EPIC, events)


def start(
    state: EpicState,
    *,
    alive: bool = False,
    at: datetime = LATER,
    last_seen: datetime | None = None,
    **request: Any,
) -> tuple[Event, ...]:
    return lifecycle.start(
        state,
        StartRequest(**request),
        session_id="sess-new",
        holder=OTHER,
        holder_is_alive=alive,
        mark=WorkspaceMark(head="abc"),
        baseline="tests passed",
        last_seen=last_seen,
        at=at,
    )


def kinds(events: tuple[Event, ...]) -> list[str]:
    return [event.kind for event in events]


def spend(
    state: EpicState, usd: str, policy: CheckpointPolicy | None = None
) -> tuple[Event, ...]:
    return lifecycle.spend(
        state,
        Spend(id="sp", usd=usd, at=LATER),
        policy=policy or CheckpointPolicy(),
        session_id="sess-1",
        at=LATER,
    )


def test_the_first_start_opens_the_epic_and_session_one() -> None:
    events = start(NEW)
    assert kinds(events) == ["epic_opened", "session_started"]
    session = after(*events).live_session
    assert session is not None
    assert (session.number, session.parent_session_id) == (1, None)
    assert (session.id, session.holder, session.started_at) == (
        "sess-new",
        OTHER,
        LATER,
    )
    assert after(*events).baseline == "tests passed"


@pytest.mark.parametrize("status", ["paused", "completed", "failed", "interrupted"])
def test_after_any_end_the_next_start_is_a_new_session(status: str) -> None:
    state = after(opened(), started(), ended(1, SessionStatus(status)))
    for resume in (True, False):
        (begun,) = start(state, resume=resume)
        assert isinstance(begun, ev.SessionStarted)
        assert (begun.number, begun.parent_session_id) == (2, "sess-1")


def test_a_start_sets_the_limit_before_the_session_begins() -> None:
    events = start(NEW, sets_limit=True, limit_usd=Decimal(5))
    assert kinds(events) == ["epic_opened", "budget_changed", "session_started"]


def test_a_start_without_a_budget_carries_the_old_limit_on() -> None:
    state = after(opened(), budget("10"), started(), spent("4"), ended())
    state = replay_on(state, start(state))
    assert (state.limit_usd, state.spent_usd) == (10, 4)


def test_the_limit_that_already_holds_is_not_set_again() -> None:
    state = after(opened(), budget("10.00"), started(), ended())
    events = start(state, sets_limit=True, limit_usd=Decimal(10))
    assert kinds(events) == ["session_started"]


def test_a_start_can_take_the_limit_away() -> None:
    state = after(opened(), budget("10"), started(), ended())
    events = start(state, sets_limit=True, limit_usd=None)
    assert kinds(events) == ["budget_changed", "session_started"]


def test_a_start_with_a_limit_below_what_is_spent_is_refused_unless_forced() -> None:
    state = after(opened(), started(), spent("4.20"), ended())
    request = {"sets_limit": True, "limit_usd": Decimal(4)}
    with pytest.raises(BadInput, match=r"already spent \$4\.20, more than \$4\.00"):
        start(state, **request)
    assert kinds(start(state, force=True, **request)) == [
        "budget_changed",
        "session_started",
    ]


def test_resuming_where_nothing_ever_ran_is_refused_with_the_way_to_start() -> None:
    with pytest.raises(NothingToResume, match=f"%orch start --epic {EPIC}"):
        start(NEW, resume=True)
    with pytest.raises(NothingToResume):
        start(after(opened()), resume=True)


def test_a_live_session_is_in_the_way_and_its_holder_is_named() -> None:
    with pytest.raises(SessionHeld) as caught:
        start(after(opened(), started()), alive=True)
    line = str(caught.value)
    for word in ("4711", "lovelace", "2026-11-22 07:36 UTC", "--take-over"):
        assert word in line


def test_a_second_start_by_the_same_process_says_to_go_on() -> None:
    state = after(opened(), started().replace(holder=OTHER))
    with pytest.raises(SessionHeld, match="held by this kernel since"):
        start(state, alive=True)


def test_a_session_whose_process_is_gone_is_interrupted_when_it_was_last_seen() -> None:
    state = after(opened(), started())
    seen = AT + timedelta(minutes=7)
    events = start(state, alive=False, last_seen=seen)
    assert kinds(events) == ["session_ended", "session_started"]
    first, second = replay_on(state, events).sessions
    assert (first.status, first.ended_at) == (SessionStatus.INTERRUPTED, seen)
    assert first.reason == "its process is gone"
    assert (second.number, second.parent_session_id) == (2, "sess-1")


def test_taking_over_ends_the_live_session_first() -> None:
    state = after(opened(), started())
    after_it = replay_on(state, start(state, alive=True, take_over=True))
    assert [s.status for s in after_it.sessions] == [
        SessionStatus.INTERRUPTED,
        SessionStatus.RUNNING,
    ]
    assert after_it.sessions[0].reason == "taken over"


def test_a_refused_start_decides_nothing_not_even_the_limit() -> None:
    state = after(opened(), started())
    with pytest.raises(SessionHeld):
        start(state, alive=True, sets_limit=True, limit_usd=Decimal(5))
    assert state.limit_usd is None


@pytest.mark.parametrize("status", ["paused", "completed", "failed", "interrupted"])
def test_ending_ends_the_live_session(status: str) -> None:
    state = after(opened(), started())
    events = lifecycle.end(state, None, SessionStatus(status), "done", at=LATER)
    session = replay_on(state, events).session
    assert session is not None
    assert (session.status.value, session.ended_at) == (status, LATER)


def test_what_has_ended_can_not_be_ended_again() -> None:
    state = after(opened(), started(), ended())
    for name in (None, "sess-1"):
        with pytest.raises(NoSession, match=r"session 1 is paused \(lunch\)"):
            lifecycle.end(state, name, SessionStatus.COMPLETED, "", at=LATER)


def test_a_process_can_not_end_a_session_that_was_taken_over() -> None:
    state = after(opened(), started(1), ended(1), started(2))
    with pytest.raises(NoSession, match="session 1 is paused"):
        lifecycle.end(state, "sess-1", SessionStatus.COMPLETED, "", at=LATER)


def test_a_clock_that_jumped_back_ends_no_session_before_it_began() -> None:
    state = after(opened(), started())
    early = AT - timedelta(days=1)
    events = lifecycle.end(state, None, SessionStatus.PAUSED, "", at=early)
    assert events[0].at == AT
    interrupted, *_ = start(state, last_seen=early)
    assert interrupted.at == AT


def test_without_a_session_the_last_checkpoint_and_the_next_step_are_named() -> None:
    with pytest.raises(NoSession, match=f"Run: %orch start --epic {EPIC}"):
        lifecycle.need_live(NEW)
    state = after(opened(), started(), saved("ck-9"), ended())
    with pytest.raises(NoSession, match=r"last checkpoint is ck-9\. Run: %orch resume"):
        lifecycle.need_live(state)


def test_asking_to_end_is_kept_for_the_holder_to_see() -> None:
    state = after(opened(), started())
    events = lifecycle.ask_to_end(state, "paused", "lunch", "command 7", at=LATER)
    state = replay_on(state, events)
    assert state.end_asked is not None
    assert (state.end_asked.session_id, state.end_asked.by) == ("sess-1", "command 7")
    assert state.live_session is not None


def test_nobody_can_be_asked_to_end_what_does_not_run() -> None:
    with pytest.raises(NoSession):
        lifecycle.ask_to_end(after(opened()), "paused", "", "command 7", at=LATER)


def test_money_that_is_gone_is_written_down_above_the_limit_too() -> None:
    state = after(opened(), budget("1"), started(), spent("0.99"))
    state = replay_on(state, spend(state, "5"))
    assert state.spent_usd == Decimal("5.99")


def test_money_is_written_down_without_limit_session_or_epic() -> None:
    (event,) = spend(NEW, "5")
    assert fold(NEW, event).spent_usd == 5


def test_the_threshold_is_crossed_once_per_limit() -> None:
    state = after(opened(), budget("10"), started())
    seen = []
    for usd in ("7.99", "0.01", "1", "5"):
        events = spend(state, usd)
        seen.append(kinds(events))
        state = replay_on(state, events)
    assert seen == [
        ["spent"],
        ["spent", "cost_threshold_crossed"],
        ["spent"],
        ["spent"],
    ]
    state = replay_on(
        state, lifecycle.set_limit(state, Decimal(20), session_id=None, at=LATER)
    )
    assert kinds(spend(state, "1")) == ["spent"]
    assert kinds(spend(state, "2")) == ["spent", "cost_threshold_crossed"]


def test_without_a_limit_or_a_threshold_nothing_is_crossed() -> None:
    state = after(opened(), started())
    assert kinds(spend(state, "100")) == ["spent"]
    state = after(opened(), budget("1"), started())
    policy = CheckpointPolicy(cost_threshold=None)
    assert kinds(spend(state, "100", policy)) == ["spent"]


def test_a_limit_can_go_down_to_what_is_spent_and_below_only_by_force() -> None:
    state = after(opened(), budget("10"), spent("4"))
    for limit in (Decimal(4), Decimal(20), None):
        (event,) = lifecycle.set_limit(state, limit, session_id=None, at=LATER)
        assert isinstance(event, ev.BudgetChanged)
        assert event.limit_usd == limit
    with pytest.raises(BadInput, match="--force"):
        lifecycle.set_limit(state, Decimal("3.99"), session_id=None, at=LATER)
    assert lifecycle.set_limit(
        state, Decimal("3.99"), force=True, session_id=None, at=LATER
    )


def test_a_running_session_is_shown_as_exceeded_until_the_limit_is_raised() -> None:
    state = after(opened(), budget("5"), started(), spent("5"))
    live = lifecycle.need_live(state)
    assert lifecycle.shown_status(state, live) is SessionStatus.BUDGET_EXCEEDED
    raised = fold(state, budget("7.50"))
    assert lifecycle.shown_status(raised, live) is SessionStatus.RUNNING


def test_an_ended_session_is_shown_as_it_ended_whatever_the_budget() -> None:
    state = after(opened(), budget("5"), started(), spent("9"), ended())
    assert state.session is not None
    assert lifecycle.shown_status(state, state.session) is SessionStatus.PAUSED


def test_an_epic_restored_from_its_checkpoint_is_resumed_with_the_next_number() -> None:
    restored = ev.EpicRestored(epic_id=EPIC, at=AT, record=RECORD)
    (begun,) = start(after(restored), resume=True)
    assert isinstance(begun, ev.SessionStarted)
    assert (begun.number, begun.parent_session_id) == (3, "sess-2")


def replay_on(state: EpicState, events: tuple[Event, ...]) -> EpicState:
    for event in events:
        state = fold(state, event)
    return state
