"""Contexts that a caller keeps by hand, as the forerunner's functions have it.

What such a context says and the ledger does not know is written into the ledger, so
that there is one truth.
"""

from __future__ import annotations

from typing import Any

from orch_magic.core import events as ev
from orch_magic.core import ids
from orch_magic.core.context import listed_sessions
from orch_magic.core.errors import BudgetExceeded
from orch_magic.core.record import (
    SCHEMA_VERSION,
    CheckpointRecord,
    WorkspaceState,
)
from orch_magic.core.sessions import WorkspaceMark
from orch_magic.core.work import SessionContext
from orch_magic.orchestrator import money, recovery
from orch_magic.orchestrator.checkpointing import keep_record
from orch_magic.orchestrator.world import World

_LEDGER_KNOWS_BETTER = {
    "session_cost",
    "cumulative_cost",
    "budget_remaining",
    "budget_limit",
    "session_number",
    "epic_id",
    "parent_session_id",
    "captured_at",
}


def told(context: SessionContext) -> dict[str, Any]:
    """Return what a context says that a checkpoint should say in its place."""
    empty = SessionContext()
    return {
        name: getattr(context, name)
        for name in context.model_fields_set - _LEDGER_KNOWS_BETTER
        if getattr(context, name) != getattr(empty, name, None)
    }


def book(world: World, epic_id: str, context: SessionContext) -> None:
    """Write down the cost that a context has and the ledger has not."""
    missing = context.cumulative_cost - world.ledger.state(epic_id).spent_usd
    if missing <= 0:
        return
    try:
        money.spend(world, epic_id, missing, note="reported with the context")
    except BudgetExceeded:
        return  # it is written down; what follows is how the session ends or is saved


def save(
    world: World, context: SessionContext, reason: str, summary: str, session_id: str
) -> CheckpointRecord:
    """Save a context as it is.

    Raises:
        CheckpointProblem: where it could not be saved.
    """
    epic_id = context.epic_id or ""
    at = world.clock.now()
    state = world.ledger.state(epic_id)
    session = next((s for s in state.sessions if s.id == session_id), None)
    if session and session.status.is_live:
        book(world, epic_id, context)
        state = world.ledger.state(epic_id)
    seen = world.workspace.changes_since(session.mark if session else WorkspaceMark())
    record = CheckpointRecord(
        id=ids.checkpoint_id(at, context.session_number, world.new_hex()),
        epic_id=epic_id,
        session_id=session_id,
        session_number=context.session_number,
        timestamp=at,
        git_commit=seen.head,
        context=context.model_copy(update={"captured_at": at}),
        summary=summary,
        reason=reason,
        schema_version=SCHEMA_VERSION,
        workspace=WorkspaceState(head=seen.head, branch=seen.branch, dirty=seen.dirty),
        sessions=listed_sessions(state),
    )
    trigger: ev.Trigger = "asked"
    keep_record(world, record, trigger)
    if session is None:
        recovery.catch_up(world, epic_id)
    return record
