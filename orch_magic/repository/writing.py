"""Write a commit with one `git fast-import`: no index, no HEAD, no hook, no signature.

One process stores everything and moves the ref last, and only if the ref still is
where the commit's parent is. Every part says its length first, and ``done`` comes
last: a writer that dies in the middle leaves nothing, not even an empty object.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from orch_magic.core.errors import CheckpointProblem
from orch_magic.repository.running import Ran, Repository, run_git


@dataclass(frozen=True)
class Commit:
    """A commit to be written."""

    ref: str
    parent: str | None
    message: str
    seconds: int
    """When, in seconds since 1970."""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """Path to content: these files are all it holds."""
    blobs: Mapping[str, str] = field(default_factory=dict)
    """Path to the id of a stored object: these are put beside what the parent has."""


@dataclass(frozen=True)
class Written:
    """What came of it."""

    commit: str
    """Its id; empty where nothing was written."""
    moved: bool
    """Whether the ref is at it now."""
    ran: Ran


def write_commit(
    repository: Repository, commit: Commit, *, as_pack: bool = False
) -> Written:
    """Write a commit and move its ref from the commit's parent to it.

    Args:
        repository: where.
        commit: what.
        as_pack: store one pack, which `git prune` leaves alone, and not the few
            loose objects that Git would make of it.
    """
    options = ("-c", "fastimport.unpackLimit=0") if as_pack else ()
    ran = run_git(
        repository,
        [*options, "fast-import", "--quiet"],
        input=_stream(commit, repository.identity),
        durable=True,
        check=False,
        error=CheckpointProblem,
    )
    if ran.code:
        # Git leaves a report of what it did not like beside the user's HEAD.
        report = repository.git_dir / f"fast_import_crash_{ran.pid}"
        report.unlink(missing_ok=True)
    return Written(ran.text.strip(), not ran.code, ran)


def _stream(commit: Commit, identity: str) -> bytes:
    who = f"{identity} {commit.seconds} +0000"
    parts: list[str | bytes] = [
        f"feature done\ncommit {commit.ref}\nmark :1\n",
        f"author {who}\ncommitter {who}\n",
        _data(commit.message.encode()),
    ]
    if commit.parent:
        parts.append(f"from {commit.parent}\n")
    if commit.files:
        parts.append("deleteall\n")
    for path, content in commit.files.items():
        parts += [f"M 100644 inline {path}\n", _data(content)]
    parts += [f"M 100644 {blob} {path}\n" for path, blob in commit.blobs.items()]
    parts.append("\nget-mark :1\ndone\n")
    return b"".join(p if isinstance(p, bytes) else p.encode() for p in parts)


def _data(content: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(content), content)
