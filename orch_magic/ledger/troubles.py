"""What SQLite and the system complain of, as one line and its fix."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from orch_magic.core.errors import LedgerDamaged, LedgerProblem

BUSY_SECONDS = 30.0
"""How long another process may keep the ledger before we give up."""

REBUILT = "It has to be set aside and rebuilt from the checkpoints."

_DAMAGE = {
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_FORMAT,
    sqlite3.SQLITE_MISMATCH,
    sqlite3.SQLITE_ERROR,  # our statements are right, so a table must be missing
}
_NO_RIGHT = {
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_AUTH,
}
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL}


def in_words(path: Path, error: OSError | sqlite3.Error) -> LedgerProblem:
    """Return the error to raise instead of one that came up at the ledger's file."""
    if is_busy(error):
        return LedgerProblem(
            f"The ledger {path} has been locked by another program for "
            f"{BUSY_SECONDS:.0f} seconds.",
            "End that program, or try again once it is done.",
        )
    code = _code(error)
    if code in _DAMAGE or _cut_short(error):
        return LedgerDamaged(f"The ledger {path} is damaged: {error}.", REBUILT)
    if code == sqlite3.SQLITE_FULL:
        return LedgerProblem(
            f"The ledger {path} can't grow: the disk is full.",
            "Free some space and try again.",
        )
    if code in _NO_RIGHT or isinstance(error, PermissionError):
        return LedgerProblem(
            f"The ledger {path} can't be opened for writing: {_why(error)}.",
            f"Make {path.parent} and the files in it writable for you.",
        )
    return LedgerProblem(
        f"The ledger {path} can't be used: {_why(error)}.",
        "Check that the disk is there and in order, then try again.",
    )


def is_busy(error: OSError | sqlite3.Error) -> bool:
    """Whether another process has the file."""
    return _code(error) in _BUSY


def _code(error: OSError | sqlite3.Error) -> int | None:
    """Return SQLite's primary result code: the low byte of the whole one."""
    whole = getattr(error, "sqlite_errorcode", None)
    return None if whole is None else whole & 0xFF


def _cut_short(error: OSError | sqlite3.Error) -> bool:
    whole = getattr(error, "sqlite_errorcode", None)
    return whole == sqlite3.SQLITE_IOERR_SHORT_READ


def _why(error: OSError | sqlite3.Error) -> str:
    return getattr(error, "strerror", None) or str(error)
