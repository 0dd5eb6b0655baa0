"""The list of acknowledged checkpoints: a line for each, on disk before it is said.

It finds what the ref can't when the newest commit, or the ref itself, is damaged.
"""

from __future__ import annotations

from pathlib import Path

from orch_magic.repository.files import append_line
from orch_magic.repository.message import Link
from orch_magic.repository.running import Repository

_FIELDS = 3


def acknowledge(repository: Repository, epic_id: str, link: Link) -> None:
    """Write a checkpoint down as safe.

    Raises:
        OSError: where that can't be written.
    """
    line = f"{link.commit} {link.id} {link.sha256}"
    append_line(_path(repository, epic_id), line)


def has_any(repository: Repository, epic_id: str) -> bool:
    """Whether anything was ever acknowledged."""
    return _path(repository, epic_id).exists()


def acknowledged(repository: Repository, epic_id: str) -> tuple[Link, ...]:
    """Return the checkpoints written down, newest first. Torn lines are no lines."""
    try:
        text = _path(repository, epic_id).read_bytes()
    except FileNotFoundError:
        return ()
    rows = (line.split() for line in text.decode("utf-8", "replace").splitlines())
    links = (
        Link(id_, commit, sha)
        for commit, id_, sha in (r for r in rows if len(r) == _FIELDS)
    )
    return tuple(reversed(tuple(links)))


def forget(repository: Repository, epic_id: str) -> None:
    """Remove the list."""
    _path(repository, epic_id).unlink(missing_ok=True)


def epics_acknowledged(repository: Repository) -> set[str]:
    """Return the names of the epics that have a list."""
    return {path.stem for path in repository.own_dir.glob("*.acks")}


def _path(repository: Repository, epic_id: str) -> Path:
    return repository.own_dir / f"{epic_id}.acks"
