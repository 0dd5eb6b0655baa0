"""The checkpoint store: one ref for each epic, one commit for each checkpoint.

`GitStore` is the `orch_magic.core.ports.CheckpointStore` of a repository. It never
touches HEAD, the index, a branch or a file that the user works on. A save is
acknowledged once its objects, its ref and its line in the list of acknowledgements
are on the disk and the record has been read back. What is damaged is named and
passed over, and never in the way of the next save.
"""

from __future__ import annotations

import re
import shlex
import time

from orch_magic.core.entries import entry_of
from orch_magic.core.errors import CheckpointProblem
from orch_magic.core.record import CheckpointRecord, write_record
from orch_magic.core.reports import CheckpointEntry
from orch_magic.core.values import parse_epic_id
from orch_magic.repository import acks
from orch_magic.repository.files import append_line, sync_file, sync_folder
from orch_magic.repository.finding import Finder
from orch_magic.repository.message import Link, digest, write_message
from orch_magic.repository.reading import (
    BRIEF,
    RECORD,
    read_records,
    ref_of,
    tip_of,
)
from orch_magic.repository.running import Ran, Repository, complaint, run_git
from orch_magic.repository.turns import Turns
from orch_magic.repository.writing import Commit, Written, write_commit

_CHECKPOINT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")

_ATTEMPTS = 40
"""How often a save tries again where a writer without our lock was faster."""


