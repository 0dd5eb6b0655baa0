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

from orch_magic.checkpoints.copies import Copies
from orch_magic.checkpoints.finding import Finder
from orch_magic.checkpoints.message import ID_TRAILER
from orch_magic.checkpoints.owed import OwedIndex
from orch_magic.checkpoints.readiness import Head, read_head, why_not
from orch_magic.checkpoints.running import Repository, run_git
from orch_magic.checkpoints.turns import Turns
from orch_magic.checkpoints.writing import Commit, write_commit
from orch_magic.core.errors import CheckpointProblem, NotFound, OrchError
from orch_magic.core.ports import Publication
from orch_magic.core.record import write_record
from orch_magic.core.values import parse_epic_id

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
        self._owed = OwedIndex(repository)

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

    def _publish(
        self, epic_id: str, ids: tuple[str, ...], message: str
    ) -> Publication:
        paths = {self._copies.path(epic_id, id_): id_ for id_ in ids}
        for _ in range(_ATTEMPTS):
            head = read_head(self._repository)
            if reason := why_not(self._repository, head, tuple(paths)):
                return Publication(deferred=reason)
            self._owed.repair(head)
            present, newest = self._bring_files(epic_id, ids)
            blobs = self._blobs([path for path in paths if paths[path] in present])
            published = tuple(id_ for id_ in ids if id_ in present)
            if not published:
                wanted = ", ".join(ids)
                return Publication(deferred=f"No record is left of {wanted}.")
            new = self._not_yet_on(head, blobs)
            commit = self._commit(head, message, epic_id, new, paths, newest)
            if commit:
                return Publication(
                    commit=commit, branch=head.branch, published=published
                )
            time.sleep(_PAUSE_SECONDS)
        return Publication(deferred=f"The branch {head.branch} keeps moving.")

    def _commit(
        self,
        head: Head,
        message: str,
        epic_id: str,
        blobs: Mapping[str, str],
        ids: Mapping[str, str],
        at: datetime,
    ) -> str | None:
        """Commit and patch the index; None where somebody moved the branch."""
        if not blobs:
            return head.commit
        trailers = [f"Orch-Epic: {epic_id}"]
        trailers += [f"{ID_TRAILER}: {ids[path]}" for path in blobs]
        # Once the commit is there the index lacks its files, until it is patched:
        # what a death in between leaves undone is made up for next time.
        self._owed.add(blobs)
        written = write_commit(
            self._repository,
            Commit(
                ref=head.ref,
                parent=head.commit,
                message="\n".join([message, "", *trailers, ""]),
                seconds=int(at.timestamp()),
                blobs=blobs,
            ),
        )
        if written.moved:
            self._owed.repair(read_head(self._repository))
            return written.commit
        if written.ran.code == 1 and read_head(self._repository) != head:
            return None
        raise CheckpointProblem(f"Git could not move {head.branch}: {written.ran.why}.")

    def _bring_files(
        self, epic_id: str, ids: Sequence[str]
    ) -> tuple[set[str], datetime]:
        """See that the files are in the work tree; return whose are, and the newest time.

        A file that is gone, or no record any more, is written anew from Git.
        """
        times = {}
        for id_ in ids:
            copy = self._copies.read(epic_id, id_)
            record = copy.record
            if record is None or record.id != id_:
                try:
                    record = self._finder.load(epic_id, id_).record
                except (NotFound, CheckpointProblem):
                    continue  # the caller sees that it was not published
                self._copies.write(epic_id, id_, write_record(record))
            times[id_] = record.timestamp
        return set(times), max(times.values(), default=datetime.min)
