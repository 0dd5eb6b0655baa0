"""What an epic is, computed from what happened to it: ``fold(state, event)``.

`EpicState` is never edited by hand. The ledger keeps one as a shortcut and can
always recompute it: `replay` from nothing gives the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from functools import singledispatch
from typing import Any

from pydantic import Field

from orch_magic.core import events as ev
from orch_magic.core.money import BudgetStatus, budget_status
from orch_magic.core.sessions import Session, SessionStatus
from orch_magic.core.values import EpicId, Usd, UtcTime, Value, add_usd
from orch_magic.core.work import (
    CellCount,
    CurrentTask,
    Decision,
    Failure,
    IssueUpdate,
    TestState,
)

MOST_KEPT = 200
"""How many notes, decisions, blockers, issues or failures a state holds at most."""

_CELL_NUMBER = re.compile(r"^In \[\d+\]:? *")


class CheckpointMark(Value):
    """The newest checkpoint, as the ledger knows it."""

    id: str
    commit: str | None = None
    at: UtcTime
    reason: str = ""
    session_id: str | None = None


class Note(Value):
    """A note and when it was made."""

    text: str
    at: UtcTime


class EpicState(Value):
    """All that is known of an epic, after any number of events."""

    epic_id: EpicId
    exists: bool = False
    limit_usd: Usd | None = None
    spent_usd: Usd = Field(default="0", validate_default=True)
    spend_count: int = 0
    threshold_crossed: bool = False
    """Whether the spend is past the cost threshold and that was acted on."""
    sessions: tuple[Session, ...] = ()
    """Oldest first."""
    end_asked: ev.EndAsked | None = None
    """What another process asked of the live session."""
    last_checkpoint: CheckpointMark | None = None
    checkpoint_trouble: str = ""
    """Why the newest attempt at a checkpoint failed; empty once one succeeds."""
    unpublished: tuple[str, ...] = ()
    """Ids of checkpoints whose commit on the branch is still owed."""
    publication_trouble: str = ""
    notes: tuple[Note, ...] = ()
    decisions: tuple[Decision, ...] = ()
    blockers: tuple[str, ...] = ()
    issues: tuple[IssueUpdate, ...] = ()
    task: CurrentTask | None = None
    failures: tuple[Failure, ...] = ()
    cells: CellCount = CellCount()
    """Of the newest session."""
    tests: TestState | None = None
    baseline: str = ""
    """Of the newest session; empty where none ran."""

    @property
    def session(self) -> Session | None:
        """The newest session."""
        return self.sessions[-1] if self.sessions else None

    @property
    def live_session(self) -> Session | None:
        """The newest session, if nothing has ended it."""
        last = self.session
        return last if last and last.status.is_live else None

    def budget(self) -> BudgetStatus:
        """Work out how the epic's budget stands."""
        return budget_status(self.limit_usd, self.spent_usd, epic_id=self.epic_id)


def replay(epic_id: str, events: Iterable[ev.Event]) -> EpicState:
    """Compute an epic's state from all its events, oldest first."""
    state = EpicState(epic_id=epic_id)
    for event in events:
        state = fold(state, event)
    return state


def fold(state: EpicState, event: ev.Event) -> EpicState:
    """Return the state after one more event."""
    changes = _changes(event, state)
    return state.model_copy(update={"exists": True, **changes})


Changes = dict[str, Any]


@singledispatch
def _changes(event: Any, state: EpicState) -> Changes:
    raise TypeError(f"no rule for {type(event).__name__} (epic {state.epic_id})")


@_changes.register
def _(_: ev.EpicOpened, __: EpicState) -> Changes:
    return {}


@_changes.register
def _(event: ev.EpicRestored, state: EpicState) -> Changes:
    record, context = event.record, event.record.context
    sessions = record.sessions or (_session_of(event),)
    return {
        "limit_usd": _limit_in(event),
        "spent_usd": max(state.spent_usd, context.cumulative_cost),
        "sessions": _merge_sessions(state.sessions, sessions),
        "last_checkpoint": CheckpointMark(
            id=record.id,
            commit=event.commit,
            at=record.timestamp,
            reason=record.reason,
            session_id=record.session_id,
        ),
        "notes": _notes_in(context.agent_notes, record.timestamp),
        "decisions": context.decisions,
        "blockers": context.blockers,
        "issues": context.issues_updated,
        "task": context.current_task,
        "failures": context.failures,
        "cells": context.cells,
        "tests": context.test_state,
        "baseline": context.baseline,
    }


@_changes.register
def _(event: ev.BudgetChanged, _: EpicState) -> Changes:
    # A new limit is a new line to cross.
    return {"limit_usd": event.limit_usd, "threshold_crossed": False}


@_changes.register
def _(event: ev.SessionStarted, state: EpicState) -> Changes:
    session = Session(
        id=event.session_id or "",
        epic_id=event.epic_id,
        number=event.number,
        parent_session_id=event.parent_session_id,
        status=SessionStatus.RUNNING,
        started_at=event.at,
        holder=event.holder,
        mark=event.mark,
    )
    return {
        "sessions": (*state.sessions, session),
        "end_asked": None,
        "cells": CellCount(),
        "baseline": event.baseline,
    }


@_changes.register
def _(event: ev.SessionEnded, state: EpicState) -> Changes:
    ended = {"status": event.status, "reason": event.reason, "ended_at": event.at}
    return {
        "sessions": _edit_session(
            state, event.session_id, lambda session: session.model_copy(update=ended)
        ),
        "end_asked": None,
    }


