"""What Git says of the user's work; it is only looked at.

`GitWorkspace` is the `orch_magic.core.ports.Workspace` of a repository. The files
of our own folder are nobody's work and never appear.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from orch_magic.core.sessions import WorkspaceMark
from orch_magic.core.work import FileChange, TestState, WorkspaceChanges
from orch_magic.repository.looking import (
    Change,
    Glance,
    changed_files,
    commits_between,
    digest_of,
    glance,
    has_commit,
    is_there,
    lines_of,
    readable,
)
from orch_magic.repository.running import Repository
from orch_magic.repository.testruns import newest_run

MOST_DIRTY = 2_000
"""How many files that already differ a mark remembers."""

MOST_LISTED = 200
"""How many changed files are listed; the rest are counted."""


class GitWorkspace:
    """The work tree of a repository; may be shared by threads.

    Args:
        repository: where.
    """

    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    def mark(self) -> WorkspaceMark:
        """Describe the repository as it is now."""
        now = glance(self._repository)
        differing = sorted({*now.differing, *now.untracked})[:MOST_DIRTY]
        dirty = {readable(p): digest_of(self._repository, p) for p in differing}
        return WorkspaceMark(head=now.head, branch=now.branch, dirty=dirty)

    def changes_since(self, mark: WorkspaceMark) -> WorkspaceChanges:
        """Say what has happened since.

        Files that differed at the mark and have not changed since are left out. A
        mark whose commit is gone is compared with HEAD instead.
        """
        now = glance(self._repository)
        base = mark.head
        if base and base != now.head and not has_commit(self._repository, base):
            base = now.head
        changes = sorted(self._changes(now, base, mark), key=lambda change: change.path)
        commits = commits_between(self._repository, base, now.head)
        return WorkspaceChanges(
            head=now.head,
            branch=now.branch,
            dirty=bool(now.differing),
            files=tuple(self._describe(change) for change in changes[:MOST_LISTED]),
            files_left_out=max(len(changes) - MOST_LISTED, 0),
            commits=commits,
        )

    def last_test_run(self, since: datetime) -> TestState | None:
        """Read the report that a test run after ``since`` has left, if any."""
        top = self._repository.top
        return newest_run(top, since) if top else None

    def _changes(
        self, now: Glance, base: str | None, mark: WorkspaceMark
    ) -> Iterator[Change]:
        known = set()
        for change in changed_files(self._repository, base):
            known.add(readable(change.path))
            if not self._is_as_marked(change.path, mark):
                yield change
        for path in now.untracked:
            known.add(readable(path))
            if readable(path) not in mark.dirty:
                yield Change(path, "created", is_counted=False)
            elif not self._is_as_marked(path, mark):
                yield Change(path, "modified")
        # Files that Git never knew, and that are gone: only the mark tells of them.
        for path, was in mark.dirty.items():
            if path in known or was == "deleted":
                continue
            if not is_there(self._repository, path):
                yield Change(path, "deleted")

    def _is_as_marked(self, path: str, mark: WorkspaceMark) -> bool:
        was = mark.dirty.get(readable(path))
        return was is not None and was == digest_of(self._repository, path)

    def _describe(self, change: Change) -> FileChange:
        added, removed = change.added, change.removed
        if not change.is_counted:
            added = lines_of(self._repository, change.path)
            removed = None if added is None else 0
        return FileChange(
            path=readable(change.path),
            summary=change.summary,
            change_type=change.kind,
            lines_added=added,
            lines_removed=removed,
        )
