"""Money that moved, and how an epic's budget stands."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Any

from pydantic import Field

from orch_magic.core.values import EXACT, EpicId, Usd, UtcTime, Value, add_usd

WARNING_FRACTION = 0.8
"""The share of the limit at which the budget warns, unless configured."""


class BudgetLevel(StrEnum):
    """How near the limit is."""

    OK = "ok"
    WARNING = "warning"
    EXCEEDED = "exceeded"


class Usage(Value):
    """What a provider's reply says was used, and what that cost.

    Computed once, on the day of the call, and never again.
    """

    model: str
    """As the provider returned it."""
    provider: str
    input_tokens: int = Field(default=0, ge=0)
    output_tokens: int = Field(default=0, ge=0)
    raw: dict[str, Any] = Field(default_factory=dict)
    """The usage as it stood in the reply."""
    unit_prices: dict[str, Any] = Field(default_factory=dict)
    """US dollars per unit; the unit is in the key (``input_mtok``)."""
    price_list: str = ""
    """Name and version of the price list."""


class Spend(Value):
    """One amount of money that is gone."""

    id: str
    usd: Usd
    at: UtcTime
    note: str = ""
    usage: Usage | None = None
    """None where the caller named the amount."""
    issue_id: str | None = None
    cell: str = ""


class BudgetStatus(Value):
    """How an epic's budget stands, over all its sessions."""

    epic_id: EpicId | None = None
    limit_usd: Usd | None = None
    """None where the epic has no limit."""
    spent_usd: Usd = Field(default="0", validate_default=True)
    reserved_usd: Usd = Field(default="0", validate_default=True)
    remaining_usd: Usd | None = None
    fraction: float = 0.0
    """Spent and reserved, as a share of the limit; above 1 where it was passed."""
    level: BudgetLevel = BudgetLevel.OK
    warning_fraction: float = WARNING_FRACTION


def budget_status(
    limit: Decimal | None,
    spent: Decimal,
    *,
    epic_id: str | None = None,
    reserved: Decimal = Decimal(0),
    warning_fraction: float = WARNING_FRACTION,
) -> BudgetStatus:
    """Work out how a budget stands. Amounts in US dollars."""
    level, fraction, remaining = BudgetLevel.OK, 0.0, None
    if limit is not None:
        used = add_usd(spent, reserved)
        remaining = EXACT.subtract(max(limit, used), used)
        fraction = float(EXACT.divide(used, limit)) if limit else float(used > 0)
        warns_at = EXACT.multiply(limit, Decimal(repr(warning_fraction)))
        if passes(limit, used) or (used and used == limit):
            level = BudgetLevel.EXCEEDED
        elif used and used >= warns_at:
            level = BudgetLevel.WARNING
    return BudgetStatus(
        epic_id=epic_id,
        limit_usd=limit,
        spent_usd=spent,
        reserved_usd=reserved,
        remaining_usd=remaining,
        fraction=fraction,
        level=level,
        warning_fraction=warning_fraction,
    )


def passes(limit: Decimal | None, spent: Decimal) -> bool:
    """Whether an amount is above a limit; nothing is above no limit."""
    return limit is not None and spent > limit
