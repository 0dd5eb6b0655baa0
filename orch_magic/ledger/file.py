"""The ledger's file: one connection per process, opened again whenever it must be.

It must be when the file was deleted or replaced, when it turned out to be damaged,
and after a fork: SQLite's connections don't survive one, in neither process.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orch_magic.core.errors import LedgerDamaged
from orch_magic.ledger.schema import prepare
from orch_magic.ledger.troubles import BUSY_SECONDS, in_words


class LedgerFile:
    """A file and the one connection to it.

    Attributes:
        lock: to be held by the thread that uses the connection.
        openings: how often it was opened; what was known of an earlier opening
            may not be true any more.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock = threading.RLock()
        self.openings = 0
        self._db: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._durable: bool | None = None
        """What `connection_for` last said; None: nothing yet."""
        _FILES.add(self)

    @contextmanager
    def troubles_in_words(self) -> Iterator[None]:
        """Turn what SQLite complains of into a `LedgerProblem`."""
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            problem = in_words(self.path, error)
            if isinstance(problem, LedgerDamaged):
                self.close()  # so that the file can be moved and made anew
            raise problem from error
        except LedgerDamaged:
            self.close()
            raise

    def connection(self) -> sqlite3.Connection:
        """Return the connection, opened if need be."""
        if self._db and self._identity != _identity(self.path):
            self.close()
        if self._db is None:
            self._db = connect(self.path)
            self._durable = None
            self._identity = _identity(self.path)
            self.openings += 1
        return self._db

    def connection_for(self, *, durable: bool) -> sqlite3.Connection:
        """Return the connection; the next commit is forced onto the disk, or not."""
        db = self.connection()
        if durable is not self._durable:
            db.execute(f"PRAGMA synchronous = {2 if durable else 1}")
            self._durable = durable
        return db

    def roll_back(self) -> None:
        """Undo the transaction that is open, if one is."""
        if self._db and self._db.in_transaction:
            self._db.execute("ROLLBACK")

    def close(self) -> None:
        """Close the connection; the next use opens another."""
        db, self._db = self._db, None
        if db:
            db.close()


def connect(path: Path) -> sqlite3.Connection:
    """Open a ledger's file, made with its folder if it isn't there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    db = sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        prepare(db, path)
    except BaseException:
        db.close()
        raise
    return db


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


# The thread that forks takes every ledger's lock and closes every connection, so
# that the child inherits neither a half-done write nor a connection.

_FILES: weakref.WeakSet[LedgerFile] = weakref.WeakSet()
_FORKING = threading.local()


def _before_fork() -> None:
    _FORKING.files = list(_FILES)
    for file in _FORKING.files:
        file.lock.acquire()
        file.close()


def _after_fork() -> None:
    for file in _FORKING.files:
        file.lock.release()
    del _FORKING.files


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork
    )
