"""Looking: status, brief, lists. Nothing here changes a session."""

from __future__ import annotations

from orch_magic.core import lifecycle
from orch_magic.core.brief import brief_of, has_resumable_context
from orch_magic.core.context import context_of, record_of
from orch_magic.core.errors import BadInput, NoSession, NothingToResume, UnknownEpic
from orch_magic.core.fold import EpicState
from orch_magic.core.ports import Found
from orch_magic.core.reports import (
    Brief,
    CheckpointEntry,
    Epics,
    EpicSummary,
    Listing,
    Status,
    Verified,
)
from orch_magic.core.sessions import Session, SessionStatus
from orch_magic.core.work import SessionContext, WorkspaceChanges
from orch_magic.orchestrator import recovery
from orch_magic.orchestrator.world import World

_ENDED_WELL = {SessionStatus.PAUSED, SessionStatus.COMPLETED, SessionStatus.FAILED}


def choose_epic(world: World, named: str | None) -> str:
    """Say which epic is meant: the one named, held here, live, or the last one.

    Raises:
        UnknownEpic: where it does not exist, or there is none at all.
        BadInput: where several run and none was named.
    """
    if named is not None:
        known_epic(world, named)
        return named
    if world.held:
        return world.held.epic_id
    states = [world.ledger.state(epic_id) for epic_id in all_epics(world)]
    live = [s for s in states if s.live_session and world.is_alive(s.live_session)]
    if len(live) > 1:
        names = ", ".join(state.epic_id for state in live)
        raise BadInput(f"Several epics are running: {names}.", "Say which: --epic NAME")
    if not states:
        raise NoSession(
            "This project has no epic yet.",
            "Start one: %orch start --epic my-epic --budget 5.00",
        )
    return (live or states)[0].epic_id


def known_epic(world: World, epic_id: str) -> EpicState:
    """Return an epic's state, rebuilt from its checkpoints where need be.

    Raises:
        UnknownEpic: where neither the ledger nor a checkpoint knows it.
    """
    state = world.ledger.state(epic_id)
    if not state.exists:
        recovery.catch_up(world, epic_id)
        state = world.ledger.state(epic_id)
    if not state.exists:
        known = ", ".join(all_epics(world)) or "none yet"
        raise UnknownEpic(
            f"There is no epic {epic_id} here (known: {known}).",
            f"Start it: %orch start --epic {epic_id} --budget 5.00",
        )
    return state


def all_epics(world: World) -> tuple[str, ...]:
    """Return the project's epics, the one worked on last first."""
    known = world.ledger.epics()
    stored = tuple(name for name in world.store.epics() if name not in known)
    for name in stored:
        recovery.catch_up(world, name)
    return known + stored


def status(world: World, epic_id: str) -> Status:
    """Say how an epic stands right now.

    Raises:
        NoSession: where it never had a session.
    """
    state = known_epic(world, epic_id)
    session = state.session
    if session is None:
        raise NoSession(
            f"Epic {epic_id} has no session yet.",
            f"Start one: %orch start --epic {epic_id}",
        )
    shown = _shown(world, state, session)
    alive = shown.is_live
    return Status(
        epic_id=epic_id,
        status=shown,
        session=session,
        holder_is_alive=alive,
        budget=world.budget(state),
        last_checkpoint=newest_entry(state),
        next_checkpoint_seconds=_until_next(world, session),
        end_asked=state.end_asked.status if state.end_asked else "",
        cells_run=state.cells.run,
        cells_failed=state.cells.failed,
        baseline=state.baseline,
        task=_task_line(state),
        blockers=state.blockers,
        remarks=_remarks(state, session, alive=alive),
    )


def brief(world: World, epic_id: str) -> Brief:
    """Say what to read before going on with an epic.

    Raises:
        NothingToResume: where it has neither a session nor a checkpoint.
    """
    state = known_epic(world, epic_id)
    session = state.session
    if session is None:
        raise NothingToResume(
            f"Epic {epic_id} has no session to tell of.",
            f"Start one: %orch start --epic {epic_id}",
        )
    return _compose(world, state, session)


def brief_before(world: World, before: EpicState, after: EpicState) -> Brief | None:
    """Say what the newest session of ``before`` did, now that ``after`` has begun.

    Returns:
        None where there is nothing worth showing.
    """
    if before.session is None:
        return None
    # After the start it is known how that session ended.
    previous = next(s for s in after.sessions if s.id == before.session.id)
    told = _compose(world, before, previous)
    shown = has_resumable_context(told.context)
    return told.replace(budget=world.budget(after)) if shown else None


