"""Rows of figures, each held against its promise, as a table.

A `Row` says what was measured, ours beside its peer's from the same run, and the
figure that comes of it. A `Promise` says what the figure may be; a row without one
is there to be read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

KEPT, BROKEN = "kept", "BROKEN"

_HEADINGS = ("", "ours", "peer", "figure", "promise", "")


@dataclass(frozen=True)
class Promise:
    """The most that a figure may be."""

    most: float
    unit: str = ""
    may_be_equal: bool = False

    def holds(self, figure: float) -> bool:
        """Whether a figure keeps it."""
        return figure < self.most or (self.may_be_equal and figure == self.most)

    def __str__(self) -> str:
        sign = "<=" if self.may_be_equal else "<"
        return "none" if self.most == 0 else f"{sign} {self.most:g}{self.unit}"


NONE = Promise(0, may_be_equal=True)
"""The promise of things that must not happen at all."""


@dataclass(frozen=True)
class Row:
    """One figure."""

    what: str
    ours: str = ""
    peer: str = ""
    figure: float | None = None
    unit: str = ""
    promise: Promise | None = None

    @property
    def verdict(self) -> str:
        """``kept`` or ``BROKEN``; empty where nothing was promised."""
        if self.promise is None:
            return ""
        if self.figure is None:
            return BROKEN  # a promise that nobody measured is not kept
        return KEPT if self.promise.holds(self.figure) else BROKEN

    @property
    def cells(self) -> tuple[str, ...]:
        """What the table shows of it."""
        figure = "" if self.figure is None else f"{self.figure:.3g}{self.unit}"
        promise = "" if self.promise is None else str(self.promise)
        return (self.what, self.ours, self.peer, figure, promise, self.verdict)


@dataclass(frozen=True)
class Section:
    """The rows of one benchmark."""

    name: str
    rows: tuple[Row, ...]
    remarks: tuple[str, ...] = ()
    """What a reader should know besides, each in one line."""


def is_broken(sections: Iterable[Section]) -> bool:
    """Whether any promise is broken."""
    return any(row.verdict == BROKEN for section in sections for row in section.rows)


def as_text(section: Section) -> str:
    """Lay a section out as a table."""
    lines = [_HEADINGS, *(row.cells for row in section.rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(_HEADINGS))]
    told = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        for line in lines
    ]
    told += [f"  {remark}" for remark in section.remarks]
    return "\n".join([f"=== {section.name}", *(line.rstrip() for line in told), ""])
