"""The life of a session: what a verb does to an epic, decided and not yet done.

Each function takes the epic's state and returns the events that would happen, or
raises the one line that says why not. None of them acts. A session begins
running and ends once, for good::

    running ── pause ────▶ paused
       │ ───── complete ─▶ completed
       │ ───── fail ─────▶ failed
       └ ───── process gone, or taken over ─▶ interrupted

``budget_exceeded`` is how a running session is shown while its epic's budget is
spent: raising the limit makes it running again.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from orch_magic.core import events as ev
from orch_magic.core.errors import (
    BadInput,
    NoSession,
    NothingToResume,
    SessionHeld,
)
from orch_magic.core.fold import EpicState, fold
from orch_magic.core.money import BudgetLevel, Spend
from orch_magic.core.policy import CheckpointPolicy
from orch_magic.core.sessions import Holder, Session, SessionStatus, WorkspaceMark
from orch_magic.core.values import Value, show_usd


class StartRequest(Value):
    """What someone who starts a session asks for."""

    resume: bool = False
    """Whether there must be something to go on from."""
    sets_limit: bool = False
    limit_usd: Decimal | None = None
    """The new limit, if ``sets_limit``; None: no limit."""
    force: bool = False
    """Set a limit below what is already spent all the same."""
    take_over: bool = False
    """End a live session that another process holds."""


def start(
    state: EpicState,
    request: StartRequest,
    *,
    session_id: str,
    holder: Holder,
    holder_is_alive: bool,
    mark: WorkspaceMark,
    baseline: str = "",
    last_seen: datetime | None = None,
    at: datetime,
) -> tuple[ev.Event, ...]:
    """Open the epic's next session.

    Args:
        holder: the process that will hold the session.
        holder_is_alive: whether the process that holds the epic's live session
            is still there; without meaning where there is none.
        last_seen: when that process was last heard of.

    Raises:
        SessionHeld: where the epic has a live session whose holder is alive.
        NothingToResume: where resuming was asked and there is no session yet.
        BadInput: where the new limit is below what is spent.
    """
    if request.resume and not state.sessions:
        raise NothingToResume(
            f"Epic {state.epic_id} has no session to resume.",
            f"Start one: %orch start --epic {state.epic_id} --budget 5.00",
        )
    events: list[ev.Event] = []
    if not state.exists:
        events.append(ev.EpicOpened(epic_id=state.epic_id, at=at))
    live = state.live_session
    if live:
        if holder_is_alive and not request.take_over:
            raise SessionHeld(*_held(live, by=holder))
        reason = "taken over" if holder_is_alive else "its process is gone"
        events.append(_ended(live, SessionStatus.INTERRUPTED, reason, last_seen or at))
    if request.sets_limit and request.limit_usd != state.limit_usd:
        events += set_limit(
            state, request.limit_usd, force=request.force, session_id=None, at=at
        )
    last = state.session
    events.append(
        ev.SessionStarted(
            epic_id=state.epic_id,
            at=at,
            session_id=session_id,
            number=last.number + 1 if last else 1,
            parent_session_id=last.id if last else None,
            holder=holder,
            mark=mark,
            baseline=baseline,
        )
    )
    return tuple(events)


def end(
    state: EpicState,
    session_id: str | None,
    status: SessionStatus,
    reason: str,
    *,
    at: datetime,
) -> tuple[ev.Event, ...]:
    """End a session.

    Args:
        session_id: which; None: the live one, whichever that is.

    Raises:
        NoSession: where that session is not running.
    """
    return (_ended(need_live(state, session_id), status, reason, at),)


def need_live(state: EpicState, session_id: str | None = None) -> Session:
    """Return the live session.

    Raises:
        NoSession: where there is none, or another than the one named.
    """
    live = state.live_session
    if live and session_id in {None, live.id}:
        return live
    last = next((s for s in state.sessions if s.id == session_id), state.session)
    problem = f"Epic {state.epic_id} has no running session"
    if last:
        problem += f": session {last.number} is {last.status.value}"
        reason = " ".join(last.reason.split())
        problem += f" ({reason})." if reason else "."
    else:
        problem += "."
    if state.last_checkpoint:
        problem += f" Its last checkpoint is {state.last_checkpoint.id}."
    verb = "resume" if last else "start"
    raise NoSession(problem, f"Run: %orch {verb} --epic {state.epic_id}")


def ask_to_end(
    state: EpicState, status: ev.EndStatus, reason: str, by: str, *, at: datetime
) -> tuple[ev.Event, ...]:
    """Ask the process that holds the live session to end it.

    Raises:
        NoSession: where no session is running.
    """
    live = need_live(state)
    asked = ev.EndAsked(
        epic_id=state.epic_id,
        at=at,
        session_id=live.id,
        status=status,
        reason=reason,
        by=by,
    )
    return (asked,)


def spend(
    state: EpicState,
    spend: Spend,
    *,
    policy: CheckpointPolicy,
    session_id: str | None,
    at: datetime,
) -> tuple[ev.Event, ...]:
    """Write down money that is gone; also above the limit, for gone is gone."""
    spent = ev.Spent(epic_id=state.epic_id, at=at, session_id=session_id, spend=spend)
    after = fold(state, spent)
    if after.limit_usd is None or not policy.crosses(
        after.budget().fraction, crossed_before=state.threshold_crossed
    ):
        return (spent,)
    crossed = ev.CostThresholdCrossed(
        epic_id=state.epic_id,
        at=at,
        session_id=session_id,
        fraction=after.budget().fraction,
    )
    return (spent, crossed)


def set_limit(
    state: EpicState,
    limit: Decimal | None,
    *,
    force: bool = False,
    session_id: str | None,
    at: datetime,
) -> tuple[ev.Event, ...]:
    """Set the epic's limit, in US dollars; None takes it away.

    Raises:
        BadInput: where it is below what is already spent, and not forced.
    """
    if limit is not None and limit < state.spent_usd and not force:
        raise BadInput(
            f"Epic {state.epic_id} has already spent {show_usd(state.spent_usd)}, "
            f"more than {show_usd(limit)}.",
            "Give a larger budget, or add --force to stop all further spending.",
        )
    changed = ev.BudgetChanged(
        epic_id=state.epic_id, at=at, session_id=session_id, limit_usd=limit
    )
    return (changed,)


def shown_status(state: EpicState, session: Session) -> SessionStatus:
    """Say how a session stands, its epic's budget considered."""
    exceeded = state.budget().level is BudgetLevel.EXCEEDED
    if session.status is SessionStatus.RUNNING and exceeded:
        return SessionStatus.BUDGET_EXCEEDED
    return session.status


def _ended(
    session: Session, status: SessionStatus, reason: str, at: datetime
) -> ev.SessionEnded:
    # A clock that was set back must not end a session before it began.
    return ev.SessionEnded(
        epic_id=session.epic_id,
        at=max(at, session.started_at),
        session_id=session.id,
        status=status,
        reason=reason,
    )


def _held(live: Session, *, by: Holder) -> tuple[str, str]:
    holder = live.holder
    since = f"{live.started_at:%Y-%m-%d %H:%M} UTC"
    mine = holder and (holder.pid, holder.host) == (by.pid, by.host)
    who = f"this {by.kind}" if mine else str(holder or "an unknown process")
    problem = f"Epic {live.epic_id} is running: session {live.number} is held by "
    problem += f"{who} since {since}."
    if mine:
        return problem, "Go on with it, or end it first: %orch pause"
    return problem, (
        f"Pause it from here: orch pause --epic {live.epic_id}; "
        "if it hangs, add --take-over."
    )
