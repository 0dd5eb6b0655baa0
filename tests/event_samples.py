"""One event of each kind, and what they are made of, for tests of many rooms."""

from __future__ import annotations

from datetime import UTC, datetime

from orch_magic.core import events as ev
from orch_magic.core.gates import BaselineReport, GateResult
from orch_magic.core.money import Spend, Usage
from orch_magic.core.record import CheckpointRecord
from orch_magic.core.sessions import Holder, SessionStatus, WorkspaceMark
from orch_magic.core.work import (
    CurrentTask,
    Decision,
    Failure,
    IssueUpdate,
    SessionContext,
    TestState,
)

AT = datetime(2026, 11, 22, 7, 36, 0, 123456, tzinfo=UTC)
EPIC = "auth-refactor"
HOLDER = Holder(pid=4711, began=1795331760.25, host="lovelace", kind="kernel")

RECORD = CheckpointRecord(
    id="20261122T073600Z-0002-a1b2c3",
    epic_id=EPIC,
    session_id="sess-2",
    session_number=2,
    timestamp=AT,
    git_commit="9caba17",
    context=SessionContext(
        agent_notes="the old library loses tokens\nask Grace",
        session_cost="1.87",
        cumulative_cost="4.21",
        budget_remaining="5.79",
        parent_session_id="sess-1",
    ),
    reason="pause",
)


def opened(epic_id: str = EPIC) -> ev.EpicOpened:
    return ev.EpicOpened(epic_id=epic_id, at=AT)


def note(text: str, epic_id: str = EPIC) -> ev.NoteAdded:
    return ev.NoteAdded(epic_id=epic_id, at=AT, session_id="sess-1", text=text)


def started(number: int = 1, epic_id: str = EPIC) -> ev.SessionStarted:
    return ev.SessionStarted(
        epic_id=epic_id,
        at=AT,
        session_id=f"sess-{number}",
        number=number,
        parent_session_id=f"sess-{number - 1}" if number > 1 else None,
        holder=HOLDER,
        mark=WorkspaceMark(head="9caba17", branch="main", dirty={"a.py": "e69de29"}),
    )


def ended(
    number: int = 1, status: SessionStatus = SessionStatus.PAUSED
) -> ev.SessionEnded:
    return ev.SessionEnded(
        epic_id=EPIC, at=AT, session_id=f"sess-{number}", status=status, reason="lunch"
    )


def spent(usd: str, id_: str = "sp-1", epic_id: str = EPIC) -> ev.Spent:
    usage = Usage(
        model="gpt-4o-mini",
        provider="openai",
        input_tokens=12,
        output_tokens=3,
        raw={"prompt_tokens": 12, "details": {"cached": 0}},
        unit_prices={"input_mtok": "0.15"},
        price_list="genai-prices 0.2.3",
    )
    spend = Spend(id=id_, usd=usd, at=AT, note="a call", usage=usage, cell="In [3]")
    return ev.Spent(epic_id=epic_id, at=AT, session_id="sess-1", spend=spend)


def cell_ran(failure: Failure | None = None, seconds: float = 0.1) -> ev.CellRan:
    return ev.CellRan(
        epic_id=EPIC, at=AT, session_id="sess-1", digest="e3b0c442", seconds=seconds,
        failure=failure,
    )  # fmt: skip


def saved(id_: str = "ck-1", *, wants_publishing: bool = True) -> ev.CheckpointSaved:
    return ev.CheckpointSaved(
        epic_id=EPIC,
        at=AT,
        session_id="sess-1",
        checkpoint_id=id_,
        commit="1f0c2aa",
        trigger="time",
        reason="15 minutes",
        wants_publishing=wants_publishing,
    )


def published(*ids: str) -> ev.CheckpointsPublished:
    return ev.CheckpointsPublished(
        epic_id=EPIC, at=AT, checkpoint_ids=ids, commit="77ab001", branch="main"
    )


def budget(limit: str | None) -> ev.BudgetChanged:
    return ev.BudgetChanged(epic_id=EPIC, at=AT, limit_usd=limit)


FAILURE = Failure(error="TimeoutError", message="too slow", cell="In [7] run()", at=AT)

ONE_OF_EACH: tuple[ev.Event, ...] = (
    opened(),
    ev.EpicRestored(epic_id=EPIC, at=AT, record=RECORD, commit="1f0c2aa"),
    budget("10.00"),
    started(3),
    spent("0.000000000000000001"),
    ev.CostThresholdCrossed(
        epic_id=EPIC, at=AT, session_id="sess-3", fraction=0.8000000000000003
    ),
    saved(),
    ev.CheckpointFailed(epic_id=EPIC, at=AT, trigger="error", error="index locked"),
    ev.PublicationDeferred(epic_id=EPIC, at=AT, reason="a rebase is under way"),
    published("ck-0"),
    note("Ünïcode ☃, a \x00 and a\nline break"),
    ev.DecisionMade(
        epic_id=EPIC,
        at=AT,
        decision=Decision(
            decision="RS256", rationale="several services", alternatives=("HS256",),
            made_at=AT,
        ),
    ),
    ev.BlockerOpened(epic_id=EPIC, at=AT, text="key rotation"),
    ev.BlockerOpened(epic_id=EPIC, at=AT, text="no admin"),
    ev.BlockerCleared(epic_id=EPIC, at=AT, text="key rotation"),
    ev.IssueMoved(
        epic_id=EPIC, at=AT, update=IssueUpdate(issue_id="cs-1", title="JWT refactor")
    ),
    ev.TaskSet(
        epic_id=EPIC,
        at=AT,
        task=CurrentTask(issue_id="cs-1", progress_percent=62.5, time_spent_ms=5.4e6),
    ),
    cell_ran(FAILURE, seconds=0.30000000000000004),
    ev.BaselineRan(
        epic_id=EPIC,
        at=AT,
        report=BaselineReport(
            gates=(
                GateResult(
                    gate="tests",
                    outcome="failed",
                    seconds=2.5,
                    tests=TestState(passed=41, failed=1, failing_tests=("a::b",)),
                ),
            )
        ),
    ),
    ev.EndAsked(
        epic_id=EPIC, at=AT, session_id="sess-3", status="paused", reason="lunch",
        by="command with pid 7 on lovelace",
    ),
    ended(3),
)  # fmt: skip
