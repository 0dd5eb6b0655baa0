"""Pieces that HTML cards are made of. Every text goes through `esc`.

No piece needs a script, a style or an attribute to be read: a page that strips them
still shows every fact, as a row of a table or a line of its own.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from functools import singledispatch

from orch_magic.core.brief_sections import Entry, Section
from orch_magic.core.money import BudgetLevel, BudgetStatus
from orch_magic.core.sessions import SessionStatus
from orch_magic.core.values import Value
from orch_magic.core.wording import exact_usd, one_line, show_percent
from orch_magic.faces.views.words import (
    Badge,
    Tone,
    budget_badge,
    budget_message,
    session_badge,
)

_AMOUNT = re.compile(r"\$(?:[\d,]+\.\d+)?")


@singledispatch
def body_of(value: Value) -> str:
    """Return what stands inside an answer's card; any other value shows its fields."""
    rows = [
        (name, esc(one_line(str(getattr(value, name)))))
        for name in type(value).model_fields
    ]
    return head(type(value).__name__) + facts(rows)


def esc(text: str) -> str:
    """Escape a text; each amount, and each other ``$``, gets an element of its own.

    JupyterLab sets what stands between two dollar signs as mathematics, but never
    across elements.
    """
    safe = html.escape(text)
    return _AMOUNT.sub(lambda m: f'<span class="orch-usd">{m.group()}</span>', safe)


def code(text: str) -> str:
    """Set a text as code."""
    return f"<code>{esc(text)}</code>"


def together(shown: str) -> str:
    """Keep HTML on one line."""
    return f'<span class="orch-keep">{shown}</span>'


def badge(shown: Badge) -> str:
    """Show a state: a mark and a word, and a colour where there are any."""
    return (
        f'<span class="orch-badge orch-tone orch-{shown.tone}">{esc(str(shown))}</span>'
    )


def status_of(status: SessionStatus | None) -> str:
    """Show a session's status, or that there is no session."""
    return badge(session_badge(status)) if status else esc("no session")


def head(title: str, *, state: Badge | None = None, end: str = "") -> str:
    """Begin a card: its title, a state, and a remark on the right."""
    parts = [f'<b class="orch-title">{esc(title)}</b>']
    if state:
        parts.append(badge(state))
    if end:
        parts.append(f'<span class="orch-dim orch-end">{esc(end)}</span>')
    # Spaces between, for a page that takes the layout away.
    return f'<div class="orch-head">{" &nbsp; ".join(parts)}</div>'


def line(text: str) -> str:
    """Set one line of plain text."""
    return f"<div>{esc(text)}</div>"


def mind(text: str, tone: Tone = "warn", mark: str = "▲") -> str:
    """Set off a line that a person should mind."""
    return f'<div class="orch-mind orch-tone orch-{tone}">{mark} {esc(text)}</div>'


def remarks(texts: Iterable[str]) -> str:
    """Set off every remark, in a line of its own."""
    return "".join(mind(one_line(text, 600)) for text in texts if text.strip())


def facts(rows: Iterable[tuple[str, str]]) -> str:
    """Set names beside what they are; rows with nothing to say are left out.

    Args:
        rows: a name, and HTML.
    """
    cells = "".join(
        f'<tr><th scope="row">{esc(name)}</th><td>{shown}</td></tr>'
        for name, shown in rows
        if shown
    )
    return f'<table class="orch-facts"><tbody>{cells}</tbody></table>' if cells else ""


def grid(
    heads: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    figures: frozenset[int] = frozenset(),
    css: str = "orch-wide",
) -> str:
    """Set a table with a head.

    Args:
        heads: names of the columns, plain text.
        rows: cells, HTML.
        figures: numbers of the columns that are set to the right.
        css: the table's class.
    """
    kinds = [' class="orch-num"' if i in figures else "" for i in range(len(heads))]

    def row(cells: Sequence[str], tag: str) -> str:
        pairs = zip(kinds, cells, strict=True)
        drawn = "".join(f"<{tag}{kind}>{cell}</{tag}>" for kind, cell in pairs)
        return f"<tr>{drawn}</tr>"

    top = row([esc(name) for name in heads], "th")
    below = "".join(row(cells, "td") for cells in rows)
    return f'<table class="{css}"><thead>{top}</thead><tbody>{below}</tbody></table>'


def fold_out(title: str, inside: str, *, is_open: bool = False) -> str:
    """Put something behind a line that opens it."""
    attribute = " open" if is_open else ""
    return f"<details{attribute}><summary>{esc(title)}</summary>{inside}</details>"


def budget(status: BudgetStatus) -> str:
    """Show how a budget stands: the amounts, a bar, and what its level means."""
    spent = f"{esc(exact_usd(status.spent_usd))}"
    if status.limit_usd is None:
        return (
            f'<div class="orch-big">{spent} <span class="orch-of">no limit</span></div>'
        )
    share = show_percent(status.fraction)
    words = f"of {exact_usd(status.limit_usd)} · {share}"
    of = f'<span class="orch-of">{esc(words)}</span>'
    shown = f'<div class="orch-big">{spent} {of}</div>{_bar(status, share)}'
    if status.level is not BudgetLevel.OK:
        level = budget_badge(status)
        shown += mind(budget_message(status), level.tone, level.mark)
    return shown


def section(part: Section) -> str:
    """Put a section of a brief behind its title; what presses is open."""
    rows = "".join(_entry(entry) for entry in part.entries)
    if part.left_out:
        rows += f'<tr><td class="orch-dim">and {part.left_out:,} more</td></tr>'
    inside = f"<table><tbody>{rows}</tbody></table>"
    return fold_out(part.counted_title, inside, is_open=part.is_pressing)


def _entry(entry: Entry) -> str:
    what = code(entry.what) if entry.is_code else esc(entry.what)
    aside = (
        f' <span class="orch-dim">({esc(entry.aside)})</span>' if entry.aside else ""
    )
    detail = f": {esc(entry.detail)}" if entry.detail else ""
    return f"<tr><td>{what}{aside}{detail}</td></tr>"


def _bar(status: BudgetStatus, share: str) -> str:
    limit = status.limit_usd
    whole = min(status.fraction, 1.0) * 100
    spent = min(float(status.spent_usd / limit) * 100, whole) if limit else whole
    held = whole - spent
    parts = f'<i style="width:{spent:.2f}%"></i>'
    if held:
        parts += f'<i class="orch-held" style="width:{held:.2f}%"></i>'
    tone = budget_badge(status).tone
    return (
        f'<div class="orch-bar orch-tone orch-{tone}" role="img" '
        f'aria-label="{share} of the budget is used">{parts}</div>'
    )
