"""Put records on the user's branch, where `git log` shows them, when that is safe.

`GitPublisher` is the `orch_magic.core.ports.Publisher` of a repository. It writes
one commit for all that is owed, straight onto the branch, and only if the branch
still is where it was. Then it enters the same files into the index: what the user
has staged stays staged, and `git status` is clean. In the middle of a merge or a
rebase, and wherever else a commit would be in the way, it waits and says why.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import datetime

from orch_magic.core.errors import CheckpointProblem, NotFound, OrchError
from orch_magic.core.ports import Publication
from orch_magic.core.record import write_record
from orch_magic.core.values import parse_epic_id
from orch_magic.repository.copies import Copies
from orch_magic.repository.finding import Finder
from orch_magic.repository.index import OwedIndex, blobs_in
from orch_magic.repository.message import ID_TRAILER
from orch_magic.repository.readiness import Head, read_head, why_not
from orch_magic.repository.running import Repository, complaint, run_git
from orch_magic.repository.turns import Turns
from orch_magic.repository.writing import Commit, write_commit

_ATTEMPTS = 5
_PAUSE_SECONDS = 0.05


class GitPublisher:
    """Publishes on the branch of a work tree; may be shared by threads.

    Args:
        repository: where.
    """

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._copies = Copies(repository.top)
        self._finder = Finder(repository)
        self._turns = Turns(repository)
        self._index = OwedIndex(repository)

    def publish(
        self, epic_id: str, checkpoint_ids: Sequence[str], message: str
    ) -> Publication:
        """Commit the records of these checkpoints in one commit, if that is safe.

        Args:
            epic_id: the epic.
            checkpoint_ids: ids of its checkpoints, oldest first.
            message: the commit's subject.

        Returns:
            What came of it. Where the branch carries all of them already, its
            commit is the branch's newest one, and no new one was made.

        Raises:
            BadInput: where the epic's name can't be one.
        """
        epic_id = parse_epic_id(epic_id)
        try:
            # No epic's name begins so: this turn is no epic's.
            with self._turns.turn("~publish"):
                return self._publish(epic_id, tuple(checkpoint_ids), message)
        except OrchError as problem:
            return Publication(deferred=str(problem))

    def _publish(self, epic_id: str, ids: tuple[str, ...], message: str) -> Publication:
        paths = {self._copies.path(epic_id, id_): id_ for id_ in ids}
        for attempt in range(_ATTEMPTS):
            head = read_head(self._repository)
            if reason := why_not(self._repository, head, tuple(paths)):
                return Publication(deferred=reason)
            self._index.make_up(head.commit)
            times = self._bring_files(epic_id, ids)
            if not times:
                return Publication(deferred=f"No record is left of {', '.join(ids)}.")
            blobs = self._store([path for path, id_ in paths.items() if id_ in times])
            there = blobs_in(self._repository, head.commit, blobs)
            new = {p: blob for p, blob in blobs.items() if there.get(p) != blob}
            commit: str | None = head.commit
            if new:
                trailers = [f"Orch-Epic: {epic_id}"]
                trailers += [f"{ID_TRAILER}: {paths[path]}" for path in new]
                text = "\n".join([message, "", *trailers, ""])
                commit = self._commit(head, text, max(times.values()), new)
            if commit:
                return Publication(
                    commit=commit, branch=head.branch, published=tuple(times)
                )
            time.sleep(_PAUSE_SECONDS * attempt)
        return Publication(deferred=f"Another Git command is at work on {head.branch}.")

    def _bring_files(self, epic_id: str, ids: Sequence[str]) -> dict[str, datetime]:
        """See that the files are in the work tree; return the times of those that are.

        A file that is gone, or is no record any more, is written anew from Git.
        """
        times = {}
        for id_ in ids:
            record = self._copies.read(epic_id, id_).record
            if record is None or record.id != id_:
                try:
                    record = self._finder.load(epic_id, id_).record
                except (NotFound, CheckpointProblem):
                    continue  # the caller sees that this one was not published
                self._copies.write(epic_id, id_, write_record(record))
            times[id_] = record.timestamp
        return times

    def _store(self, paths: Sequence[str]) -> dict[str, str]:
        """Store the files as Git would, the user's attributes and filters applied."""
        ran = run_git(
            self._repository,
            ["hash-object", "-w", "--stdin-paths"],
            input="".join(f"{path}\n" for path in paths).encode(),
            durable=True,
            error=CheckpointProblem,
        )
        return dict(zip(paths, ran.text.split("\n"), strict=True))

    def _commit(
        self, head: Head, message: str, at: datetime, blobs: Mapping[str, str]
    ) -> str | None:
        """Commit files and enter them; None where somebody was faster."""
        # What a death between the two leaves undone is made up for next time.
        self._index.owe(blobs)
        commit = Commit(
            ref=head.ref,
            parent=head.commit,
            message=message,
            seconds=int(at.timestamp()),
            blobs=blobs,
        )
        written = write_commit(self._repository, commit)
        if not written.moved:
            if written.ran.code == 1:
                return None
            raise complaint(written.ran, CheckpointProblem, "fast-import")
        if read_head(self._repository).commit == written.commit:
            self._index.enter(blobs)
        return written.commit
