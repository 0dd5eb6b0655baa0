"""The forerunner's functions under their names, thin over the same verbs.

Contexts are values: a change gives a new one. Costs are US dollars, as `str`, `int`,
`Decimal` or `float` (read through its ``repr``).
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from orch_magic import api, here
from orch_magic.core import brief as briefs
from orch_magic.core import ids
from orch_magic.core.context import context_of
from orch_magic.core.errors import (
    BadInput,
    CheckpointProblem,
    NothingToResume,
    UnknownEpic,
)
from orch_magic.core.events import EndStatus
from orch_magic.core.gates import BaselineReport
from orch_magic.core.money import BudgetLevel, BudgetStatus, budget_status
from orch_magic.core.policy import CheckpointPolicy
from orch_magic.core.record import CheckpointRecord
from orch_magic.core.reports import CheckpointEntry, Deleted
from orch_magic.core.sessions import Session, SessionStatus
from orch_magic.core.values import Value, add_usd, explain, parse_epic_id, parse_usd
from orch_magic.core.work import SessionContext
from orch_magic.orchestrator import by_hand, sessions
from orch_magic.project import SystemClock

Where = str | Path | None

_CLOCK = SystemClock()

_OUTCOMES: dict[str, EndStatus] = {"failure": "failed", "failed": "failed"}
"""Every other outcome completes the session."""


class SessionConfig(Value):
    """What `start_session` takes; a mapping with these keys will do as well."""

    epic_id: str
    budget: Any = None
    """US dollars; None: as the epic has it."""
    resume: bool = False
    run_baseline: bool = True
    cwd: str | None = None


class StartedSession(NamedTuple):
    """What `start_session` and `resume_session` give."""

    session: Session
    context: SessionContext
    resume_brief: str | None
    """Markdown; None unless resuming was asked and there is something to say."""


class CheckpointDue(Value):
    """Whether a checkpoint is due, and why. False in a condition if not."""

    should: bool
    reason: str = ""

    def __bool__(self) -> bool:
        return self.should


def start_session(config: SessionConfig | Mapping[str, Any]) -> StartedSession:
    """Open the epic's next session and keep it in this process.

    Raises:
        OrchError: one line that says what to do.
    """
    asked = _config(config)
    started = api.start(
        asked.epic_id,
        asked.budget,
        resume=asked.resume,
        baseline=asked.run_baseline,
        cwd=asked.cwd,
    )
    state = here.world_at(asked.cwd).ledger.state(started.session.epic_id)
    shown = started.brief if asked.resume else None
    return StartedSession(
        started.session,
        context_of(state, started.session, at=_CLOCK.now()),
        briefs.brief_markdown(shown) if shown else None,
    )


def resume_session(epic_id: str, cwd: Where = None) -> StartedSession | None:
    """Open the next session of an epic; None where there is nothing to resume."""
    where = None if cwd is None else str(cwd)
    try:
        return start_session(SessionConfig(epic_id=epic_id, resume=True, cwd=where))
    except NothingToResume:
        return None


def pause_session(
    session: Session, context: SessionContext, reason: str, cwd: Where = None
) -> CheckpointRecord:
    """End a session, to be resumed; return its last checkpoint."""
    return _end(session, context, SessionStatus.PAUSED, reason, cwd)


def complete_session(
    session: Session, context: SessionContext, outcome: str, cwd: Where = None
) -> CheckpointRecord:
    """End a session for good; return its last checkpoint.

    Args:
        outcome: ``success``, ``failure``, or what people call it.
    """
    status = SessionStatus(_OUTCOMES.get(outcome, "completed"))
    return _end(session, context, status, outcome, cwd)


def create_session_context(
    *, epic_id: str | None = None, budget: object = None, **fields: Any
) -> SessionContext:
    """Make a context.

    Args:
        epic_id: the epic.
        budget: its limit in US dollars; None: no limit.
        **fields: other fields of the context.

    Raises:
        BadInput: where a value can't be used.
    """
    limit = None if budget is None else parse_usd(budget)
    name = None if epic_id is None else parse_epic_id(epic_id)
    try:
        context = SessionContext(
            **{"captured_at": _CLOCK.now(), **fields, "epic_id": name}
        )
    except ValidationError as error:
        raise BadInput(f"The context can't be made: {explain(error)}.") from None
    return _with_limit(context, limit)


def update_session_cost(
    context: SessionContext, cost: object
) -> tuple[SessionContext, str | None]:
    """Add a cost to a context.

    Returns:
        The new context, and a warning at the moment a line is crossed: the share
        that warns, or the limit. None at all other times.
    """
    usd = parse_usd(cost)
    before = get_budget_status(context)
    after = _with_limit(
        context.model_copy(
            update={
                "session_cost": add_usd(context.session_cost, usd),
                "cumulative_cost": add_usd(context.cumulative_cost, usd),
            }
        ),
        before.limit_usd,
    )
    now = get_budget_status(after)
    if now.level is before.level or now.level is BudgetLevel.OK:
        return after, None
    return after, (
        f"Budget {now.level.value}: ${now.spent_usd} of ${now.limit_usd} spent "
        f"({now.fraction:.0%})"
    )


def get_budget_status(context: SessionContext) -> BudgetStatus:
    """Say how the budget in a context stands."""
    limit = context.budget_limit
    if limit is None and context.budget_remaining is not None:
        limit = add_usd(context.cumulative_cost, context.budget_remaining)
    return budget_status(limit, context.cumulative_cost, epic_id=context.epic_id)


def is_budget_exceeded(context: SessionContext) -> bool:
    """Whether the budget in a context is used up."""
    return get_budget_status(context).level is BudgetLevel.EXCEEDED


def should_checkpoint(
    policy: CheckpointPolicy,
    context: SessionContext,
    last_checkpoint_at: datetime | None,
    event: str | None = None,
    *,
    now: datetime | None = None,
) -> CheckpointDue:
    """Say whether a checkpoint is due.

    Args:
        policy: when checkpoints are made.
        context: the work, for its cost.
        last_checkpoint_at: when the last was made; None: never.
        event: what has just happened: ``start``, ``error``, ``issue`` (done) or
            ``cost`` (the threshold was crossed).
        now: the moment; None: now.
    """
    if event in {"start", "error", "issue"} and policy.wants(event):  # type: ignore[arg-type] # the set is narrower than str
        return CheckpointDue(should=True, reason=event)
    fraction = get_budget_status(context).fraction
    told = event != "cost" and last_checkpoint_at is not None
    if policy.crosses(fraction, crossed_before=told):
        return CheckpointDue(should=True, reason=f"{fraction:.0%} of the budget spent")
    if last_checkpoint_at is None:
        return CheckpointDue(should=False)
    seconds = ((now or _CLOCK.now()) - last_checkpoint_at).total_seconds()
    if policy.due_by_time(seconds):
        minutes = seconds / 60
        return CheckpointDue(should=True, reason=f"{minutes:.1f} minutes have passed")
    return CheckpointDue(should=False)


def check_checkpoint_trigger(
    session: Session,
    context: SessionContext,
    event: str | None = None,
    *,
    policy: CheckpointPolicy | None = None,
    cwd: Where = None,
) -> CheckpointDue:
    """Say whether a checkpoint of a session is due, by its last one in the ledger."""
    world = here.world_at(cwd)
    mark = world.ledger.state(session.epic_id).last_checkpoint
    made_here = mark is not None and mark.session_id == session.id
    last = mark.at if mark and made_here else session.started_at
    return should_checkpoint(policy or world.settings.policy, context, last, event)


def save_checkpoint(
    context: SessionContext,
    reason: str,
    summary: str,
    session_id: str,
    cwd: Where = None,
) -> CheckpointRecord:
    """Save a context as a checkpoint; the ledger learns of it.

    Raises:
        BadInput: where the context names no epic.
        CheckpointProblem: where it could not be saved.
    """
    if context.epic_id is None:
        raise BadInput("The context names no epic.", "Make it with epic_id=…")
    return by_hand.save(here.world_at(cwd), context, reason, summary, session_id)


def load_latest_checkpoint(epic_id: str, cwd: Where = None) -> CheckpointRecord | None:
    """Return the newest intact checkpoint; None where there is none."""
    found = here.world_at(cwd).store.latest(parse_epic_id(epic_id))
    return found.record if found else None


def load_checkpoint(
    epic_id: str, checkpoint_id: str, cwd: Where = None
) -> CheckpointRecord:
    """Return a checkpoint by its id, or the beginning of it.

    Raises:
        UnknownCheckpoint: where none or more than one has such an id.
    """
    store = here.world_at(cwd).store
    return store.load(parse_epic_id(epic_id), checkpoint_id).record


def list_checkpoints(epic_id: str, cwd: Where = None) -> tuple[CheckpointEntry, ...]:
    """List an epic's checkpoints, newest first; empty where there are none."""
    return here.world_at(cwd).store.list(parse_epic_id(epic_id))


