"""Starting, ending, and asking another process to end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from orch_magic.core import events as ev
from orch_magic.core import ids, lifecycle
from orch_magic.core.errors import BaselineFailed, OrchError
from orch_magic.core.fold import EpicState
from orch_magic.core.gates import BaselineReport
from orch_magic.core.lifecycle import StartRequest
from orch_magic.core.reports import Asked, Ended, Saved, Started
from orch_magic.core.sessions import Session, SessionStatus, WorkspaceMark
from orch_magic.core.settings import Settings
from orch_magic.orchestrator import reading, recovery
from orch_magic.orchestrator.checkpointing import checkpoint
from orch_magic.orchestrator.world import Held, World

Tell = Callable[[str], None]

_TRIGGERS: dict[SessionStatus, ev.Trigger] = {
    SessionStatus.PAUSED: "pause",
    SessionStatus.COMPLETED: "complete",
    SessionStatus.FAILED: "fail",
}

_BASELINE_OFF = "not run (--no-baseline)"


def start(
    world: World,
    epic_id: str,
    request: StartRequest,
    *,
    settings: Settings,
    baseline: bool = True,
    tell: Tell,
) -> Started:
    """Open the epic's next session and hold it in this process.

    Args:
        settings: for this session.
        baseline: whether the quality gates are run. They refuse a start; who
            resumes is told, and let through.
        tell: is given a line for each step that takes long.

    Raises:
        SessionHeld: where a live session is in the way.
        NothingToResume: where resuming was asked and there is nothing.
        BadInput: where the new limit can't be.
        BaselineFailed: where the tests or the type check fail.
    """
    with world.lock:
        world.refuse_second_session()
        remarks = list(recovery.catch_up(world, epic_id))
        before = world.ledger.state(epic_id)
        session_id = ids.session_id(world.clock.now(), world.new_hex())
        # Refuse what can be refused before minutes of tests have run.
        _decide(world, before, request, session_id, WorkspaceMark(), "")
        report = _run_baseline(world, before, request, tell) if baseline else None
        told = report.in_one_line() if report else _BASELINE_OFF
        mark = world.workspace.mark()
        after, _ = world.ledger.append(
            epic_id,
            lambda state: _decide(world, state, request, session_id, mark, told),
        )
        world.held = Held(
            epic_id=epic_id,
            session_id=session_id,
            settings=settings,
            checkpointed_at=world.clock.monotonic(),
        )
        world.ledger.beat(session_id, world.clock.now())
        brief = reading.brief_before(world, before, after)
        saved = None
        if settings.policy.wants("start"):
            saved, trouble = _try_checkpoint(world, epic_id, "start", "session start")
            remarks += trouble
        session = after.sessions[-1]
        return Started(
            session=session,
            budget=world.budget(after),
            brief=brief,
            baseline=report,
            checkpoint=saved,
            remarks=(*remarks, *_interrupted(before, after)),
        )


def end(
    world: World,
    epic_id: str,
    status: SessionStatus,
    reason: str,
    told: Mapping[str, Any] | None = None,
) -> Ended:
    """End the epic's live session for good, with a checkpoint.

    Args:
        told: fields of the checkpoint's context to take instead of those gathered.

    Raises:
        NoSession: where none is running.
    """
    with world.lock:
        at = world.clock.now()
        state, _ = world.ledger.append(
            epic_id, lambda now: lifecycle.end(now, None, status, reason, at=at)
        )
        session = state.sessions[-1]
        said = f"{status.value}: {reason}" if reason else status.value
        saved, trouble = _try_checkpoint(world, epic_id, _TRIGGERS[status], said, told)
        if world.held and world.held.session_id == session.id:
            world.held = None
        return Ended(
            session=session,
            budget=world.budget(state),
            checkpoint=saved,
            remarks=trouble,
        )


def end_from_anywhere(
    world: World, epic_id: str, status: ev.EndStatus, reason: str
) -> Ended | Asked:
    """End the epic's live session, or ask the process that holds it to.

    Raises:
        NoSession: where none is running.
    """
    state = world.ledger.state(epic_id)
    live = lifecycle.need_live(state)
    mine = world.held is not None and world.held.session_id == live.id
    if mine or not world.is_alive(live):
        return end(world, epic_id, SessionStatus(status), reason)
    by = str(world.processes.me())
    at = world.clock.now()
    world.ledger.append(
        epic_id, lambda now: lifecycle.ask_to_end(now, status, reason, by, at=at)
    )
    return Asked(epic_id=epic_id, session=live, asked=SessionStatus(status))


def baseline(world: World, epic_id: str | None, tell: Tell) -> BaselineReport:
    """Run the quality gates; an epic's ledger keeps the outcome."""
    report = world.gates.run(tell)
    if epic_id is not None:
        _write_baseline(world, world.ledger.state(epic_id), report)
    return report


def _decide(
    world: World,
    state: EpicState,
    request: StartRequest,
    session_id: str,
    mark: WorkspaceMark,
    baseline: str,
) -> tuple[ev.Event, ...]:
    live = state.live_session
    return lifecycle.start(
        state,
        request,
        session_id=session_id,
        holder=world.processes.me(),
        holder_is_alive=bool(live and world.is_alive(live)),
        mark=mark,
        baseline=baseline,
        last_seen=world.ledger.last_beat(live.id) if live else None,
        at=world.clock.now(),
    )


def _run_baseline(
    world: World, state: EpicState, request: StartRequest, tell: Tell
) -> BaselineReport:
    report = world.gates.run(tell)
    _write_baseline(world, state, report)
    bad = [gate for gate in report.gates if gate.refuses_start]
    if bad and not request.resume:
        tails = "\n".join(gate.output_tail for gate in bad)
        raise BaselineFailed(
            f"The baseline refuses the start: {report.in_one_line()}.\n{tails}\n",
            "Mend it, or start all the same: add --no-baseline",
        )
    return report


def _write_baseline(world: World, state: EpicState, report: BaselineReport) -> None:
    at = world.clock.now()
    epic_id = state.epic_id
    live = state.live_session
    session_id = live.id if live else None
    happened: list[ev.Event] = []
    if not state.exists:
        happened.append(ev.EpicOpened(epic_id=epic_id, at=at))
    happened.append(
        ev.BaselineRan(epic_id=epic_id, at=at, session_id=session_id, report=report)
    )
    for gate in report.gates:
        text = f"Baseline: the {gate.gate} gate does not pass"
        if gate.refuses_start:
            happened.append(
                ev.BlockerOpened(
                    epic_id=epic_id, at=at, session_id=session_id, text=text
                )
            )
        elif gate.outcome == "passed" and text in state.blockers:
            happened.append(
                ev.BlockerCleared(
                    epic_id=epic_id, at=at, session_id=session_id, text=text
                )
            )
    world.ledger.append(epic_id, lambda _: happened)


def _try_checkpoint(
    world: World,
    epic_id: str,
    trigger: ev.Trigger,
    reason: str,
    told: Mapping[str, Any] | None = None,
) -> tuple[Saved | None, tuple[str, ...]]:
    """Checkpoint; a session starts and ends also where that fails, and says so."""
    try:
        return checkpoint(world, epic_id, trigger, reason, told), ()
    except OrchError as error:
        line = f"No checkpoint was made: {error} Try again: %orch checkpoint"
        return None, (line,)


def _interrupted(before: EpicState, after: EpicState) -> tuple[str, ...]:
    live = before.live_session
    if live is None:
        return ()
    ended: Session = next(s for s in after.sessions if s.id == live.id)
    return (f"Session {ended.number} was interrupted ({ended.reason}).",)
