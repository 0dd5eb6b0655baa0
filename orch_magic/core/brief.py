"""The brief: what a person, or an agent, reads before going on with an epic.

Made from a checkpoint's record alone, or from fresher facts of the ledger. No model
is asked for it. `brief_markdown` is read in 30 seconds: the next step comes first.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from orch_magic.core.brief_sections import (
    Entry,
    Section,
    facts_of,
    open_issues,
    sections_of,
    session_line,
    task_name,
)
from orch_magic.core.events import EpicRestored
from orch_magic.core.fold import EpicState, fold
from orch_magic.core.money import BudgetStatus
from orch_magic.core.record import CheckpointRecord
from orch_magic.core.reports import Brief, CheckpointEntry
from orch_magic.core.sessions import Session
from orch_magic.core.wording import (
    as_sentence,
    count_of,
    exact_usd,
    one_line,
    show_when,
)
from orch_magic.core.work import SessionContext, TestState

NOTHING_NEXT = (
    "Nothing was written down as next. What helps: %orch note TEXT, or "
    "%orch issue ID TITLE."
)
"""What the next step says where nobody left one."""


def brief_of(
    record: CheckpointRecord,
    *,
    entry: CheckpointEntry | None = None,
    session: Session | None = None,
    budget: BudgetStatus | None = None,
    context: SessionContext | None = None,
    remarks: Sequence[str] = (),
) -> Brief:
    """Compose a brief from a record; each argument replaces what the record says.

    Args:
        record: the newest intact checkpoint.
        entry: where that checkpoint is kept.
        session: the session to tell of, as the ledger knows it.
        budget: how the budget stands now.
        context: what the session did, where that is known better than the record.
        remarks: what the reader should know besides, a line each.
    """
    restored = EpicRestored(epic_id=record.epic_id, at=record.timestamp, record=record)
    state = fold(EpicState(epic_id=record.epic_id), restored)
    told = context or record.context
    return Brief(
        epic_id=record.epic_id,
        next_step=next_step(told),
        session=session or _session_in(state, record.session_id),
        checkpoint=entry or _entry_of(record),
        budget=budget or state.budget(),
        context=told,
        remarks=tuple(remarks),
    )


def next_step(context: SessionContext) -> str:
    """Say in one sentence what to do next.

    The current task comes first, then failing tests, the first blocker, the last
    failure and the open issues; where there is none of these, it says so.
    """
    if task := context.current_task:
        step = one_line(task.current_step)
        remains = one_line(task.remaining_work)
        parts = [f"Go on with {task_name(task)}"]
        if step:
            parts.append(f": {step.rstrip('.')}")
        if remains:
            parts.append(f"; what remains: {remains}")
        return as_sentence("".join(parts), most=800)
    if context.test_state and _failed(context.test_state):
        return _mend_tests(context.test_state)
    if context.blockers:
        return as_sentence(f"Clear the blocker: {one_line(context.blockers[0])}")
    if context.failures:
        last = context.failures[-1]
        cell = f" in {one_line(last.cell, 120)}" if last.cell else ""
        message = f": {one_line(last.message)}" if last.message else ""
        return as_sentence(
            f"Look into the {one_line(last.error, 120)}{cell}{message}", most=600
        )
    if still_open := open_issues(context.issues_updated):
        first, others = still_open[0], len(still_open) - 1
        more = f" ({count_of(others, 'more issue')} open)" if others else ""
        name = one_line(f"{first.issue_id} {first.title}")
        return as_sentence(f"Take up {name}{more}", most=400)
    return NOTHING_NEXT


def has_resumable_context(told: CheckpointRecord | SessionContext) -> bool:
    """Whether there is anything worth showing before going on."""
    context = told.context if isinstance(told, CheckpointRecord) else told
    tests = context.test_state
    return bool(
        context.current_task
        or (tests and _failed(tests))
        or context.blockers
        or context.failures
        or context.issues_updated
        or context.decisions
        or context.agent_notes.strip()
        or context.files_modified
        or context.files_left_out
        or context.commits
        or context.assigned_issues
        or context.cumulative_cost
        or context.cells.run
    )


def is_bare(brief: Brief) -> bool:
    """Whether a brief has nothing to say but which session there was."""
    return not (has_resumable_context(brief.context) or brief.budget.spent_usd)


def bare_line(brief: Brief) -> str:
    """Say in one line that there is nothing to say, and which session there was."""
    return f"Nothing was written down yet (session {session_line(brief.session)})."


def brief_markdown(brief: Brief) -> str:
    """Write a brief as Markdown, an entry a line, the next step first."""
    heading = f"# Brief of epic {brief.epic_id}\n"
    sections = sections_of(brief)
    if is_bare(brief):
        lines = [heading, _escape(bare_line(brief)), ""]
        sections = tuple(section for section in sections if section.title == "Remarks")
    else:
        facts = [f"- **{fact.name}:** {_escape(fact.text)}" for fact in facts_of(brief)]
        lines = [heading, f"**Next:** {_escape(brief.next_step)}", "", *facts, ""]
    for section in sections:
        lines += _section_lines(section)
    return "\n".join(lines)


def checkpoint_summary(record: CheckpointRecord) -> str:
    """Say in a few readable lines which checkpoint this is and what it holds."""
    context = record.context
    when = f"{show_when(record.timestamp)} in session {record.session_number}"
    lines = [
        f"Checkpoint {one_line(record.id)} of epic {record.epic_id}",
        f"  made      {when}",
    ]
    if record.reason:
        lines.append(f"  reason    {one_line(record.reason)}")
    if record.git_commit:
        lines.append(f"  HEAD      {one_line(record.git_commit)[:7]}")
    remaining = context.budget_remaining
    left = f", {exact_usd(remaining)} remaining" if remaining is not None else ""
    lines.append(f"  cost      {exact_usd(context.cumulative_cost)}{left}")
    if context.current_task:
        lines.append(f"  task      {task_name(context.current_task)}")
    files = len(context.files_modified) + context.files_left_out
    counts = (
        (files, "file changed", "files changed"),
        (len(context.blockers), "blocker", "blockers"),
        (len(context.decisions), "decision", "decisions"),
        (len(context.failures), "failure", "failures"),
    )
    held = [f"{n} {one if n == 1 else many}" for n, one, many in counts if n]
    if held:
        lines.append(f"  holds     {', '.join(held)}")
    return "\n".join(lines)


def _session_in(state: EpicState, session_id: str) -> Session:
    known = [session for session in state.sessions if session.id == session_id]
    return (known or list(state.sessions))[-1]


def _entry_of(record: CheckpointRecord) -> CheckpointEntry:
    return CheckpointEntry(
        id=record.id,
        epic_id=record.epic_id,
        at=record.timestamp,
        session_number=record.session_number,
        reason=record.reason,
        spent_usd=record.context.cumulative_cost,
    )


def _failed(tests: TestState) -> int:
    return max(tests.failed, len(tests.failing_tests))


def _mend_tests(tests: TestState) -> str:
    failed = _failed(tests)
    if not tests.failing_tests:
        return f"Make the {count_of(failed, 'failing test')} pass."
    more = f" (and {failed - 1} more)" if failed > 1 else ""
    return as_sentence(
        f"Make the failing test pass: {one_line(tests.failing_tests[0])}{more}", 400
    )


def _section_lines(section: Section) -> list[str]:
    lines = [f"## {section.counted_title}", "", *map(_entry_line, section.entries)]
    if section.left_out:
        lines.append(f"- and {section.left_out:,} more")
    return [*lines, ""]


def _entry_line(entry: Entry) -> str:
    what = _code(entry.what) if entry.is_code else _escape(entry.what)
    aside = f" ({_escape(entry.aside)})" if entry.aside else ""
    detail = f": {_escape(entry.detail)}" if entry.detail else ""
    return f"- {what}{aside}{detail}"


def _code(text: str) -> str:
    """Quote a text as code with more backticks than it holds in a row."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


_SPEAKS = re.compile(
    r"[`*<]|~(?=~)|(?<=~)~"  # code, emphasis, HTML, strike-through
    r"|(?<![^\W_])_|_(?![^\W_])"  # emphasis; snake_case is left as it is
    r"|(?<=\])\("  # the target of a link
    r"|&(?=#?\w+;)"  # an entity
    r"|\\(?=[!-/:-@\[-`{-~]|$)"  # a backslash that would swallow what follows
    r"|^(?:[#>+=|\[-]|\d{1,9}(?=[.)]))"  # what only means something at the start
)


def _escape(text: str) -> str:
    """Keep Markdown from seeing anything in a line of text."""
    return _SPEAKS.sub(_quiet, text)


def _quiet(match: re.Match[str]) -> str:
    mark = match.group()
    # A number that would begin a list is disarmed behind it: 1\.
    return f"{mark}\\" if mark.isdigit() else f"\\{mark}"