def has_checkpoints(epic_id: str, cwd: Where = None) -> bool:
    """Whether an epic has a checkpoint."""
    return bool(here.world_at(cwd).store.list(parse_epic_id(epic_id), 1))


def delete_epic_checkpoints(epic_id: str, cwd: Where = None) -> Deleted | None:
    """Delete an epic's checkpoints; None where there is no such epic."""
    try:
        return api.delete(epic_id, cwd=cwd)
    except UnknownEpic:
        return None


def generate_resume_brief(checkpoint: CheckpointRecord) -> str:
    """Write the brief of a checkpoint, as Markdown."""
    return briefs.brief_markdown(briefs.brief_of(checkpoint))


def format_checkpoint_summary(checkpoint: CheckpointRecord) -> str:
    """Say in a few lines what a checkpoint holds."""
    return briefs.checkpoint_summary(checkpoint)


def has_resumable_context(checkpoint: CheckpointRecord | SessionContext) -> bool:
    """Whether there is anything worth showing to who resumes."""
    return briefs.has_resumable_context(checkpoint)


def run_baseline(cwd: Where = None) -> BaselineReport:
    """Run the project's quality gates."""
    return api.baseline(cwd=cwd)


def baseline_passed(report: BaselineReport) -> bool:
    """Whether no gate refuses the start."""
    return report.passed


