"""Lay out plain text in columns of a terminal: wrap, cut, align, draw a bar.

Widths are counted in terminal columns, in which many Asian characters and most
pictures take two and combining marks none.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from orch_magic.core.money import BudgetLevel, BudgetStatus
from orch_magic.core.wording import exact_usd, show_percent
from orch_magic.faces.views.words import budget_badge

BAR_COLUMNS = 20
"""How wide a budget's bar is."""

_LABEL_COLUMNS = 11

_NARROWEST = 4
"""No column of a table is cut below this."""

_GIVES_WAY_TO = 10
"""How narrow a column gets before the others give way as well."""

_BETWEEN = "  "


def columns_of(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    return sum(map(_columns_of_char, text))


def cut_to(text: str, width: int) -> str:
    """Cut a text to so many columns; an ellipsis shows that it was cut."""
    if columns_of(text) <= width:
        return text
    return _take(text, width - 1)[0].rstrip() + "…"


def wrap(text: str, width: int, *, indent: str = "") -> list[str]:
    """Break a text of one line at its spaces; later lines begin with ``indent``.

    A word wider than a whole line is broken where the line ends.
    """
    rest = text.lstrip(" ")
    lines: list[str] = []
    line = " " * (len(text) - len(rest))
    for whole in rest.split(" "):
        word, gap = whole, " " if line.strip() else ""
        if columns_of(f"{line}{gap}{word}") <= width:
            line = f"{line}{gap}{word}"
            continue
        if line.strip():
            lines.append(line)
            line = indent
        while columns_of(f"{line}{word}") > width:
            head, word = _take(word, width - columns_of(line))
            lines.append(f"{line}{head}")
            line = indent
        line = f"{line}{word}"
    return [*lines, line]


def labelled(label: str, text: str, width: int, *, most_lines: int = 1) -> list[str]:
    """Set a text beside its label, in at most so many lines; the rest is cut."""
    start = f"  {label.ljust(_LABEL_COLUMNS)}"
    return clamp(f"{start}{text}", width, most_lines, indent=" " * len(start))


def clamp(text: str, width: int, most_lines: int, *, indent: str = "") -> list[str]:
    """Wrap a text into at most so many lines; an ellipsis shows that it was cut."""
    lines = wrap(text, width, indent=indent)
    if len(lines) <= most_lines:
        return lines
    last = lines[most_lines - 1]
    return [*lines[: most_lines - 1], cut_to(last, width - 1).removesuffix("…") + "…"]


def bar(budget: BudgetStatus) -> str:
    """Draw what is spent as ``#`` and what is reserved as ``=``.

    The bar is full only where the budget is used up, and empty only where it is
    untouched.
    """
    filled = _cells(budget.fraction)
    share = float(budget.spent_usd / budget.limit_usd) if budget.limit_usd else 1.0
    spent = min(_cells(share), filled) if budget.reserved_usd else filled
    return f"[{'#' * spent}{'=' * (filled - spent)}".ljust(BAR_COLUMNS + 1, "-") + "]"


def budget_words(budget: BudgetStatus) -> str:
    """Say how a budget stands: ``[#####-----] $1.20 of $5.00 (24%), $3.80 left``."""
    spent = exact_usd(budget.spent_usd)
    if budget.limit_usd is None:
        return f"{spent} spent, no limit"
    limit, share = exact_usd(budget.limit_usd), show_percent(budget.fraction)
    words = f"{bar(budget)} {spent} of {limit} ({share})"
    if budget.level is not BudgetLevel.OK:
        words += f" {budget_badge(budget)}"
    if budget.reserved_usd:
        words += f", {exact_usd(budget.reserved_usd)} reserved"
    if budget.remaining_usd:
        words += f", {exact_usd(budget.remaining_usd)} left"
    return words


def table(
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    width: int,
    *,
    figures: frozenset[int] = frozenset(),
    cut_first: int | None = None,
) -> list[str]:
    """Align rows under their heads; the widest columns are cut until all fits.

    Where the figures alone are too wide for the terminal, rows are wrapped.

    Args:
        heads: the name of each column.
        rows: the cells, each one line of text.
        width: columns of the terminal.
        figures: numbers of the columns that are set to the right and never cut.
        cut_first: the column that gives way before any other is cut.
    """
    lines = [list(heads), *(list(row) for row in rows)]
    widths = [max(columns_of(line[i]) for line in lines) for i in range(len(heads))]
    room = width - len(_BETWEEN) * (len(heads) - 1)
    texts = [i for i in range(len(heads)) if i not in figures]
    if cut_first is not None:
        too_wide = max(sum(widths) - room, 0)
        least = min(_GIVES_WAY_TO, widths[cut_first])
        widths[cut_first] = max(widths[cut_first] - too_wide, least)
    while sum(widths) > room and texts:
        widest = max(texts, key=widths.__getitem__)
        if widths[widest] <= _NARROWEST:
            break
        widths[widest] -= 1
    rows_drawn = [_row(line, widths, figures) for line in lines]
    return [part for row in rows_drawn for part in wrap(row, width, indent="    ")]


def _row(cells: Sequence[str], widths: Sequence[int], figures: frozenset[int]) -> str:
    padded = []
    for i, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        text = cut_to(cell, width)
        space = " " * (width - columns_of(text))
        padded.append(f"{space}{text}" if i in figures else f"{text}{space}")
    return _BETWEEN.join(padded).rstrip()


def _cells(fraction: float) -> int:
    if fraction >= 1:
        return BAR_COLUMNS
    return min(max(round(fraction * BAR_COLUMNS), fraction > 0), BAR_COLUMNS - 1)


def _take(text: str, width: int) -> tuple[str, str]:
    """Split a text after so many columns, after one character at least."""
    taken = 0
    for i, char in enumerate(text):
        taken += _columns_of_char(char)
        if taken > width and i > 0:
            return text[:i], text[i:]
    return text, ""


def _columns_of_char(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1
