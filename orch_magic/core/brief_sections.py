"""What a brief says, as facts and short lists, before it becomes Markdown or a card.

Every view of a brief is made of these, so all of them say the same. Lists keep what
is newest or matters most, and say how many entries were left out.
"""

from __future__ import annotations

from collections.abc import Sequence

from orch_magic.core.money import BudgetStatus
from orch_magic.core.reports import Brief
from orch_magic.core.sessions import Session
from orch_magic.core.values import Value
from orch_magic.core.wording import (
    count_of,
    cut,
    exact_usd,
    one_line,
    show_percent,
    show_seconds,
    show_when,
)
from orch_magic.core.work import CurrentTask, FileChange, IssueUpdate, SessionContext

MOST_LISTED = 10
"""How many entries of a list are shown."""

DONE_STATUSES = frozenset({"done", "closed", "completed", "resolved", "cancelled"})
"""Statuses of an issue that nobody has to work on any more."""


class Fact(Value):
    """One thing that is so: a name and what it is, as plain text in one line."""

    name: str
    text: str


class Entry(Value):
    """One line of a list, as plain text."""

    what: str
    aside: str = ""
    """Said in brackets, such as how often or what kind."""
    detail: str = ""
    is_code: bool = False
    """Whether ``what`` is a path, a name or an id rather than prose."""


class Section(Value):
    """A list under a heading."""

    title: str
    entries: tuple[Entry, ...]
    left_out: int = 0
    """How many more there are."""
    is_pressing: bool = False
    """Whether to read it before doing anything."""

    is_counted: bool = True
    """Whether its entries are things of one kind, so that their number means much."""

    @property
    def counted_title(self) -> str:
        """The title, with how many there are, shown or not."""
        total = len(self.entries) + self.left_out
        return f"{self.title} ({total:,})" if self.is_counted else self.title


def facts_of(brief: Brief) -> tuple[Fact, ...]:
    """Say where the epic stands: session, checkpoint, budget."""
    facts = [Fact(name="Session", text=session_line(brief.session))]
    if brief.checkpoint:
        entry = brief.checkpoint
        commit = f" (commit {entry.commit[:7]})" if entry.commit else ""
        reason = f": {one_line(entry.reason)}" if entry.reason else ""
        text = f"{one_line(entry.id, 80)}{commit}, {show_when(entry.at)}{reason}"
        facts.append(Fact(name="Checkpoint", text=text))
    else:
        facts.append(Fact(name="Checkpoint", text="none was made"))
    own = exact_usd(brief.session.spent_usd)
    facts.append(
        Fact(name="Budget", text=f"{budget_line(brief.budget)}; this session {own}")
    )
    return tuple(facts)


def session_line(session: Session) -> str:
    """Say of a session its number, status, times and reason."""
    status = session.status.value.replace("_", " ")
    times = f"started {show_when(session.started_at)}"
    if session.ended_at and session.ended_at != session.started_at:
        times += f", ended {show_when(session.ended_at)}"
    reason = f": {one_line(session.reason)}" if session.reason else ""
    return f"{session.number}, {status}, {times}{reason}"


def budget_line(budget: BudgetStatus) -> str:
    """Say of a budget what it was, what is consumed and what remains, exactly."""
    consumed = f"{exact_usd(budget.spent_usd)} consumed"
    if budget.limit_usd is None:
        return f"no limit, {consumed}"
    parts = [f"{exact_usd(budget.limit_usd)} initial", consumed]
    if budget.reserved_usd:
        parts.append(f"{exact_usd(budget.reserved_usd)} reserved")
    if budget.remaining_usd is not None:
        parts.append(f"{exact_usd(budget.remaining_usd)} remaining")
    return f"{', '.join(parts)} ({show_percent(budget.fraction)} used)"


def sections_of(brief: Brief) -> tuple[Section, ...]:
    """List what is known of the work; sections with nothing to say are left out."""
    context = brief.context
    sections = (
        _section(
            "Current task", _task(context.current_task), pressing=True, counted=False
        ),
        _section("What didn't work (do not repeat)", _failures(context), pressing=True),
        _failing_tests(context),
        _section(
            "Blockers",
            [Entry(what=one_line(b)) for b in context.blockers if b],
            pressing=True,
        ),
        _section("Decisions", _decisions(context)),
        _section("Issues", _issues(context.issues_updated)),
        _files(context),
        _section("Commits", [Entry(what=one_line(c)) for c in context.commits]),
        _section("Notes", _notes(context)),
        _section("Run", _run(context), counted=False),
        _section(
            "Remarks",
            [Entry(what=one_line(remark, 600)) for remark in brief.remarks],
            most=len(brief.remarks),
            pressing=True,
        ),
    )
    return tuple(section for section in sections if section.entries)


def open_issues(issues: Sequence[IssueUpdate]) -> tuple[IssueUpdate, ...]:
    """Return the issues that are not done, the newest first."""
    return tuple(i for i in reversed(issues) if i.to_status not in DONE_STATUSES)


def task_name(task: CurrentTask) -> str:
    """Return a task's id and title in one line."""
    return one_line(f"{task.issue_id} {task.issue_title}") or "the current task"


