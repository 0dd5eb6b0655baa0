"""Sessions and briefs as text: status, start, end, and what to read before going on."""

from __future__ import annotations

from collections.abc import Iterable

from orch_magic.core import reports as said
from orch_magic.core.brief import bare_line, is_bare
from orch_magic.core.brief_sections import Entry, Section, facts_of, sections_of
from orch_magic.core.sessions import SessionStatus
from orch_magic.core.wording import one_line, show_when
from orch_magic.faces.views.layout import clamp, labelled, wrap
from orch_magic.faces.views.text_base import budget_lines, head, lines_of, minded
from orch_magic.faces.views.words import (
    blocker_words,
    cells_words,
    checkpoint_words,
    end_verb,
    next_checkpoint_words,
    session_badge,
    session_words,
    state_badge,
    status_badge,
)


@lines_of.register
def _(status: said.Status, width: int) -> list[str]:
    session = session_words(status.session, holder_is_alive=status.holder_is_alive)
    lines = head(status_badge(status), status.epic_id, width, status.end_asked)
    lines += labelled("session", session, width)
    lines += budget_lines(status.budget, width)
    lines += labelled("checkpoint", _last_checkpoint(status), width)
    if status.task:
        lines += labelled("task", one_line(status.task), width)
    if work := "; ".join(_work(status)):
        lines += labelled("cells" if status.cells_run else "baseline", work, width)
    if status.blockers:
        lines += labelled("blocked", blocker_words(status.blockers), width)
    return lines + minded(status.remarks, status.budget, width)


@lines_of.register
def _(started: said.Started, width: int) -> list[str]:
    session = started.session
    lines = head(state_badge(session.status, started.budget), session.epic_id, width)
    lines += labelled("session", session_words(session), width)
    lines += budget_lines(started.budget, width)
    if started.checkpoint:
        words = checkpoint_words(started.checkpoint.checkpoint)
        lines += labelled("checkpoint", words, width, most_lines=2)
    if started.baseline:
        lines += labelled("baseline", started.baseline.in_one_line(), width)
    if started.brief:
        lines += ["", *lines_of(started.brief, width)]
    return lines + minded(started.remarks, started.budget, width)


@lines_of.register
def _(ended: said.Ended, width: int) -> list[str]:
    session = ended.session
    lines = head(session_badge(session.status), session.epic_id, width)
    lines += labelled("session", session_words(session), width)
    if session.reason:
        lines += labelled("reason", one_line(session.reason), width, most_lines=2)
    lines += budget_lines(ended.budget, width)
    if ended.checkpoint:
        words = checkpoint_words(ended.checkpoint.checkpoint)
        lines += labelled("checkpoint", words, width, most_lines=2)
    if session.status is not SessionStatus.COMPLETED:
        go_on = f"  Go on: %orch resume --epic {session.epic_id}"
        lines += wrap(go_on, width, indent="  ")
    return lines + minded(ended.remarks, ended.budget, width)


@lines_of.register
def _(asked: said.Asked, width: int) -> list[str]:
    session = asked.session
    holder = one_line(str(session.holder or "its process"), 120)
    return wrap(
        f"Session {session.number} of epic {asked.epic_id} is asked to "
        f"{end_verb(asked.asked)}; it is held by {holder}, which sees to it.",
        width,
        indent="  ",
    )


@lines_of.register
def _(brief: said.Brief, width: int) -> list[str]:
    title = f"Brief of epic {brief.epic_id}"
    if is_bare(brief):
        lines = [*wrap(title, width), *wrap(bare_line(brief), width, indent="  ")]
    else:
        lines = wrap(title, width)
        lines += clamp(f"Next: {brief.next_step}", width, 12, indent="      ")
        for fact in facts_of(brief):
            lines += labelled(fact.name.lower(), fact.text, width, most_lines=5)
        for section in sections_of(brief):
            if section.title != "Remarks":
                lines += ["", *_section(section, width)]
        lines += [""] if brief.remarks else []
    return lines + minded(brief.remarks, None, width)


def _last_checkpoint(status: said.Status) -> str:
    last = status.last_checkpoint
    words = f"{one_line(last.id, 40)}, {show_when(last.at)}" if last else "none yet"
    return "; ".join(part for part in (words, next_checkpoint_words(status)) if part)


def _work(status: said.Status) -> Iterable[str]:
    cells, baseline = cells_words(status), one_line(status.baseline)
    if cells:
        yield cells
    if baseline:
        yield f"baseline: {baseline}" if cells else baseline


def _section(section: Section, width: int) -> list[str]:
    lines = [section.counted_title]
    for entry in section.entries:
        lines += clamp(f"  - {_entry(entry)}", width, 4, indent="    ")
    if section.left_out:
        lines.append(f"  - and {section.left_out:,} more")
    return lines


def _entry(entry: Entry) -> str:
    aside = f" ({entry.aside})" if entry.aside else ""
    detail = f": {entry.detail}" if entry.detail else ""
    return f"{entry.what}{aside}{detail}"
