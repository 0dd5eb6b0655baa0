"""Lists and small answers as text: checkpoints, epics, spend, gates, confirmations."""

from __future__ import annotations

from orch_magic.core import reports as said
from orch_magic.core.gates import BaselineReport, GateResult
from orch_magic.core.money import Spend
from orch_magic.core.wording import (
    count_of,
    one_line,
    plain,
    show_percent,
    show_seconds,
)
from orch_magic.faces.views.layout import budget_words, cut_to, table, wrap
from orch_magic.faces.views.text_base import lines_of, minded
from orch_magic.faces.views.words import (
    checkpoint_words,
    gate_badge,
    price_words,
    session_badge,
    spend_words,
    usd_in_table,
)

MOST_TAIL_LINES = 15
"""How many of the last lines of a failed gate are shown."""


@lines_of.register
def _(saved: said.Saved, width: int) -> list[str]:
    words = checkpoint_words(saved.checkpoint)
    lines = wrap(f"✓ Checkpoint {words}", width, indent="  ")
    if saved.published_commit:
        lines.append(f"  on the branch as commit {saved.published_commit[:7]}")
    return lines + minded(saved.remarks, None, width)


@lines_of.register
def _(listing: said.Listing, width: int) -> list[str]:
    if not listing.checkpoints:
        line = f"Epic {listing.epic_id} has no checkpoint. Make one: %orch checkpoint"
        return wrap(line, width)
    heads = ("checkpoint", "made (UTC)", "spent", "reason")
    rows = [
        (
            one_line(entry.id, 80),
            f"{entry.at:%Y-%m-%d %H:%M}",
            "" if entry.spent_usd is None else usd_in_table(entry.spent_usd),
            one_line(entry.reason),
        )
        for entry in listing.checkpoints
    ]
    title = f"{count_of(len(rows), 'checkpoint')} of epic {listing.epic_id}"
    drawn = table(heads, rows, width, figures=frozenset({2}), cut_first=3)
    return [*wrap(title, width), *drawn]


@lines_of.register
def _(epics: said.Epics, width: int) -> list[str]:
    if not epics.epics:
        return wrap("No epic yet. Start one: %orch start --epic NAME", width)
    heads = ("epic", "state", "sessions", "spent", "limit", "used", "last (UTC)")
    rows = [
        (
            epic.epic_id,
            str(session_badge(epic.status)) if epic.status else "no session",
            str(epic.sessions),
            usd_in_table(epic.budget.spent_usd),
            "none"
            if epic.budget.limit_usd is None
            else usd_in_table(epic.budget.limit_usd),
            "" if epic.budget.limit_usd is None else show_percent(epic.budget.fraction),
            f"{epic.last_at:%Y-%m-%d %H:%M}" if epic.last_at else "",
        )
        for epic in epics.epics
    ]
    return table(heads, rows, width, figures=frozenset({2, 3, 4, 5}))


@lines_of.register
def _(report: said.SpendReport, width: int) -> list[str]:
    lines = []
    if report.newest:
        lines += lines_of(report.newest, width)
    lines += wrap(f"Spend of epic {report.epic_id}", width)
    lines += wrap(f"  {budget_words(report.budget)}", width, indent="  ")
    for name, sums in (
        ("model", report.by_model),
        ("session", report.by_session),
        ("issue", report.by_issue),
    ):
        if sums:
            lines += ["", *_sums(name, sums, width)]
    return lines + minded((), report.budget, width)


@lines_of.register
def _(spend: Spend, width: int) -> list[str]:
    return wrap(f"Written down {spend_words(spend)}", width, indent="  ")


@lines_of.register
def _(written: said.Written, width: int) -> list[str]:
    what = written.what.capitalize()
    text = one_line(written.text)
    return wrap(f"✓ {what} of epic {written.epic_id}: {text}", width, indent="  ")


@lines_of.register
def _(priced: said.Priced, width: int) -> list[str]:
    return wrap(f"✓ {price_words(priced)}", width, indent="  ")


@lines_of.register
def _(answer: said.BudgetSet, width: int) -> list[str]:
    budget = answer.budget
    whose = f" of epic {budget.epic_id}" if budget.epic_id else ""
    is_now = "is now" if answer.changed else "is"
    lines = wrap(f"The budget{whose} {is_now}", width)
    lines += wrap(f"  {budget_words(budget)}", width, indent="  ")
    return lines + minded((), budget, width)


@lines_of.register
def _(warned: said.Warned, width: int) -> list[str]:
    lines = wrap(budget_words(warned.budget), width, indent="  ")
    return lines + minded((), warned.budget, width)


@lines_of.register
def _(trouble: said.Trouble, width: int) -> list[str]:
    text = f"Epic {trouble.epic_id}: {trouble.error} It is tried again."
    return minded((text,), None, width)


@lines_of.register
def _(verified: said.Verified, width: int) -> list[str]:
    held = (
        f"{count_of(verified.checkpoints, 'checkpoint')}, "
        f"{count_of(verified.spends, 'spend')}"
    )
    if verified.is_sound:
        return wrap(f"✓ Epic {verified.epic_id} is sound: {held}.", width, indent="  ")
    found = count_of(len(verified.problems), "problem")
    lines = wrap(f"✗ Epic {verified.epic_id} has {found} ({held}):", width, indent="  ")
    return lines + minded(verified.problems, None, width)


@lines_of.register
def _(deleted: said.Deleted, width: int) -> list[str]:
    gone = count_of(deleted.checkpoints, "checkpoint")
    lines = wrap(f"{gone} of epic {deleted.epic_id} deleted.", width, indent="  ")
    if deleted.how_to_get_back:
        # On a line of its own, so that it can be taken whole.
        lines += ["  To get them back:"]
        back = f"    {one_line(deleted.how_to_get_back, 600)}"
        lines += wrap(back, width, indent="    ")
    return lines


@lines_of.register
def _(report: BaselineReport, width: int) -> list[str]:
    if not report.gates:
        return ["No gate is configured."]
    heads = ("gate", "outcome", "took", "command")
    rows = [
        (
            gate.gate,
            str(gate_badge(gate.outcome)) + (" (mended)" if gate.fixed_itself else ""),
            show_seconds(gate.seconds) if gate.seconds else "",
            one_line(gate.command),
        )
        for gate in report.gates
    ]
    lines = table(heads, rows, width, cut_first=3)
    for gate in report.gates:
        if gate.is_bad and gate.output_tail.strip():
            lines += ["", *_tail(gate, width)]
    return lines


def _sums(name: str, sums: tuple[said.SpendLine, ...], width: int) -> list[str]:
    rows = [
        (
            one_line(line.name, 120) or "(none)",
            f"{line.calls:,}",
            f"{line.input_tokens:,}",
            f"{line.output_tokens:,}",
            usd_in_table(line.usd),
        )
        for line in sums
    ]
    heads = (name, "calls", "tokens in", "tokens out", "spent")
    return table(heads, rows, width, figures=frozenset({1, 2, 3, 4}))


def _tail(gate: GateResult, width: int) -> list[str]:
    lines = [plain(line).rstrip() for line in gate.output_tail.splitlines()]
    shown = lines[-MOST_TAIL_LINES:]
    return [f"{gate.gate}:", *(cut_to(f"  {line}", width) for line in shown)]
