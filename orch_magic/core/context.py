"""From an epic's state to a checkpoint's context, record and one-line summary."""

from __future__ import annotations

from datetime import datetime

from orch_magic.core.fold import EpicState
from orch_magic.core.record import (
    MOST_SESSIONS,
    SCHEMA_VERSION,
    CheckpointRecord,
    WorkspaceState,
)
from orch_magic.core.sessions import Session
from orch_magic.core.values import show_usd
from orch_magic.core.work import SessionContext, TestState, WorkspaceChanges

MOST_NOTES_CHARS = 20_000
"""Notes beyond this many characters leave the record, the oldest first."""


def context_of(
    state: EpicState,
    session: Session,
    *,
    at: datetime,
    changes: WorkspaceChanges | None = None,
    tests: TestState | None = None,
) -> SessionContext:
    """Gather what is known of a session into its context.

    Args:
        state: the epic as the ledger knows it.
        session: the session that the context is of.
        at: now.
        changes: what Git says of the repository since the session began.
        tests: the newest test run, where one is newer than the baseline.
    """
    changes = changes or WorkspaceChanges()
    budget = state.budget()
    return SessionContext(
        files_modified=changes.files,
        files_left_out=changes.files_left_out,
        issues_updated=state.issues,
        current_task=state.task,
        test_state=tests or state.tests,
        agent_notes=_notes(state),
        blockers=state.blockers,
        decisions=state.decisions,
        captured_at=at,
        session_number=session.number,
        epic_id=state.epic_id,
        parent_session_id=session.parent_session_id,
        session_cost=session.spent_usd,
        cumulative_cost=state.spent_usd,
        budget_remaining=budget.remaining_usd,
        budget_limit=budget.limit_usd,
        failures=state.failures,
        cells=state.cells,
        branch=changes.branch,
        commits=changes.commits,
        baseline=state.baseline,
    )


def record_of(
    state: EpicState,
    session: Session,
    context: SessionContext,
    *,
    checkpoint_id: str,
    reason: str,
    changes: WorkspaceChanges,
    at: datetime,
) -> CheckpointRecord:
    """Make the record of a checkpoint."""
    return CheckpointRecord(
        id=checkpoint_id,
        epic_id=state.epic_id,
        session_id=session.id,
        session_number=session.number,
        timestamp=at,
        git_commit=changes.head,
        context=context,
        summary=summarise(session.number, context, reason),
        reason=reason,
        schema_version=SCHEMA_VERSION,
        workspace=WorkspaceState(
            head=changes.head, branch=changes.branch, dirty=changes.dirty
        ),
        sessions=listed_sessions(state),
    )


def listed_sessions(state: EpicState) -> tuple[Session, ...]:
    """Return the sessions that a record lists.

    Without the files that were dirty when they began: there may be thousands.
    """
    return tuple(
        session.model_copy(
            update={"mark": session.mark.model_copy(update={"dirty": {}})}
        )
        for session in state.sessions[-MOST_SESSIONS:]
    )


def summarise(number: int, context: SessionContext, reason: str) -> str:
    """Say in a few lines what a checkpoint holds."""
    lines = [f"Session {number}: {reason}", ""]
    if context.current_task:
        task = context.current_task
        lines.append(f"In progress: {task.issue_id} {task.issue_title}".rstrip())
    if context.blockers:
        lines.append(f"Blockers: {len(context.blockers)}")
    lines.append(f"Cost: {show_usd(context.cumulative_cost)}")
    return "\n".join(lines)


def _notes(state: EpicState) -> str:
    text = "\n".join(note.text for note in state.notes)
    return text[-MOST_NOTES_CHARS:]