def listing(world: World, epic_id: str, limit: int | None = None) -> Listing:
    """List an epic's checkpoints, newest first."""
    known_epic(world, epic_id)
    return Listing(epic_id=epic_id, checkpoints=world.store.list(epic_id, limit))


def epics(world: World) -> Epics:
    """List the project's epics, the one worked on last first."""
    return Epics(epics=tuple(_summary(world, name) for name in all_epics(world)))


def verify(world: World, epic_id: str) -> Verified:
    """Read everything stored of an epic again, and compare."""
    state = known_epic(world, epic_id)
    problems = (
        *world.store.verify(epic_id),
        *world.ledger.verify(epic_id),
        *recovery.what_the_ledger_lacks(state, world.store.latest(epic_id)),
    )
    return Verified(
        epic_id=epic_id,
        checkpoints=len(world.store.list(epic_id)),
        spends=sum(1 for _ in world.ledger.events(epic_id, "spent")),
        problems=problems,
    )


def _compose(world: World, state: EpicState, session: Session) -> Brief:
    found = world.store.latest(state.epic_id)
    changes, context = _as_of_now(world, state, session, found)
    record = record_of(
        state,
        session,
        context,
        checkpoint_id=found.record.id if found else "none",
        reason=found.record.reason if found else "",
        changes=changes,
        at=world.clock.now(),
    )
    told = brief_of(
        record,
        entry=found.entry if found else None,
        session=session,
        budget=world.budget(state),
        remarks=found.skipped if found else (),
    )
    return told if found else told.model_copy(update={"checkpoint": None})


def _as_of_now(
    world: World, state: EpicState, session: Session, found: Found | None
) -> tuple[WorkspaceChanges, SessionContext]:
    """Gather a session's context: from Git while it is fresh, else as it was saved.

    Once a session has ended properly its last checkpoint says what it changed; what
    others changed since is not its doing.
    """
    at = world.clock.now()
    ended_well = session.status in _ENDED_WELL
    if ended_well and found and found.record.session_id == session.id:
        old = found.record.context
        changes = WorkspaceChanges(
            head=found.record.workspace.head,
            branch=old.branch,
            dirty=found.record.workspace.dirty,
            files=old.files_modified,
            files_left_out=old.files_left_out,
            commits=old.commits,
        )
        tests = old.test_state
    else:
        changes = world.workspace.changes_since(session.mark)
        tests = world.workspace.last_test_run(session.started_at)
    return changes, context_of(state, session, at=at, changes=changes, tests=tests)


def _shown(world: World, state: EpicState, session: Session) -> SessionStatus:
    if session.status.is_live and not world.is_alive(session):
        return SessionStatus.INTERRUPTED
    return lifecycle.shown_status(state, session)


def _summary(world: World, epic_id: str) -> EpicSummary:
    state = world.ledger.state(epic_id)
    session = state.session
    times = [session.ended_at or session.started_at] if session else []
    times += [state.last_checkpoint.at] if state.last_checkpoint else []
    return EpicSummary(
        epic_id=epic_id,
        status=_shown(world, state, session) if session else None,
        sessions=session.number if session else 0,
        budget=world.budget(state),
        last_at=max(times, default=None),
    )


def newest_entry(state: EpicState) -> CheckpointEntry | None:
    """Return the newest checkpoint as the ledger knows it, without asking Git."""
    mark = state.last_checkpoint
    if mark is None:
        return None
    made_in = next((s.number for s in state.sessions if s.id == mark.session_id), 1)
    return CheckpointEntry(
        id=mark.id,
        epic_id=state.epic_id,
        at=mark.at,
        commit=mark.commit,
        session_number=made_in,
        reason=mark.reason,
    )


def _until_next(world: World, session: Session) -> float | None:
    held = world.held
    if held is None or held.session_id != session.id:
        return None
    since = world.clock.monotonic() - held.checkpointed_at
    return max(held.settings.policy.interval_minutes * 60 - since, 0.0)


def _task_line(state: EpicState) -> str:
    if state.task is None:
        return ""
    return f"{state.task.issue_id} {state.task.issue_title}".strip()


def _remarks(state: EpicState, session: Session, *, alive: bool) -> tuple[str, ...]:
    remarks = []
    if session.status.is_live and not alive:
        remarks.append(
            "Its process is gone without a word. "
            f"Go on: %orch resume --epic {state.epic_id}"
        )
    if state.checkpoint_trouble:
        remarks.append(f"The last checkpoint failed: {state.checkpoint_trouble}")
    if state.unpublished and state.publication_trouble:
        count = len(state.unpublished)
        remarks.append(
            f"{count} checkpoint{'s' if count > 1 else ''} not yet on the branch: "
            f"{state.publication_trouble}"
        )
    return tuple(remarks)
