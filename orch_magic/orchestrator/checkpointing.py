"""Making checkpoints: gather, save, note it in the ledger, publish."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orch_magic.core import events as ev
from orch_magic.core import ids
from orch_magic.core.brief import brief_markdown, brief_of
from orch_magic.core.context import context_of, record_of
from orch_magic.core.errors import NoSession, OrchError
from orch_magic.core.fold import EpicState
from orch_magic.core.policy import RETRY_SECONDS
from orch_magic.core.ports import Publication
from orch_magic.core.record import CheckpointRecord
from orch_magic.core.reports import Saved
from orch_magic.core.sessions import Session
from orch_magic.orchestrator.world import World

PUBLISH_AGAIN_SECONDS = 60.0
"""How long an owed publication waits before it is tried again by itself."""


def checkpoint(
    world: World,
    epic_id: str,
    trigger: ev.Trigger,
    reason: str,
    told: Mapping[str, Any] | None = None,
) -> Saved:
    """Save a checkpoint of an epic's newest session.

    Args:
        trigger: why, for the policy.
        reason: why, for people.
        told: fields of the context to take instead of those gathered.

    Raises:
        CheckpointProblem: where it could not be saved; the ledger remembers, and
            the keeper tries again.
        NoSession: where the epic never had a session.
    """
    with world.lock:
        state = world.ledger.state(epic_id)
        session = state.session
        if session is None:
            raise NoSession(
                f"Epic {epic_id} has no session to checkpoint.",
                f"Start one: %orch start --epic {epic_id}",
            )
        try:
            record = _gather(world, state, session, reason, told or {})
            saved = keep_record(world, record, trigger)
        except OrchError as error:
            _remember_failure(world, session, trigger, str(error))
            raise
        if held := world.held:
            held.checkpointed_at = world.clock.monotonic()
            held.retry_at = None
        return saved


def publish_owed(world: World, epic_id: str) -> Publication:
    """Commit on the current branch what it still lacks, in one commit, if it may."""
    with world.lock:
        state = world.ledger.state(epic_id)
        if not state.unpublished:
            return Publication()
        if held := world.held:
            held.publish_at = world.clock.monotonic() + PUBLISH_AGAIN_SECONDS
        publication = _publish(world, state)
        at = world.clock.now()
        event: ev.Event
        if publication.commit:
            event = ev.CheckpointsPublished(
                epic_id=epic_id,
                at=at,
                session_id=None,
                checkpoint_ids=publication.published,
                commit=publication.commit,
                branch=publication.branch,
            )
        elif publication.deferred == state.publication_trouble:
            return publication
        else:
            event = ev.PublicationDeferred(
                epic_id=epic_id, at=at, reason=publication.deferred
            )
        world.ledger.append(epic_id, lambda _: (event,))
        return publication


def keep_record(world: World, record: CheckpointRecord, trigger: ev.Trigger) -> Saved:
    """Save a record in Git, note it in the ledger, and publish what is owed.

    Raises:
        CheckpointProblem: where it could not be saved.
    """
    epic_id = record.epic_id
    entry = world.store.save(record, brief_markdown(brief_of(record)))
    settings = world.held.settings if world.held else world.settings
    event = ev.CheckpointSaved(
        epic_id=epic_id,
        at=record.timestamp,
        session_id=record.session_id,
        checkpoint_id=record.id,
        commit=entry.commit or "",
        trigger=trigger,
        reason=record.reason,
        wants_publishing=settings.publishes(trigger),
    )
    world.ledger.append(epic_id, lambda _: (event,))
    publication = publish_owed(world, epic_id)
    return Saved(
        checkpoint=entry,
        published_commit=publication.commit,
        deferred=publication.deferred,
        file_problem=world.store.last_file_problem,
    )


def _gather(
    world: World,
    state: EpicState,
    session: Session,
    reason: str,
    told: Mapping[str, Any],
) -> CheckpointRecord:
    at = world.clock.now()
    changes = world.workspace.changes_since(session.mark)
    context = context_of(
        state,
        session,
        at=at,
        changes=changes,
        tests=world.workspace.last_test_run(session.started_at),
    )
    return record_of(
        state,
        session,
        context.model_copy(update=told),
        checkpoint_id=ids.checkpoint_id(at, session.number, world.new_hex()),
        reason=reason,
        changes=changes,
        at=at,
    )


def _publish(world: World, state: EpicState) -> Publication:
    owed = state.unpublished
    subject = f"orch({state.epic_id}): checkpoint {owed[-1]}"
    if len(owed) > 1:
        subject = f"orch({state.epic_id}): {len(owed)} checkpoints, up to {owed[-1]}"
    try:
        return world.publisher.publish(state.epic_id, owed, subject)
    except OrchError as error:
        # The checkpoint itself is safe: the branch can wait.
        return Publication(deferred=str(error))


def _remember_failure(
    world: World, session: Session, trigger: ev.Trigger, error: str
) -> None:
    if held := world.held:
        held.retry_at = world.clock.monotonic() + RETRY_SECONDS
    event = ev.CheckpointFailed(
        epic_id=session.epic_id,
        at=world.clock.now(),
        session_id=session.id,
        trigger=trigger,
        error=error,
    )
    world.ledger.append(session.epic_id, lambda _: (event,))
