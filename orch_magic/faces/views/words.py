"""Words and marks that every view shares: states, budgets, holders, checkpoints.

A state is always a mark and a word, never a colour alone.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, NamedTuple

from orch_magic.core.gates import GateOutcome
from orch_magic.core.money import BudgetLevel, BudgetStatus, Spend
from orch_magic.core.reports import CheckpointEntry, Priced, Status
from orch_magic.core.sessions import Session, SessionStatus
from orch_magic.core.values import show_usd
from orch_magic.core.wording import (
    count_of,
    exact_usd,
    one_line,
    show_percent,
    show_seconds,
    show_when,
)

Tone = Literal["good", "calm", "warn", "bad"]
"""How a state feels, for views that have colours."""

_FINEST_IN_TABLE = Decimal("1E-8")


class Badge(NamedTuple):
    """A state as it is shown."""

    mark: str
    word: str
    tone: Tone

    def __str__(self) -> str:
        return f"{self.mark} {self.word}"


_SESSION_BADGES = {
    SessionStatus.INITIALIZING: Badge("○", "starting", "calm"),
    SessionStatus.RUNNING: Badge("●", "running", "good"),
    SessionStatus.BUDGET_EXCEEDED: Badge("■", "exceeded", "bad"),
    SessionStatus.PAUSED: Badge("❚❚", "paused", "calm"),
    SessionStatus.COMPLETED: Badge("✓", "completed", "good"),
    SessionStatus.FAILED: Badge("✗", "failed", "bad"),
    SessionStatus.INTERRUPTED: Badge("⚡", "interrupted", "warn"),
}

_GATE_BADGES: dict[GateOutcome, Badge] = {
    "passed": Badge("✓", "passed", "good"),
    "failed": Badge("✗", "failed", "bad"),
    "timed_out": Badge("✗", "timed out", "bad"),
    "unavailable": Badge("▲", "unavailable", "warn"),
    "not_configured": Badge("○", "not configured", "calm"),
}

_LEVEL_BADGES = {
    BudgetLevel.OK: Badge("●", "within budget", "good"),
    BudgetLevel.WARNING: Badge("▲", "warning", "warn"),
    BudgetLevel.EXCEEDED: Badge("■", "exceeded", "bad"),
}


def session_badge(status: SessionStatus) -> Badge:
    """Return how a session's status is shown."""
    return _SESSION_BADGES[status]


def gate_badge(outcome: GateOutcome) -> Badge:
    """Return how a gate's outcome is shown."""
    return _GATE_BADGES[outcome]


def budget_badge(budget: BudgetStatus) -> Badge:
    """Return how a budget's level is shown."""
    return _LEVEL_BADGES[budget.level]


def status_badge(status: Status) -> Badge:
    """Return how an epic's state is shown."""
    return state_badge(status.status, status.budget)


def state_badge(status: SessionStatus, budget: BudgetStatus) -> Badge:
    """Return the one state that matters most: the session's, or the budget's."""
    if status is SessionStatus.RUNNING and budget.level is not BudgetLevel.OK:
        return budget_badge(budget)
    return session_badge(status)


def budget_message(budget: BudgetStatus) -> str:
    """Say what the budget's level means and how to lift it; empty where all is well."""
    if budget.level is BudgetLevel.EXCEEDED:
        return "The budget is used up. Lift it: %orch budget AMOUNT"
    if budget.level is BudgetLevel.WARNING:
        share = show_percent(budget.fraction)
        return f"{share} of the budget is used. Lift it: %orch budget AMOUNT"
    return ""


def session_words(session: Session, *, holder_is_alive: bool = True) -> str:
    """Say of a session its number, when it began or ended, and who holds it."""
    if session.ended_at:
        return f"{session.number}, ended {show_when(session.ended_at)}"
    words = f"{session.number}, since {show_when(session.started_at)}"
    if session.holder is None or not session.status.is_live:
        return words
    gone = "" if holder_is_alive else " (gone)"
    return f"{words}, {one_line(str(session.holder), 120)}{gone}"


def end_verb(status: str) -> str:
    """Turn the status that a session is to end with into the verb that asks for it."""
    verbs = {"paused": "pause", "completed": "complete", "failed": "fail"}
    return verbs.get(status, one_line(status, 40))


def checkpoint_words(entry: CheckpointEntry) -> str:
    """Say of a checkpoint its id, commit, time and reason."""
    commit = f" (commit {entry.commit[:7]})" if entry.commit else ""
    reason = f": {one_line(entry.reason)}" if entry.reason else ""
    return f"{one_line(entry.id, 80)}{commit}, {show_when(entry.at)}{reason}"


def next_checkpoint_words(status: Status) -> str:
    """Say when the next checkpoint on time is due; empty where that isn't known."""
    seconds = status.next_checkpoint_seconds
    if seconds is None:
        return ""
    return f"next in {show_seconds(seconds)}" if seconds > 0 else "next is due now"


def cells_words(status: Status) -> str:
    """Say how many cells ran and failed; empty where none ran."""
    if not status.cells_run:
        return ""
    return f"{status.cells_run:,} run, {status.cells_failed:,} failed"


def blocker_words(blockers: tuple[str, ...]) -> str:
    """Name the first blocker and count the others; empty where there is none."""
    if not blockers:
        return ""
    others = len(blockers) - 1
    more = f" (and {count_of(others, 'more blocker')})" if others else ""
    return f"{one_line(blockers[0])}{more}"


def spend_words(spend: Spend) -> str:
    """Say of a spend how much, for which model or issue, and its note."""
    about = []
    if spend.usage:
        usage = spend.usage
        tokens = f"{usage.input_tokens:,} in, {usage.output_tokens:,} out"
        about.append(f"{one_line(usage.model, 80)} ({tokens})")
    about += [one_line(text) for text in (spend.issue_id, spend.note) if text]
    return ": ".join([exact_usd(spend.usd), *about])


def price_words(priced: Priced) -> str:
    """Say what a model costs."""
    given = exact_usd(priced.input_usd_per_mtok)
    taken = exact_usd(priced.output_usd_per_mtok)
    model = one_line(priced.model, 80)
    return f"{model} costs {given} in, {taken} out, per million tokens"


def usd_in_table(amount: Decimal) -> str:
    """Write an amount for a column: four decimals, more only where it is tiny."""
    if 0 < amount < _FINEST_IN_TABLE:
        return f"<{show_usd(_FINEST_IN_TABLE)}"
    if amount < Decimal("0.01"):
        amount = amount.quantize(_FINEST_IN_TABLE)
    return show_usd(amount)