class GitStore(Finder):
    """The checkpoints of a repository; may be shared by threads.

    Args:
        repository: where.

    Attributes:
        last_file_problem: why the newest save left no file in the work tree; empty
            where it did. The checkpoint itself is safe either way.
    """

    def __init__(self, repository: Repository) -> None:
        super().__init__(repository)
        self._turns = Turns(repository)
        self.last_file_problem = ""

    def save(self, record: CheckpointRecord, brief: str) -> CheckpointEntry:
        """Save a checkpoint; it is safe once this returns.

        Args:
            record: the checkpoint.
            brief: its brief, in Markdown.

        Raises:
            CheckpointProblem: where it could not be saved.
            RepositoryProblem: where Git is gone or refuses the repository.
        """
        epic_id, raw = parse_epic_id(record.epic_id), write_record(record)
        if not _CHECKPOINT_ID.fullmatch(record.id):
            raise CheckpointProblem(
                f"{record.id!r} can't be a checkpoint's id.",
                "Use letters, digits, - and _.",
            )
        files = {RECORD: raw, BRIEF: brief.encode()}
        with (
            self._turns.turn(epic_id),
            self._turns.intent(epic_id, record.id),
        ):
            link = Link(record.id, self._commit(record, files), digest(raw))
            self._sync(epic_id)
            self._read_back(link)
            acks.acknowledge(self._repository, epic_id, link)
        self.last_file_problem = self._write_copy(record, raw)
        return entry_of(record, link.commit)

    def delete(self, epic_id: str) -> str:
        """Delete an epic's checkpoints.

        Its files in the work tree are moved aside, for they may be all there is.

        Returns:
            The command that brings them back; empty where there were none.

        Raises:
            CheckpointProblem: where they can't be deleted.
        """
        epic_id = parse_epic_id(epic_id)
        ref, own_dir = ref_of(epic_id), self._repository.own_dir
        with self._turns.turn(epic_id):
            self._turns.forget(epic_id)
            tip = tip_of(self._repository, epic_id)
            kept = tip or self._newest_acknowledged(epic_id)
            if tip:
                self._update_ref("-d", ref, tip)
            (self._repository.common_dir / ref).unlink(missing_ok=True)
            acks.forget(self._repository, epic_id)
            (own_dir / f"{epic_id}.broken").unlink(missing_ok=True)
            aside = own_dir / "deleted" / epic_id
            home = self._copies.move_away(epic_id, aside)
        if kept:
            return f"git update-ref {ref} {kept}"
        return shlex.join(["mv", str(aside), str(home)]) if home else ""

    def _commit(self, record: CheckpointRecord, files: dict[str, bytes]) -> str:
        """Put a commit at the end of the epic's line and return its id."""
        epic_id, ref = record.epic_id, ref_of(record.epic_id)
        for attempt in range(_ATTEMPTS):
            # At first Git itself finds the end of the line, in the same process that
            # writes. We look for it where there is none yet, or it is damaged.
            parent = self._end_of_line(epic_id) if attempt else f"{ref}^0"
            written = self._write(record, files, parent, attempt)
            if written.moved:
                return written.commit
            if not attempt:
                continue
            if not _is_worth_another_try(written.ran):
                break
            # Git moves the ref only where it can follow the line past its end. It
            # can't if the clock went back and the commit before is damaged: then we
            # say ourselves from where to where.
            if (
                written.commit
                and tip_of(self._repository, epic_id) == parent
                and self._update_ref(ref, written.commit, parent or "", check=False)
            ):
                return written.commit
            time.sleep(min(0.005 * attempt, 0.05))
        raise complaint(written.ran, CheckpointProblem, "fast-import")

    def _write(
        self,
        record: CheckpointRecord,
        files: dict[str, bytes],
        parent: str | None,
        attempt: int,
    ) -> Written:
        commit = Commit(
            ref=ref_of(record.epic_id),
            parent=parent,
            message=write_message(record, files[RECORD], attempt),
            seconds=int(record.timestamp.timestamp()),
            files=files,
        )
        return write_commit(self._repository, commit, as_pack=True)

    def _end_of_line(self, epic_id: str) -> str | None:
        """Return the commit to go on from; None to begin a line.

        A damaged end is written down and left behind: the line goes on from the
        newest checkpoint that is intact.
        """
        ref = ref_of(epic_id)
        asked = ["rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}"]
        if tip := run_git(self._repository, asked, check=False).text:
            return tip
        bad = tip_of(self._repository, epic_id)
        good = self._newest_acknowledged(epic_id)
        loose = self._repository.common_dir / ref
        if bad:
            self._note_broken(epic_id, bad)
            if good:
                self._update_ref(ref, good, bad)
            else:
                self._update_ref("-d", ref, bad)
        elif loose.is_file():
            # Cut off or overwritten: Git neither reads nor replaces such a ref.
            self._note_broken(epic_id, loose.read_bytes()[:100].hex() or "empty")
            loose.unlink()
        return good

    def _newest_acknowledged(self, epic_id: str) -> str | None:
        links = acks.acknowledged(self._repository, epic_id)
        for found, _ in self._opened(epic_id, links):
            if found and found.entry.commit:
                return found.entry.commit
        return None

    def _note_broken(self, epic_id: str, what: str) -> None:
        append_line(self._repository.own_dir / f"{epic_id}.broken", what)

    def _update_ref(self, *args: str, check: bool = True) -> bool:
        ran = run_git(
            self._repository,
            ["update-ref", *args],
            durable=True,
            check=check,
            error=CheckpointProblem,
        )
        return not ran.code

    def _sync(self, epic_id: str) -> None:
        """Do what Git leaves undone: sync the folders, and the ref before 2.36."""
        refs = self._repository.common_dir / "refs"
        if (refs / "orch").is_dir():
            sync_file(refs / "orch" / epic_id)
            sync_folder(refs / "orch")
        if not acks.has_any(self._repository, epic_id):
            sync_folder(refs)  # where the folder of our refs may be new
        sync_folder(self._repository.common_dir / "objects" / "pack")

    def _read_back(self, link: Link) -> None:
        raw = next(read_records(self._repository, [link]))
        if raw is None or digest(raw) != link.sha256:
            raise CheckpointProblem(
                f"Checkpoint {link.id} was written, but what Git gives back differs.",
                "Check the disk: git fsck",
            )

    def _write_copy(self, record: CheckpointRecord, raw: bytes) -> str:
        """Write the record as a file, and say why if that fails."""
        path = self._copies.path(record.epic_id, record.id)
        try:
            self._copies.write(record.epic_id, record.id, raw)
        except CheckpointProblem as problem:
            return str(problem)
        except OSError as trouble:
            return f"{path} could not be written: {trouble.strerror}."
        return ""


def _is_worth_another_try(ran: Ran) -> bool:
    """Whether somebody was faster, or is at it: not a full disk or the like."""
    if "Permission denied" in ran.err or "No space left" in ran.err:
        return False
    return ran.code == 1 or "keep file" in ran.err
