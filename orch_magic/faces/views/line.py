"""One line per report: what a keeper prints, and what waits for the next cell."""

from __future__ import annotations

from functools import singledispatch
from typing import Any

from orch_magic.core.reports import Ended, Saved, Status, Trouble, Warned
from orch_magic.core.values import show_usd
from orch_magic.core.wording import one_line, show_percent
from orch_magic.faces.views.words import session_badge, status_badge


@singledispatch
def as_line(value: Any) -> str:
    """Say a report in one line.

    Raises:
        TypeError: where there is no line for it.
    """
    raise TypeError(f"no line for {type(value).__name__}")


@as_line.register
def _(status: Status) -> str:
    budget = status.budget
    money = f"{show_usd(budget.spent_usd)} spent"
    if budget.limit_usd is not None:
        limit = show_usd(budget.limit_usd)
        money = f"{show_usd(budget.spent_usd)} of {limit} "
        money += f"({show_percent(budget.fraction)})"
    parts = [
        f"{status_badge(status)} {status.epic_id}",
        f"session {status.session.number}",
        money,
    ]
    if status.next_checkpoint_seconds is not None:
        minutes, seconds = divmod(round(status.next_checkpoint_seconds), 60)
        parts.append(f"checkpoint in {minutes}:{seconds:02d}")
    return " · ".join(parts)


@as_line.register
def _(ended: Ended) -> str:
    session = ended.session
    line = f"{session_badge(session.status)}: session {session.number} of "
    line += session.epic_id
    if session.reason:
        line += f" ({one_line(session.reason)})"
    saved = ended.checkpoint
    line += f", checkpoint {saved.checkpoint.id}" if saved else ""
    return line


@as_line.register
def _(saved: Saved) -> str:
    checkpoint = saved.checkpoint
    return f"checkpoint {checkpoint.id}: {one_line(checkpoint.reason)}"


@as_line.register
def _(warned: Warned) -> str:
    budget = warned.budget
    spent = f"{show_percent(budget.fraction)} of the budget is spent: "
    spent += show_usd(budget.spent_usd)
    return f"{spent} of {show_usd(budget.limit_usd)}" if budget.limit_usd else spent


@as_line.register
def _(trouble: Trouble) -> str:
    return f"trouble, and it is tried again: {one_line(trouble.error)}"
