"""One writer at a time for each epic, and what the one before left undone.

The lock is the system's: it is free the moment its holder dies. What a dead holder
may leave is Git's own lock of our ref; the intent file tells that from one which
somebody else holds.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orch_magic.core.errors import CheckpointProblem
from orch_magic.repository.reading import ref_of
from orch_magic.repository.running import Repository

LOCK_SECONDS = 30.0
"""How long a writer waits for its turn."""

GRACE_SECONDS = 1.0
"""How long a Git process that outlived its parent may still hold our ref's lock."""

_LOOK_SECONDS = 0.01


class Turns:
    """Turns at writing in a repository; one object may be shared by threads."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._thread_lock = threading.Lock()

    @contextmanager
    def turn(self, name: str) -> Iterator[None]:
        """Wait for a turn and take it.

        Args:
            name: of the lock: an epic's, or another thing's.

        Raises:
            CheckpointProblem: where the turn does not come within `LOCK_SECONDS`,
                or the folder of the lock can't be written.
        """
        import filelock

        own_dir = self._repository.own_dir
        if not self._thread_lock.acquire(timeout=LOCK_SECONDS):
            raise _too_long(name)
        try:
            own_dir.mkdir(parents=True, exist_ok=True)
            lock = filelock.FileLock(
                own_dir / f"{name}.lock",
                timeout=LOCK_SECONDS,
                poll_interval=_LOOK_SECONDS,
            )
            with lock:
                yield
        except filelock.Timeout:
            raise _too_long(name) from None
        except OSError as trouble:
            raise CheckpointProblem(
                f"A file could not be written: {trouble.strerror or trouble}.",
                f"Check that {own_dir} can be written and the disk is not full.",
            ) from trouble
        finally:
            self._thread_lock.release()

    @contextmanager
    def intent(self, epic_id: str, checkpoint_id: str) -> Iterator[None]:
        """Say what is about to be done, and unsay it once it is done.

        Whatever goes wrong in between leaves the intent where it is: the next
        writer looks after what was left.
        """
        path = self._intent(epic_id)
        if path.exists():
            self._heal(epic_id)
        # Not synced: that it is there is all that counts, and no file system keeps
        # the lock that Git makes later and loses this file.
        path.write_text(f"{checkpoint_id}\n", encoding="utf-8")
        yield
        path.unlink(missing_ok=True)

    def forget(self, epic_id: str) -> None:
        """Look after what was left, and remove the intent."""
        path = self._intent(epic_id)
        if path.exists():
            self._heal(epic_id)
            path.unlink(missing_ok=True)

    def _heal(self, epic_id: str) -> None:
        """Remove the lock of our own ref that a killed Git has left; no other."""
        stale = self._repository.common_dir / f"{ref_of(epic_id)}.lock"
        deadline = time.monotonic() + GRACE_SECONDS
        while stale.exists() and time.monotonic() < deadline:
            time.sleep(_LOOK_SECONDS)
        stale.unlink(missing_ok=True)

    def _intent(self, epic_id: str) -> Path:
        return self._repository.own_dir / f"{epic_id}.intent"


def _too_long(name: str) -> CheckpointProblem:
    return CheckpointProblem(
        f"Another writer has held the lock {name} for {LOCK_SECONDS:.0f} seconds.",
        "Try again; if it stays so, end that process.",
    )
