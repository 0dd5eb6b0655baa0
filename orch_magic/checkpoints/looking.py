"""Look at the work tree and the history with Git, and change nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from orch_magic.checkpoints.copies import ROOT
from orch_magic.checkpoints.message import ID_TRAILER
from orch_magic.checkpoints.running import Repository, run_git
from orch_magic.core.work import ChangeType

BIG_BYTES = 10 * 1024 * 1024
"""Files above this size are told apart by size and time; their lines aren't counted."""

MOST_COMMITS = 50

_KINDS: dict[str, ChangeType] = {"A": "created", "D": "deleted", "R": "renamed"}
_TEXT_PROBE = 8000  # where Git itself looks for a NUL to tell binary from text


@dataclass(frozen=True)
class Glance:
    """The state of a work tree."""

    head: str | None
    branch: str | None
    differing: tuple[str, ...]
    """Tracked files that differ from HEAD."""
    untracked: tuple[str, ...]


@dataclass(frozen=True)
class Change:
    """A file that changed."""

    path: str
    kind: ChangeType
    added: int | None = None
    removed: int | None = None
    summary: str = ""
    is_counted: bool = True
    """Whether Git has counted its lines; it does not count those of new files."""


def glance(repository: Repository) -> Glance:
    """See what HEAD is and which files differ from it."""
    args = ["status", "--porcelain=v2", "-z", "--branch"]
    args += ["--untracked-files=all", "--no-renames", "--ignore-submodules=dirty"]
    if repository.top is None:
        args = ["for-each-ref", "--count=0"]
    head: str | None = None
    branch: str | None = None
    differing, untracked = [], []
    for row in run_git(repository, args).text.split("\0"):
        kind, _, rest = row.partition(" ")
        if row.startswith("# branch.oid "):
            head = _unless(row.split(" ", 2)[2], "(initial)")
        elif row.startswith("# branch.head "):
            branch = _unless(row.split(" ", 2)[2], "(detached)")
        elif kind == "?":
            untracked.append(rest)
        elif kind in _FIELDS_BEFORE_PATH:
            differing.append(rest.split(" ", _FIELDS_BEFORE_PATH[kind])[-1])
    return Glance(head, branch, _not_ours(differing), _not_ours(untracked))
