"""The tables of the ledger's file, made on first use and checked on opening.

The version of the tables is SQLite's ``user_version``. A newer one is refused.
"""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from orch_magic.core.errors import LedgerDamaged, LedgerProblem
from orch_magic.ledger.troubles import BUSY_SECONDS, REBUILT, is_busy

VERSION = 1

CHECKED_BELOW_BYTES = 8 * 1024 * 1024
"""A smaller file is checked whole on opening; a larger one takes too long."""

_RETRY_SECONDS = 0.01

# An index ends in the row's own number, so `events_by_epic` is in order of seq.
_TABLES = (
    """
    CREATE TABLE IF NOT EXISTS events (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        epic_id TEXT NOT NULL,
        session_id TEXT,
        kind TEXT NOT NULL,
        at TEXT NOT NULL,
        body TEXT NOT NULL
    )
    """,
    "CREATE INDEX IF NOT EXISTS events_by_epic ON events (epic_id)",
    "CREATE INDEX IF NOT EXISTS events_by_kind ON events (epic_id, kind)",
    "CREATE TABLE IF NOT EXISTS beats (session_id TEXT PRIMARY KEY, at TEXT NOT NULL)",
    """
    CREATE TABLE IF NOT EXISTS states (
        epic_id TEXT PRIMARY KEY,
        seq INTEGER NOT NULL,
        version INTEGER NOT NULL,
        body TEXT NOT NULL
    )
    """,
)


def prepare(db: sqlite3.Connection, path: Path) -> None:
    """Make a connection ready: file checked, tables there, WAL on.

    Raises:
        LedgerProblem: where a newer orch_magic wrote the file.
        LedgerDamaged: where the check finds the file broken.
        sqlite3.Error: for all that SQLite itself complains of.
    """
    version = _version(db)
    if version > VERSION:
        raise LedgerProblem(
            f"The ledger {path} has version {version}; this orch_magic knows "
            f"version {VERSION}.",
            "Upgrade: pip install -U orch-magic",
        )
    if path.stat().st_size < CHECKED_BELOW_BYTES:
        check(db, path)
    # Where the system tells "written" from "safe on the disk", ask for the latter.
    db.execute("PRAGMA fullfsync = 1")
    _turn_wal_on(db)
    if version < VERSION:
        _make_tables(db)


def check(db: sqlite3.Connection, path: Path) -> None:
    """Look at every page of the file.

    Raises:
        LedgerDamaged: where one of them is broken.
    """
    (found,) = db.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        said = " ".join(found.split())
        raise LedgerDamaged(f"The ledger {path} is damaged: {said}.", REBUILT)


def _version(db: sqlite3.Connection) -> int:
    (version,) = db.execute("PRAGMA user_version").fetchone()
    return int(version)


def _make_tables(db: sqlite3.Connection) -> None:
    db.execute("BEGIN IMMEDIATE")
    for statement in _TABLES:
        db.execute(statement)
    db.execute(f"PRAGMA user_version = {VERSION}")
    db.execute("COMMIT")


def _turn_wal_on(db: sqlite3.Connection) -> None:
    # SQLite does not wait here by itself: two processes that make the file at
    # the same moment would refuse each other.
    last_try = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL").fetchone()
        except sqlite3.OperationalError as error:
            if not is_busy(error) or time.monotonic() > last_try:
                raise
            time.sleep(_RETRY_SECONDS)
        else:
            return
