"""Enter published files into the user's index, now or, if it is locked, later.

A commit that is written past the index leaves it without the commit's files, and
`git status` would show them as deleted. So they are entered; nothing else in the
index changes. What is still owed stands in a file, for each work tree its own.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping

from orch_magic.repository.files import write_whole
from orch_magic.repository.running import Repository, run_git

_ATTEMPTS = 5
_PAUSE_SECONDS = 0.05


class OwedIndex:
    """The files that the index of a work tree may still lack.

    Args:
        repository: the work tree.
    """

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        is_main = repository.git_dir == repository.common_dir
        name = "main" if is_main else f"worktree-{repository.git_dir.name}"
        self._file = repository.own_dir / f"{name}.owed"

    def owe(self, paths: Iterable[str]) -> None:
        """Write down that the index will lack these files.

        Raises:
            OSError: where that can't be written.
        """
        every = sorted({*self._paths(), *paths})
        write_whole(self._file, "".join(f"{path}\n" for path in every).encode())

    def enter(self, blobs: Mapping[str, str]) -> bool:
        """Enter files, by path and id, and say whether nothing is owed any more."""
        lines = "".join(f"100644 {blob}\t{path}\0" for path, blob in blobs.items())
        for attempt in range(_ATTEMPTS):
            ran = run_git(
                self._repository,
                ["update-index", "-z", "--index-info"],
                input=lines.encode(),
                durable=True,
                check=False,
            )
            if not ran.code:
                self._file.unlink(missing_ok=True)
                return True
            time.sleep(_PAUSE_SECONDS * attempt)
        return False

    def make_up(self, commit: str) -> None:
        """Enter what is owed, as far as a commit, that of HEAD, still has it."""
        if owed := self._paths():
            self.enter(blobs_in(self._repository, commit, owed))

    def _paths(self) -> tuple[str, ...]:
        try:
            return tuple(self._file.read_text(encoding="utf-8").split("\n")[:-1])
        except FileNotFoundError:
            return ()


def blobs_in(
    repository: Repository, commit: str, paths: Iterable[str]
) -> dict[str, str]:
    """Return the ids of the files that a commit has, of those asked for."""
    listed = run_git(repository, ["ls-tree", "-r", "-z", commit, "--", *paths]).text
    rows = (row.partition("\t") for row in listed.split("\0") if row)
    return {path: about.split(" ")[2] for about, _, path in rows}
