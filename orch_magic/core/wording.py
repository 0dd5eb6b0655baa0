"""How a person reads our values: one line each, exact amounts, UTC times, short lists.

Text that came from outside (messages, notes, file names) may hold anything. Nothing
leaves `one_line` that could break a line, move a terminal's cursor or turn the
direction of reading.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from orch_magic.core.values import EXACT, show_usd

MOST_CHARS = 240
"""How much of a text is shown where it is one of many."""

_MOST_FRACTION = 10.0
"""Shares above this are only said to be above it."""

Item = TypeVar("Item")

_TERMINAL_CODE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-_]"
)
_TURNS_READING = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_NOT_SHOWN = {"Cc", "Zl", "Zp", "Cs", "Co", "Cn"}


def one_line(text: str, most: int = MOST_CHARS) -> str:
    """Bring any text to one line of at most ``most`` characters.

    Runs of white space become one space; colours and other terminal codes, control
    characters and marks that turn the direction of reading are taken out.
    """
    near = text[: most * 8]  # the rest could not be shown anyway
    words = " ".join(plain(near).split())
    if len(words) > most or len(near) < len(text):
        return words[: most - 1].rstrip() + "…"
    return words


def plain(line: str) -> str:
    """Take out of a line all that is not plain text; tabs and such become a space."""
    seen = _TURNS_READING.sub("", _TERMINAL_CODE.sub("", line))
    return "".join(
        " " if unicodedata.category(char) in _NOT_SHOWN else char for char in seen
    )


def as_sentence(text: str, most: int = MOST_CHARS) -> str:
    """Bring any text to one line that ends like a sentence."""
    line = one_line(text, most)
    return line if line.endswith((".", "!", "?", "…")) else f"{line}."


def exact_usd(amount: Decimal) -> str:
    """Write an amount with every digit it has, and at least two decimals.

    >>> exact_usd(Decimal("5")), exact_usd(Decimal("0.1234567"))
    ('$5.00', '$0.1234567')
    """
    exponent = amount.normalize(EXACT).as_tuple().exponent
    decimals = -exponent if isinstance(exponent, int) else 0
    return show_usd(amount, digits=max(2, decimals))


def show_when(at: datetime) -> str:
    """Write a moment, given in UTC, to the minute: ``2026-11-22 07:36 UTC``."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


def show_seconds(seconds: float) -> str:
    """Write a duration roughly: ``0.4 s``, ``42 s``, ``12 min``, ``3 h 5 min``."""
    if seconds < 10:  # noqa: PLR2004 - below that, tenths say something
        return f"{seconds:.1f} s"
    if round(seconds) < 60:  # noqa: PLR2004
        return f"{round(seconds)} s"
    minutes = round(seconds / 60)
    if minutes < 60:  # noqa: PLR2004
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


def show_percent(fraction: float) -> str:
    """Write a share, rounded down so that 100% is said only of all of it.

    >>> show_percent(0.2400001), show_percent(0.9999), show_percent(0.0001)
    ('24%', '99%', '<1%')
    """
    percent = int(min(fraction, _MOST_FRACTION) * 100 + 1e-9)
    if fraction >= _MOST_FRACTION:
        return f">{percent - 1}%"
    return "<1%" if fraction > 0 and percent == 0 else f"{percent}%"


def count_of(number: int, noun: str) -> str:
    """Write a count with its noun, which takes an *s* for more than one.

    >>> count_of(1, "session"), count_of(2, "session")
    ('1 session', '2 sessions')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def cut(items: Sequence[Item], most: int) -> tuple[tuple[Item, ...], int]:
    """Keep the first ``most`` items; return them and how many were left out."""
    return tuple(items[:most]), max(len(items) - most, 0)
