"""The records as files in the work tree: ``.orchestration/checkpoints/EPIC/ID.json``.

People open them, the publisher commits them, and a fresh clone goes on from them.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from orch_magic.core.errors import CheckpointProblem, RecordUnreadable
from orch_magic.core.record import CheckpointRecord, read_record
from orch_magic.repository.files import write_whole
from orch_magic.repository.message import digest

ROOT = ".orchestration"


@dataclass(frozen=True)
class Copy:
    """A file that was read: its record, or why it is none."""

    path: str
    record: CheckpointRecord | None = None
    problem: str = ""


class Copies:
    """The files of all epics.

    Args:
        top: the top of the work tree; None in a bare repository, which has no files.
    """

    def __init__(self, top: Path | None) -> None:
        self._top = top

    def path(self, epic_id: str, checkpoint_id: str) -> str:
        """Return where a file is, from the top of the work tree."""
        return f"{ROOT}/checkpoints/{epic_id}/{checkpoint_id}.json"

    def write(self, epic_id: str, checkpoint_id: str, raw: bytes) -> None:
        """Write a file, whole or not at all.

        Raises:
            CheckpointProblem: where the way to it leads through a symbolic link.
            OSError: where it can't be written.
        """
        if self._top is None:
            return
        place = Path(self.path(epic_id, checkpoint_id))
        for folder in (*reversed(place.parents[:-1]), place):
            if (self._top / folder).is_symlink():
                raise CheckpointProblem(
                    f"{folder} is a symbolic link, so nothing is written through it.",
                    f"Make {ROOT} a folder.",
                )
        file = self._top / place
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, raw)

    def raw(self, epic_id: str, checkpoint_id: str) -> bytes | None:
        """Return a file's content; None where it is not there or can't be read."""
        if self._top is None:
            return None
        try:
            return (self._top / self.path(epic_id, checkpoint_id)).read_bytes()
        except OSError:
            return None

    def same(self, epic_id: str, checkpoint_id: str, sha256: str) -> bytes | None:
        """Return a file's content if it is, byte for byte, what was acknowledged."""
        raw = self.raw(epic_id, checkpoint_id)
        return raw if raw is not None and digest(raw) == sha256 else None

    def names(self, epic_id: str) -> tuple[str, ...]:
        """Return the names of an epic's files, without their ends."""
        if self._top is None:
            return ()
        folder = self._top / ROOT / "checkpoints" / epic_id
        return tuple(sorted(path.stem for path in folder.glob("[!.]*.json")))

    def read(self, epic_id: str, name: str) -> Copy:
        """Read a file."""
        path = self.path(epic_id, name)
        raw = self.raw(epic_id, name)
        if raw is None:
            return Copy(path, problem=f"{path} can't be read.")
        try:
            record = read_record(raw, name=path)
        except RecordUnreadable as error:
            return Copy(path, problem=str(error))
        if record.epic_id != epic_id:
            return Copy(path, problem=f"{path} is of another epic: {record.epic_id}.")
        return Copy(path, record)

    def newest_first(self, epic_id: str) -> tuple[Copy, ...]:
        """Read an epic's files, those that are none last.

        Their order is that of the records' own times, for a clone gives every file
        the time of its making.
        """
        copies = [self.read(epic_id, name) for name in self.names(epic_id)]
        whole = [copy for copy in copies if copy.record]
        whole.sort(key=_age, reverse=True)
        return (*whole, *(copy for copy in copies if not copy.record))

    def epics(self) -> set[str]:
        """Return the names of the epics that have files."""
        if self._top is None:
            return set()
        root = self._top / ROOT / "checkpoints"
        return {path.parent.name for path in root.glob("*/[!.]*.json")}

    def move_away(self, epic_id: str, to: Path) -> Path | None:
        """Move an epic's folder somewhere else.

        Returns:
            Where it was; None where there was none.

        Raises:
            OSError: where it can't be moved.
        """
        if self._top is None:
            return None
        folder = self._top / ROOT / "checkpoints" / epic_id
        if folder.is_symlink() or not folder.is_dir():
            return None
        shutil.rmtree(to, ignore_errors=True)
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(folder, to)
        return folder


def _age(copy: Copy) -> tuple[float, str]:
    record = copy.record
    return (record.timestamp.timestamp(), record.id) if record else (0.0, "")