def format_baseline_result(report: BaselineReport) -> str:
    """Say how the gates ended, with the last lines of those that did not pass."""
    tails = [
        f"{gate.gate}:\n{gate.output_tail}" for gate in report.gates if gate.is_bad
    ]
    return "\n\n".join([f"Baseline: {report.in_one_line()}", *tails])


def generate_session_id() -> str:
    """Make a session's id."""
    return ids.session_id(_CLOCK.now(), secrets.token_hex(3))


def generate_epic_id(title: str = "") -> str:
    """Make an epic's name, after its title where there is one."""
    return ids.epic_id(title, _CLOCK.now(), secrets.token_hex(2))


def _config(given: SessionConfig | Mapping[str, Any]) -> SessionConfig:
    if isinstance(given, SessionConfig):
        return given
    try:
        return SessionConfig.model_validate(dict(given))
    except ValidationError as error:
        raise BadInput(f"The configuration can't be used: {explain(error)}.") from None


def _with_limit(context: SessionContext, limit: Any) -> SessionContext:
    remaining = budget_status(limit, context.cumulative_cost).remaining_usd
    return context.model_copy(
        update={"budget_limit": limit, "budget_remaining": remaining}
    )


def _end(
    session: Session,
    context: SessionContext,
    status: SessionStatus,
    reason: str,
    cwd: Where,
) -> CheckpointRecord:
    world = here.world_at(cwd)
    by_hand.book(world, session.epic_id, context)
    ended = sessions.end(
        world, session.epic_id, status, reason, told=by_hand.told(context)
    )
    if world.held is None:
        here.let_go()
    if ended.checkpoint is None:
        raise CheckpointProblem(" ".join(ended.remarks))
    return world.store.load(session.epic_id, ended.checkpoint.checkpoint.id).record