def _section(
    title: str,
    entries: Sequence[Entry],
    *,
    most: int = MOST_LISTED,
    more: int = 0,
    pressing: bool = False,
    counted: bool = True,
) -> Section:
    kept, left_out = cut([entry for entry in entries if entry.what], most)
    return Section(
        title=title,
        entries=kept,
        left_out=left_out + more,
        is_pressing=pressing,
        is_counted=counted,
    )


def _task(task: CurrentTask | None) -> list[Entry]:
    if task is None:
        return []
    told = [
        ("Step", one_line(task.current_step)),
        ("Remains", one_line(task.remaining_work)),
    ]
    spent = show_seconds(task.time_spent_ms / 1000) if task.time_spent_ms else ""
    done = f"{task.progress_percent:g}% done"
    aside = ", ".join(part for part in (done, spent) if part)
    first = Entry(what=task_name(task), aside=aside)
    return [first, *(Entry(what=n, detail=text) for n, text in told if text)]


def _failures(context: SessionContext) -> list[Entry]:
    entries = []
    for failure in reversed(context.failures):
        asides = [one_line(failure.cell, 120)]
        if failure.times > 1:
            asides.append(f"{failure.times} times")
        if failure.at:
            asides.append(show_when(failure.at))
        entries.append(
            Entry(
                what=one_line(failure.error, 120) or "Failure",
                aside=", ".join(aside for aside in asides if aside),
                detail=one_line(failure.message),
                is_code=True,
            )
        )
    return entries


def _failing_tests(context: SessionContext) -> Section:
    tests = context.test_state
    names = tests.failing_tests if tests else ()
    entries = [Entry(what=one_line(name), is_code=True) for name in names]
    unnamed = max(tests.failed - len(names), 0) if tests else 0
    if unnamed and not entries:
        entries = [Entry(what=f"{count_of(unnamed, 'test')}, not named in the report")]
        unnamed = 0
    return _section("Failing tests", entries, more=unnamed, pressing=True)


def _decisions(context: SessionContext) -> list[Entry]:
    return [
        Entry(
            what=one_line(decision.decision),
            aside=one_line(f"not {' or '.join(decision.alternatives)}")
            if decision.alternatives
            else "",
            detail=one_line(decision.rationale),
        )
        for decision in reversed(context.decisions)
    ]


def _issues(issues: Sequence[IssueUpdate]) -> list[Entry]:
    still_open = open_issues(issues)
    done = [i for i in reversed(issues) if i.to_status in DONE_STATUSES]
    return [
        Entry(
            what=one_line(f"{issue.issue_id} {issue.title}"),
            aside=one_line(f"{issue.from_status} → {issue.to_status}", 80),
            detail=one_line(issue.reason or ""),
        )
        for issue in (*still_open, *done)
    ]


def _files(context: SessionContext) -> Section:
    files: Sequence[FileChange] = context.files_modified
    if len(files) > MOST_LISTED:
        # The largest changes stay, in the order they came in.
        by_size = sorted(files, key=_lines_changed, reverse=True)
        kept = {id(file) for file in by_size[:MOST_LISTED]}
        files = [file for file in files if id(file) in kept]
    more = len(context.files_modified) - len(files) + context.files_left_out
    return _section("Files changed", [_file(file) for file in files], more=more)


def _file(file: FileChange) -> Entry:
    added, removed = file.lines_added, file.lines_removed
    asides = [one_line(file.change_type, 40)]
    if added is not None or removed is not None:
        asides.append(f"+{added or 0} -{removed or 0}")
    return Entry(
        what=one_line(file.path),
        aside=", ".join(asides),
        detail=one_line(file.summary),
        is_code=True,
    )


def _lines_changed(file: FileChange) -> int:
    return (file.lines_added or 0) + (file.lines_removed or 0)


def _notes(context: SessionContext) -> list[Entry]:
    lines = context.agent_notes.splitlines()
    return [Entry(what=one_line(line)) for line in reversed(lines)]


def _run(context: SessionContext) -> list[Entry]:
    """Say how the session went, in figures."""
    cells, tests, told = context.cells, context.test_state, []
    if cells.run:
        ran = f"{cells.run} run, {cells.failed} failed, {show_seconds(cells.seconds)}"
        told.append(("Cells", ran))
    if tests and (tests.passed or tests.failed or tests.skipped):
        counts = (
            f"{tests.passed} passed, {tests.failed} failed, {tests.skipped} skipped"
        )
        took = (
            f", {show_seconds(tests.duration_ms / 1000)}" if tests.duration_ms else ""
        )
        told.append(("Tests", counts + took))
    told += [
        ("Baseline", context.baseline),
        ("Branch", context.branch or ""),
        ("Convoy", context.convoy_id or ""),
        ("Worker", context.worker_id or ""),
        ("Assigned issues", ", ".join(context.assigned_issues)),
    ]
    if context.background_pid is not None:
        began = context.background_started
        since = f", started {show_when(began)}" if began else ""
        told.append(("Background process", f"pid {context.background_pid}{since}"))
    return [Entry(what=name, detail=one_line(text)) for name, text in told if text]
