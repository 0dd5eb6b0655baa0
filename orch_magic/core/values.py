"""The kinds of value everything is made of: amounts, times, names, frozen models.

Money is a `Decimal` in US dollars in a field that ends in ``_usd`` (or, in the
checkpoint record, has the forerunner's name for it). Times are aware and in UTC
and end in ``_at``. Durations and shares say their unit: ``_seconds``,
``_minutes``, ``_fraction``.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Context, Decimal, InvalidOperation, localcontext
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ValidationError,
)
from pydantic.alias_generators import to_camel

from orch_magic.core.errors import BadInput

MOST_USD = Decimal(1_000_000_000)
"""The largest amount taken, in US dollars: more is a typing error."""

FINEST_USD = Decimal("1E-40")
"""The step of the finest amount taken. A third of a token's price fits, and so does
every sum and difference of amounts."""

EXACT = Context(prec=60)
"""Wide enough for a billion dollars in steps of `FINEST_USD`, summed for ever. The
caller's own decimal context may round; sums of money are made in this one."""

_EPIC_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


def parse_usd(raw: object) -> Decimal:
    """Read an amount of US dollars.

    Args:
        raw: a `str`, `int`, `Decimal`, or a `float` (read through its ``repr``).

    Returns:
        The exact amount, zero or more.

    Raises:
        BadInput: for anything that is no amount, with the reason in one line.
    """
    if isinstance(raw, bool) or not isinstance(raw, str | int | float | Decimal):
        raise BadInput(f"{raw!r} is no amount.", "Write dollars, such as 5.00")
    text = repr(raw) if isinstance(raw, float) else str(raw).strip().removeprefix("$")
    if "," in text:
        fix = f"Write a point: {text.replace(',', '.')}"
        raise BadInput(f"{text!r} has a comma.", fix)
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise BadInput(
            f"{text!r} is no amount.", "Write dollars, such as 5.00"
        ) from None
    if not amount.is_finite():
        raise BadInput(f"{text!r} is no amount.", "Write dollars, such as 5.00")
    if amount.is_signed() and amount:
        raise BadInput(f"{text} is below zero.", "An amount is zero or more.")
    if amount >= MOST_USD:
        raise BadInput(f"{text} is too large.", f"Stay below ${MOST_USD:,}.")
    if not amount:
        return Decimal(0)
    if _last_digit(amount) < _last_digit(FINEST_USD):
        raise BadInput(f"{text} is too fine.", f"The finest step is ${FINEST_USD}.")
    return amount


def add_usd(*amounts: Decimal) -> Decimal:
    """Sum amounts without rounding, whatever the caller's decimal context says."""
    with localcontext(EXACT):
        return sum(amounts, Decimal(0))


def show_usd(amount: Decimal, *, digits: int = 2) -> str:
    """Write an amount for a person: at least ``digits`` decimals, never rounded to 0.

    >>> show_usd(Decimal("5")), show_usd(Decimal("0.0123"))
    ('$5.00', '$0.0123')
    """
    plain = format(amount.normalize(EXACT), "f")
    whole, _, decimals = plain.partition(".")
    if len(decimals) > max(digits, 4) and amount.copy_abs() >= Decimal("0.01"):
        rounded = amount.quantize(Decimal("0.0001"), context=EXACT)
        return show_usd(rounded, digits=digits)
    return f"${int(whole):,}.{decimals.ljust(digits, '0')}"


def parse_epic_id(raw: object) -> str:
    """Check an epic's name.

    Raises:
        BadInput: where it does not match ``[A-Za-z0-9][A-Za-z0-9_-]{0,63}``; the
            line suggests a name that does.
    """
    if isinstance(raw, str) and _EPIC_NAME.fullmatch(raw):
        return raw
    words = re.sub(r"[^A-Za-z0-9_-]+", "-", str(raw)).strip("-_")[:64]
    suggestion = words if _EPIC_NAME.fullmatch(words) else "my-epic"
    raise BadInput(
        f"{raw!r} can't be an epic's name (letters, digits, - and _, at most 64).",
        f"Try: {suggestion}",
    )


def _step_of(amount: Decimal) -> int:
    """Return the power of ten of the last digit of a finite amount."""
    exponent = amount.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def _last_digit(amount: Decimal) -> int:
    """Return the power of ten of the last digit written of a finite amount."""
    exponent = amount.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def _to_utc(at: datetime) -> datetime:
    return at.astimezone(UTC)


Usd = Annotated[Decimal, BeforeValidator(parse_usd)]
"""An amount of US dollars, exact, zero or more."""

UtcTime = Annotated[AwareDatetime, AfterValidator(_to_utc)]
"""A moment, aware, in UTC."""

EpicId = Annotated[str, BeforeValidator(parse_epic_id)]
"""An epic's name."""


class Value(BaseModel):
    """A frozen value that knows exactly its fields; camelCase on disk."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        defer_build=True,  # importing must be quick; the first use pays
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
    )

    def replace(self, **changes: Any) -> Any:
        """Return a copy with some fields changed, checked like a new one."""
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        fields.update(self.__pydantic_extra__ or {})
        return type(self).model_validate({**fields, **changes})


class RecordValue(Value):
    """A value of the checkpoint record: fields it does not know are kept."""

    model_config = ConfigDict(extra="allow")


def explain(error: ValidationError) -> str:
    """Say in one line which field of a value is wrong and why."""
    first = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"]) or "the value"
    return f"{place}: {first['msg']}"
