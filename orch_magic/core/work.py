"""What a session has done, in the forerunner's words: files, issues, tests, decisions.

These values make up the ``context`` of a checkpoint record. `SessionContext` is
that context: a value, so every change gives a new one.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from orch_magic.core.values import RecordValue, Usd, UtcTime

ChangeType = Literal["created", "modified", "deleted", "renamed"]


class FileChange(RecordValue):
    """A file that changed since the session began."""

    path: str
    """Relative to the top of the repository, with ``/`` between its parts."""
    summary: str = ""
    change_type: ChangeType | str = "modified"
    lines_added: int | None = None
    """None where lines can't be counted: a binary or very large file."""
    lines_removed: int | None = None


class IssueUpdate(RecordValue):
    """An issue whose status changed."""

    issue_id: str
    title: str = ""
    from_status: str = "open"
    to_status: str = "in-progress"
    reason: str | None = None


class CurrentTask(RecordValue):
    """What is being worked on right now."""

    issue_id: str
    issue_title: str = ""
    current_step: str = ""
    progress_percent: float = Field(default=0, ge=0, le=100)
    remaining_work: str = ""
    time_spent_ms: float = Field(default=0, ge=0)


class TestState(RecordValue):
    """The outcome of a test run."""

    __test__ = False  # not a test class, whatever pytest thinks of the name

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    failing_tests: tuple[str, ...] = ()
    duration_ms: float = 0


class Decision(RecordValue):
    """A choice that was made, and why."""

    decision: str
    rationale: str = ""
    alternatives: tuple[str, ...] | None = None
    made_at: UtcTime | None = None


class Failure(RecordValue):
    """Something that was tried and did not work: a cell that raised."""

    error: str
    """The exception's class name."""
    message: str = ""
    cell: str = ""
    """Where: ``In [7]`` and the first line of the cell."""
    at: UtcTime | None = None
    times: int = 1
    """How often the same failure came in a row."""


class CellCount(RecordValue):
    """The cells that ran in this session."""

    run: int = 0
    failed: int = 0
    seconds: float = 0
    last_digest: str = ""
    """First 16 hex digits of the SHA-256 of the last cell's source."""


class SessionContext(RecordValue):
    """All that a checkpoint knows about the work, as one value.

    The fields above the mark carry the forerunner's names; those below are ours.
    Costs are exact US dollars.
    """

    files_modified: tuple[FileChange, ...] = ()
    issues_updated: tuple[IssueUpdate, ...] = ()
    current_task: CurrentTask | None = None
    test_state: TestState | None = None
    agent_notes: str = ""
    blockers: tuple[str, ...] = ()
    decisions: tuple[Decision, ...] = ()
    captured_at: UtcTime | None = None
    convoy_id: str | None = None
    worker_id: str | None = None
    assigned_issues: tuple[str, ...] = ()
    session_number: int = 1
    epic_id: str | None = None
    parent_session_id: str | None = None
    session_cost: Usd = Field(default="0", validate_default=True)
    cumulative_cost: Usd = Field(default="0", validate_default=True)
    budget_remaining: Usd | None = None
    background_pid: int | None = None
    background_started: UtcTime | None = None
    # ours
    budget_limit: Usd | None = None
    failures: tuple[Failure, ...] = ()
    cells: CellCount = CellCount()
    files_left_out: int = 0
    """How many more files changed than are listed."""
    branch: str | None = None
    commits: tuple[str, ...] = ()
    """Commits made on the branch since the session began, newest first: short id
    and subject."""
    baseline: str = ""
    """How the session's baseline ended, in one line; empty where none ran."""


class WorkspaceChanges(RecordValue):
    """What Git says happened in the repository since a session began."""

    head: str | None = None
    branch: str | None = None
    dirty: bool = False
    files: tuple[FileChange, ...] = ()
    files_left_out: int = 0
    """How many more files changed than are listed."""
    commits: tuple[str, ...] = ()
    """Newest first: short id and subject. Our own commits are not among them."""
