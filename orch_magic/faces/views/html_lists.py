"""Lists and small answers as cards: checkpoints, epics, spend, gates, confirmations."""

from __future__ import annotations

from orch_magic.core import reports as said
from orch_magic.core.gates import BaselineReport, GateResult
from orch_magic.core.money import Spend
from orch_magic.core.wording import (
    count_of,
    exact_usd,
    one_line,
    plain,
    show_percent,
    show_seconds,
    show_when,
)
from orch_magic.faces.views.html_parts import (
    badge,
    body_of,
    budget,
    code,
    esc,
    facts,
    fold_out,
    grid,
    head,
    line,
    mind,
    remarks,
    status_of,
    together,
)
from orch_magic.faces.views.words import (
    checkpoint_words,
    gate_badge,
    price_words,
    spend_words,
    usd_in_table,
)


@body_of.register
def _(saved: said.Saved) -> str:
    entry = saved.checkpoint
    branch = saved.published_commit
    return (
        head(f"✓ Checkpoint of {entry.epic_id}")
        + facts(
            [
                ("Checkpoint", esc(checkpoint_words(entry))),
                ("Spent", esc(exact_usd(entry.spent_usd)) if entry.spent_usd else ""),
                ("On the branch", code(branch[:7]) if branch else ""),
            ]
        )
        + remarks(saved.remarks)
    )


@body_of.register
def _(listing: said.Listing) -> str:
    title = head(f"Checkpoints of {listing.epic_id}")
    if not listing.checkpoints:
        return title + line("None yet. Make one: %orch checkpoint")
    rows = [
        (
            together(code(one_line(entry.id, 80))),
            together(esc(show_when(entry.at))),
            str(entry.session_number),
            "" if entry.spent_usd is None else esc(usd_in_table(entry.spent_usd)),
            esc(one_line(entry.reason)),
        )
        for entry in listing.checkpoints
    ]
    heads = ("Checkpoint", "Made", "Session", "Spent", "Reason")
    return title + grid(heads, rows, figures=frozenset({2, 3}))


@body_of.register
def _(epics: said.Epics) -> str:
    if not epics.epics:
        return head("Epics") + line("None yet. Start one: %orch start --epic NAME")
    rows = []
    for epic in epics.epics:
        limit = epic.budget.limit_usd
        rows.append(
            (
                f"<b>{esc(epic.epic_id)}</b>",
                status_of(epic.status),
                str(epic.sessions),
                esc(usd_in_table(epic.budget.spent_usd)),
                "none" if limit is None else esc(usd_in_table(limit)),
                "" if limit is None else esc(show_percent(epic.budget.fraction)),
                together(esc(show_when(epic.last_at))) if epic.last_at else "",
            )
        )
    heads = ("Epic", "State", "Sessions", "Spent", "Limit", "Used", "Last")
    return head("Epics") + grid(heads, rows, figures=frozenset({2, 3, 4, 5}))


@body_of.register
def _(report: said.SpendReport) -> str:
    parts = [head(f"Spend · {report.epic_id}"), budget(report.budget)]
    if report.newest:
        parts.append(line(f"Written down {spend_words(report.newest)}"))
    for name, sums in (
        ("model", report.by_model),
        ("session", report.by_session),
        ("issue", report.by_issue),
    ):
        if sums:
            inside = _sums(name.capitalize(), sums)
            parts.append(fold_out(f"By {name}", inside, is_open=name == "model"))
    return "".join(parts)


@body_of.register
def _(spend: Spend) -> str:
    return head("Spend") + line(f"Written down {spend_words(spend)}")


@body_of.register
def _(written: said.Written) -> str:
    what = f"✓ {written.what.capitalize()} of {written.epic_id}"
    return head(what) + line(one_line(written.text))


@body_of.register
def _(priced: said.Priced) -> str:
    return head("✓ Price declared") + line(price_words(priced))


@body_of.register
def _(answer: said.BudgetSet) -> str:
    whose = f" · {answer.budget.epic_id}" if answer.budget.epic_id else ""
    end = "just changed" if answer.changed else ""
    return head(f"Budget{whose}", end=end) + budget(answer.budget)


@body_of.register
def _(warned: said.Warned) -> str:
    return head(f"Budget · {warned.budget.epic_id or ''}") + budget(warned.budget)


@body_of.register
def _(trouble: said.Trouble) -> str:
    text = f"{one_line(trouble.error, 600)} It is tried again."
    return head(f"orch · {trouble.epic_id}") + remarks((text,))


@body_of.register
def _(verified: said.Verified) -> str:
    mark, word = ("✓", "is sound") if verified.is_sound else ("✗", "has problems")
    held = (
        ("Checkpoints", f"{verified.checkpoints:,}"),
        ("Spends", f"{verified.spends:,}"),
        ("Problems", f"{len(verified.problems):,}"),
    )
    problems = [mind(one_line(text, 600), "bad", "✗") for text in verified.problems]
    title = head(f"{mark} Epic {verified.epic_id} {word}")
    return title + facts(held) + "".join(problems)


@body_of.register
def _(deleted: said.Deleted) -> str:
    gone = count_of(deleted.checkpoints, "checkpoint")
    back = deleted.how_to_get_back
    how = code(one_line(back, 600)) if back else ""
    title = head(f"{gone} of {deleted.epic_id} deleted")
    return title + facts([("To get them back", how)])


@body_of.register
def _(report: BaselineReport) -> str:
    if not report.gates:
        return head("Baseline") + line("No gate is configured.")
    rows = [
        (
            esc(gate.gate),
            badge(gate_badge(gate.outcome)) + (" mended" if gate.fixed_itself else ""),
            esc(show_seconds(gate.seconds)) if gate.seconds else "",
            code(one_line(gate.command)) if gate.command else "",
        )
        for gate in report.gates
    ]
    heads = ("Gate", "Outcome", "Took", "Command")
    tails = [_tail(gate) for gate in report.gates if gate.is_bad]
    table = grid(heads, rows, figures=frozenset({2}))
    return head("Baseline") + table + "".join(tails)


def _sums(name: str, sums: tuple[said.SpendLine, ...]) -> str:
    rows = [
        (
            esc(one_line(part.name, 120) or "(none)"),
            f"{part.calls:,}",
            f"{part.input_tokens:,}",
            f"{part.output_tokens:,}",
            esc(usd_in_table(part.usd)),
        )
        for part in sums
    ]
    heads = (name, "Calls", "Tokens in", "Tokens out", "Spent")
    return grid(heads, rows, figures=frozenset({1, 2, 3, 4}))


def _tail(gate: GateResult) -> str:
    lines = (plain(text).rstrip() for text in gate.output_tail.splitlines())
    said_last = "\n".join(lines).strip("\n")
    if not said_last:
        return ""
    shown = f"<pre>{esc(said_last)}</pre>"
    return fold_out(f"What {gate.gate} said last", shown, is_open=True)