@_changes.register
def _(event: ev.EndAsked, _: EpicState) -> Changes:
    return {"end_asked": event}


@_changes.register
def _(event: ev.Spent, state: EpicState) -> Changes:
    usd = event.spend.usd

    def add(session: Session) -> Session:
        total = add_usd(session.spent_usd, usd)
        return session.model_copy(update={"spent_usd": total})

    return {
        "spent_usd": add_usd(state.spent_usd, usd),
        "spend_count": state.spend_count + 1,
        "sessions": _edit_session(state, event.session_id, add),
    }


@_changes.register
def _(_: ev.CostThresholdCrossed, __: EpicState) -> Changes:
    return {"threshold_crossed": True}


@_changes.register
def _(event: ev.CheckpointSaved, state: EpicState) -> Changes:
    mark = CheckpointMark(
        id=event.checkpoint_id,
        commit=event.commit,
        at=event.at,
        reason=event.reason,
        session_id=event.session_id,
    )
    changes: Changes = {"last_checkpoint": mark, "checkpoint_trouble": ""}
    if event.wants_publishing:
        changes["unpublished"] = (*state.unpublished, event.checkpoint_id)
    return changes


@_changes.register
def _(event: ev.CheckpointFailed, _: EpicState) -> Changes:
    return {"checkpoint_trouble": event.error}


@_changes.register
def _(event: ev.CheckpointsPublished, state: EpicState) -> Changes:
    done = set(event.checkpoint_ids)
    owed = tuple(id_ for id_ in state.unpublished if id_ not in done)
    return {"unpublished": owed, "publication_trouble": ""}


@_changes.register
def _(event: ev.PublicationDeferred, _: EpicState) -> Changes:
    return {"publication_trouble": event.reason}


@_changes.register
def _(event: ev.NoteAdded, state: EpicState) -> Changes:
    return {"notes": _newest(state.notes, Note(text=event.text, at=event.at))}


@_changes.register
def _(event: ev.DecisionMade, state: EpicState) -> Changes:
    return {"decisions": _newest(state.decisions, event.decision)}


@_changes.register
def _(event: ev.BlockerOpened, state: EpicState) -> Changes:
    if event.text in state.blockers:
        return {}
    return {"blockers": _newest(state.blockers, event.text)}


@_changes.register
def _(event: ev.BlockerCleared, state: EpicState) -> Changes:
    return {"blockers": tuple(text for text in state.blockers if text != event.text)}


@_changes.register
def _(event: ev.IssueMoved, state: EpicState) -> Changes:
    moved = event.update.issue_id
    others = tuple(issue for issue in state.issues if issue.issue_id != moved)
    return {"issues": _newest(others, event.update)}


@_changes.register
def _(event: ev.TaskSet, _: EpicState) -> Changes:
    return {"task": event.task}


@_changes.register
def _(event: ev.CellRan, state: EpicState) -> Changes:
    cells = CellCount(
        run=state.cells.run + 1,
        failed=state.cells.failed + (event.failure is not None),
        seconds=round(state.cells.seconds + event.seconds, 6),
        last_digest=event.digest,
    )
    if event.failure is None:
        return {"cells": cells}
    return {"cells": cells, "failures": _add_failure(state.failures, event.failure)}


@_changes.register
def _(event: ev.BaselineRan, state: EpicState) -> Changes:
    return {
        "baseline": event.report.in_one_line(),
        "tests": event.report.tests or state.tests,
    }


def _newest(kept: tuple[Any, ...], added: Any) -> tuple[Any, ...]:
    return (*kept, added)[-MOST_KEPT:]


def _add_failure(kept: tuple[Failure, ...], new: Failure) -> tuple[Failure, ...]:
    """Add a failure; the same one again in a row only counts up."""
    last = kept[-1] if kept else None
    if last and _told_apart_by(last) == _told_apart_by(new):
        again = new.model_copy(update={"times": last.times + new.times})
        return (*kept[:-1], again)
    return _newest(kept, new)


def _told_apart_by(failure: Failure) -> tuple[str, str, str]:
    # A cell has another number each time it is run.
    code = _CELL_NUMBER.sub("", failure.cell)
    return failure.error, failure.message, code


def _edit_session(
    state: EpicState, session_id: str | None, edit: Callable[[Session], Session]
) -> tuple[Session, ...]:
    return tuple(
        edit(session) if session.id == session_id else session
        for session in state.sessions
    )


def _merge_sessions(
    known: tuple[Session, ...], told: tuple[Session, ...]
) -> tuple[Session, ...]:
    by_id = {session.id: session for session in known}
    by_id.update((session.id, session) for session in told)
    return tuple(sorted(by_id.values(), key=lambda session: session.number))


def _session_of(event: ev.EpicRestored) -> Session:
    """Make the session of a record that lists none: the forerunner's do not."""
    record = event.record
    return Session(
        id=record.session_id,
        epic_id=record.epic_id,
        number=record.session_number,
        parent_session_id=record.context.parent_session_id,
        status=SessionStatus.PAUSED,
        started_at=record.timestamp,
        ended_at=record.timestamp,
        reason=record.reason,
        spent_usd=record.context.session_cost,
    )


def _limit_in(event: ev.EpicRestored) -> Decimal | None:
    context = event.record.context
    if context.budget_limit is not None or context.budget_remaining is None:
        return context.budget_limit
    return add_usd(context.cumulative_cost, context.budget_remaining)


def _notes_in(notes: str, at: datetime) -> tuple[Note, ...]:
    return tuple(Note(text=line, at=at) for line in notes.splitlines() if line.strip())
