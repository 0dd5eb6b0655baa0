"""What the holder of a session does by itself, again and again.

The keeper calls `tick` about once a second, from a thread of its own: also while a
cell runs for hours.
"""

from __future__ import annotations

from orch_magic.core.errors import OrchError
from orch_magic.core.reports import Ended, Trouble
from orch_magic.core.sessions import Session, SessionStatus
from orch_magic.orchestrator import sessions
from orch_magic.orchestrator.checkpointing import checkpoint, publish_owed
from orch_magic.orchestrator.world import Held, World

BEAT_SECONDS = 5.0
"""How often the holder says that it is still there."""


def tick(world: World) -> None:
    """Do what is due: beat, obey a request to end, checkpoint, retry, publish."""
    with world.lock:
        held = world.held
        if held is None:
            return
        state = world.ledger.state(held.epic_id)
        live = state.live_session
        if live is None or live.id != held.session_id:
            _let_go(world, held)
            return
        now = world.clock.monotonic()
        if now >= held.beat_at:
            held.beat_at = now + BEAT_SECONDS
            world.ledger.beat(held.session_id, world.clock.now())
        if state.end_asked:
            asked = state.end_asked
            reason = asked.reason or f"asked by {asked.by}"
            status = SessionStatus(asked.status)
            world.tell(sessions.end(world, held.epic_id, status, reason))
        elif held.retry_at is not None:
            if now >= held.retry_at:
                _checkpoint(world, held, "retried after a failure")
        elif held.settings.policy.due_by_time(now - held.checkpointed_at):
            minutes = (now - held.checkpointed_at) / 60
            _checkpoint(world, held, f"{minutes:.0f} minutes have passed")
        elif state.unpublished and now >= held.publish_at:
            publish_owed(world, held.epic_id)


def _checkpoint(world: World, held: Held, reason: str) -> None:
    try:
        world.tell(checkpoint(world, held.epic_id, "time", reason))
    except OrchError as error:
        world.tell(Trouble(epic_id=held.epic_id, error=str(error)))


def _let_go(world: World, held: Held) -> None:
    """Another process ended our session: from here on it is not ours."""
    world.held = None
    state = world.ledger.state(held.epic_id)
    ended: Session | None = next(
        (s for s in state.sessions if s.id == held.session_id), None
    )
    if ended is None:
        problem = "The ledger no longer knows this session."
        world.tell(Trouble(epic_id=held.epic_id, error=problem))
    else:
        world.tell(Ended(session=ended, budget=world.budget(state)))
