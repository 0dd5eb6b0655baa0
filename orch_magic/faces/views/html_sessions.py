"""Sessions and briefs as cards: status, start, end, and what to read first."""

from __future__ import annotations

from orch_magic.core import reports as said
from orch_magic.core.brief import bare_line, is_bare
from orch_magic.core.brief_sections import facts_of, sections_of
from orch_magic.core.money import BudgetStatus
from orch_magic.core.sessions import Session, SessionStatus
from orch_magic.core.wording import exact_usd, one_line
from orch_magic.faces.views.html_parts import (
    body_of,
    budget,
    code,
    esc,
    facts,
    grid,
    head,
    line,
    mind,
    remarks,
    section,
)
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


@body_of.register
def _(status: said.Status) -> str:
    newest = status.last_checkpoint
    last = checkpoint_words(newest) if newest else "none yet"
    parts = [part for part in (last, next_checkpoint_words(status)) if part]
    session = session_words(status.session, holder_is_alive=status.holder_is_alive)
    return "".join(
        [
            head(f"orch · {status.epic_id}", state=status_badge(status)),
            _asked(status.end_asked),
            budget(status.budget),
            _figures(status.budget, status.session, cells_words(status)),
            facts(
                [
                    ("Session", esc(session)),
                    ("Checkpoint", esc("; ".join(parts))),
                    ("Task", esc(one_line(status.task))),
                    ("Baseline", esc(one_line(status.baseline))),
                    ("Blocked", esc(blocker_words(status.blockers))),
                ]
            ),
            remarks(status.remarks),
        ]
    )


@body_of.register
def _(started: said.Started) -> str:
    session = started.session
    gates = started.baseline
    has_bad_gate = gates and any(gate.is_bad for gate in gates.gates)
    parts = [
        head(
            f"orch · {session.epic_id}",
            state=state_badge(session.status, started.budget),
        ),
        budget(started.budget),
        _figures(started.budget, session, ""),
        facts(
            [
                ("Session", esc(session_words(session))),
                ("Checkpoint", esc(_saved(started.checkpoint))),
                ("Baseline", esc(gates.in_one_line() if gates else "")),
            ]
        ),
        body_of(gates) if gates and has_bad_gate else "",
        remarks(started.remarks),
    ]
    if started.brief:
        parts.append(f'<div class="orch-part">{body_of(started.brief)}</div>')
    return "".join(parts)


@body_of.register
def _(ended: said.Ended) -> str:
    session = ended.session
    go_on = code(f"%orch resume --epic {session.epic_id}")
    is_done = session.status is SessionStatus.COMPLETED
    return "".join(
        [
            head(f"orch · {session.epic_id}", state=session_badge(session.status)),
            budget(ended.budget),
            _figures(ended.budget, session, ""),
            facts(
                [
                    ("Session", esc(session_words(session))),
                    ("Reason", esc(one_line(session.reason))),
                    ("Checkpoint", esc(_saved(ended.checkpoint))),
                    ("Go on", "" if is_done else go_on),
                ]
            ),
            remarks(ended.remarks),
        ]
    )


@body_of.register
def _(asked: said.Asked) -> str:
    verb = end_verb(asked.asked)
    return (
        head(f"orch · {asked.epic_id}", state=session_badge(asked.session.status))
        + _asked(asked.asked)
        + facts([("Session", esc(session_words(asked.session))), ("Asked", esc(verb))])
    )


@body_of.register
def _(brief: said.Brief) -> str:
    session = brief.session
    top = head(f"Brief · {brief.epic_id}", state=session_badge(session.status))
    if is_bare(brief):
        return top + line(bare_line(brief)) + remarks(brief.remarks)
    next_step = f'<div class="orch-next"><b>Next:</b> {esc(brief.next_step)}</div>'
    rows = [(fact.name, esc(fact.text)) for fact in facts_of(brief)]
    parts = [section(s) for s in sections_of(brief) if s.title != "Remarks"]
    return top + next_step + facts(rows) + "".join(parts) + remarks(brief.remarks)


def _asked(status: str) -> str:
    """Say that an end is asked for but has not come yet."""
    if not status:
        return ""
    text = f"Asked to {end_verb(status)}; that has not happened yet."
    return mind(text, "calm", "❚❚")


def _saved(saved: said.Saved | None) -> str:
    return checkpoint_words(saved.checkpoint) if saved else ""


def _figures(budget_now: BudgetStatus, session: Session, cells: str) -> str:
    told = [("Spent", exact_usd(budget_now.spent_usd))]
    if budget_now.reserved_usd:
        told.append(("Reserved", exact_usd(budget_now.reserved_usd)))
    if budget_now.remaining_usd is not None:
        told.append(("Remaining", exact_usd(budget_now.remaining_usd)))
    told.append(("This session", exact_usd(session.spent_usd)))
    if cells:
        told.append(("Cells", cells))
    names = [name for name, _ in told]
    return grid(names, [[esc(text) for _, text in told]], css="orch-figures")
