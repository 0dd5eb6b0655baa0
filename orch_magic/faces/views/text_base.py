"""What all text views share: the way from a value to its lines, and usual lines."""

from __future__ import annotations

from collections.abc import Iterable
from functools import singledispatch

from orch_magic.core.money import BudgetLevel, BudgetStatus
from orch_magic.core.values import Value
from orch_magic.core.wording import one_line
from orch_magic.faces.views.layout import budget_words, labelled, wrap
from orch_magic.faces.views.words import Badge, budget_message, end_verb

_BUDGET_LINES = 4
"""Enough for any amount: no digit of money is ever cut."""


@singledispatch
def lines_of(value: Value, width: int) -> list[str]:
    """Write any other value: its fields, one a line."""
    fields = [(name, getattr(value, name)) for name in type(value).model_fields]
    lines = [type(value).__name__]
    for name, field in fields:
        lines += wrap(f"  {name}: {one_line(str(field))}", width, indent="    ")
    return lines


def head(badge: Badge, epic_id: str, width: int, asked: str = "") -> list[str]:
    """Begin with the state, what is asked of the session, and the epic."""
    state = f"{badge}, asked to {end_verb(asked)}" if asked else str(badge)
    return wrap(f"{state} · {epic_id}", width)


def budget_lines(budget: BudgetStatus, width: int) -> list[str]:
    """Say how the budget stands, beside its label."""
    return labelled("budget", budget_words(budget), width, most_lines=_BUDGET_LINES)


def minded(
    remarks: Iterable[str], budget: BudgetStatus | None, width: int
) -> list[str]:
    """End with what a person should mind, and with a budget that is used up."""
    told = [one_line(remark, 600) for remark in remarks if remark.strip()]
    if budget and budget.level is BudgetLevel.EXCEEDED:
        told.append(budget_message(budget))
    return [line for text in told for line in wrap(f"! {text}", width, indent="  ")]
