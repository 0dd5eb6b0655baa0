"""Look at the work tree and the history with Git, and change nothing."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from orch_magic.core.work import ChangeType
from orch_magic.repository.copies import ROOT
from orch_magic.repository.message import ID_TRAILER
from orch_magic.repository.readiness import read_head
from orch_magic.repository.running import Repository, run_git

BIG_BYTES = 10 * 1024 * 1024
"""Files above this size are told apart by size and time; their lines aren't counted."""

MOST_COMMITS = 50

_KINDS: dict[str, ChangeType] = {"A": "created", "D": "deleted", "R": "renamed"}
_FIELDS_BEFORE_PATH = {"1": 7, "u": 9}
"""Of a changed and of an unmerged file, in Git's porcelain format 2."""

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
    if repository.top is None:
        bare = read_head(repository)
        return Glance(bare.commit or None, bare.branch or None, (), ())
    args = ["status", "--porcelain=v2", "-z", "--branch"]
    args += ["--untracked-files=all", "--no-renames", "--ignore-submodules=dirty"]
    head: str | None = None
    branch: str | None = None
    differing: list[str] = []
    untracked: list[str] = []
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


def changed_files(repository: Repository, base: str | None) -> tuple[Change, ...]:
    """Compare the work tree with a commit; None: with nothing at all."""
    if repository.top is None:
        return ()
    if base is None:
        nothing = ["hash-object", "-t", "tree", "--stdin"]
        base = run_git(repository, nothing, input=b"").text
    args = ["diff", "--raw", "--numstat", "-z", "-M", "--no-ext-diff", "--no-textconv"]
    ran = run_git(repository, [*args, "--ignore-submodules=dirty", base, "--"])
    kinds: dict[str, tuple[str, str]] = {}
    changes: dict[str, Change] = {}
    tokens = iter(ran.text.split("\0"))
    for token in tokens:
        if token.startswith(":"):
            letter, path = token.rsplit(" ", 1)[1][:1], next(tokens)
            source, path = (path, next(tokens)) if letter == "R" else ("", path)
            kinds.setdefault(path, (letter, source))
        elif token:
            added, removed, path = token.split("\t", 2)
            if not path:  # a rename says its two names after the counts
                next(tokens)
                path = next(tokens)
            letter, source = kinds[path]
            changes[path] = Change(
                path,
                _KINDS.get(letter, "modified"),
                None if added == "-" else int(added),
                None if removed == "-" else int(removed),
                f"renamed from {readable(source)}" if source else "",
            )
    return tuple(changes[path] for path in _not_ours(list(changes)))


def commits_between(
    repository: Repository, base: str | None, head: str | None
) -> tuple[str, ...]:
    """Return the newest commits since a commit, newest first, without our own."""
    if head is None or head == base:
        return ()
    log = ["log", "-z", "--no-show-signature", "--encoding=UTF-8", "--format=%h %s"]
    log += [f"--max-count={MOST_COMMITS}", "--basic-regexp", "--invert-grep"]
    log += [f"--grep=^{ID_TRAILER}: ", f"{base}..{head}" if base else head, "--"]
    rows = run_git(repository, log).out.decode("utf-8", "replace").split("\0")
    return tuple(row for row in rows if row)


def has_commit(repository: Repository, commit: str) -> bool:
    """Whether a commit is still there."""
    asked = ["cat-file", "-e", f"{commit}^{{commit}}"]
    return not run_git(repository, asked, check=False).code


def digest_of(repository: Repository, path: str) -> str:
    """Return what tells a file's content from another: 16 hex digits, or a word."""
    file = _file(repository, path)
    try:
        if file.is_symlink():
            return _short_digest(os.fsencode(file.readlink()))
        if file.is_dir():
            return "folder"
        about = file.stat()
        if about.st_size > BIG_BYTES:
            return f"{about.st_size}-{about.st_mtime_ns}"
        return _short_digest(file.read_bytes())
    except FileNotFoundError:
        return "deleted"
    except OSError:
        return "unreadable"


def is_there(repository: Repository, path: str) -> bool:
    """Whether there is anything at a path."""
    file = _file(repository, path)
    return file.is_symlink() or file.exists()


def lines_of(repository: Repository, path: str) -> int | None:
    """Count a file's lines; None where it is binary, very large or no file."""
    file = _file(repository, path)
    try:
        if file.is_symlink() or file.stat().st_size > BIG_BYTES:
            return None
        content = file.read_bytes()
    except OSError:
        return None
    if b"\0" in content[:_TEXT_PROBE]:
        return None
    return content.count(b"\n") + (not content.endswith(b"\n") and content != b"")


def readable(path: str) -> str:
    """Return a path as text; names that are no UTF-8 lose what can't be shown."""
    return os.fsencode(path).decode("utf-8", "replace")


def _file(repository: Repository, path: str) -> Path:
    return repository.home / path


def _short_digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _unless(text: str, nothing: str) -> str | None:
    return None if text == nothing else readable(text)


def _not_ours(paths: list[str]) -> tuple[str, ...]:
    return tuple(path for path in paths if not f"{path}/".startswith(f"{ROOT}/"))
