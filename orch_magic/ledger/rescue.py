"""What to do with a damaged ledger: set it aside, and read what can still be read."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

from pydantic import ValidationError

from orch_magic.core.errors import LedgerDamaged, LedgerProblem
from orch_magic.core.events import Event, read_event
from orch_magic.ledger.sqlite import SqliteLedger
from orch_magic.ledger.troubles import in_words


def set_aside(path: Path, stamp: str) -> Path:
    """Move a damaged ledger out of the way, so that the next use makes a new one.

    Args:
        path: the ledger's file.
        stamp: tells this one from others set aside; part of its new name.

    Returns:
        Where it is now: ``ledger.damaged-<stamp>.db`` in the same folder. Nothing
        that lay there before is overwritten.

    Raises:
        LedgerProblem: where it is in order: two processes met the same damage and
            the other one was faster; or where it can't be moved.
    """
    from filelock import FileLock

    with FileLock(path.with_name(f"{path.name}.rescue.lock")):
        if _is_sound(path):
            raise LedgerProblem(
                f"The ledger {path} is in order: another process has mended it.",
                "Try again.",
            )
        aside = _free_name(path, stamp)
        try:
            # The log goes first: SQLite deletes one that it finds without its file.
            for suffix in ("-wal", "-shm", ""):
                with suppress(FileNotFoundError):
                    Path(f"{path}{suffix}").rename(f"{aside}{suffix}")
        except OSError as error:
            raise in_words(path, error) from error
        return aside


def salvage(damaged: Path) -> list[Event]:
    """Read every event that can still be read, in order.

    Where a part of the file is broken, what lies before and after it is read.
    """
    bodies: dict[int, bytes] = {}
    try:
        db = sqlite3.connect(f"{damaged.resolve().as_uri()}?mode=ro", uri=True)
    except sqlite3.Error:
        return []
    with closing(db):
        db.text_factory = bytes
        for direction in ("ASC", "DESC"):
            bodies.update(_readable(db, direction))
    events = []
    for seq in sorted(bodies):
        with suppress(ValidationError):  # garbage where an event was
            events.append(read_event(bodies[seq]))
    return events


def _readable(db: sqlite3.Connection, direction: str) -> Iterator[tuple[int, bytes]]:
    with suppress(sqlite3.Error):  # this far and no further
        yield from db.execute(
            "SELECT seq, body FROM events NOT INDEXED "  # noqa: S608 - ours
            f"ORDER BY seq {direction}"
        )


def _is_sound(path: Path) -> bool:
    ledger = SqliteLedger(path)
    try:
        ledger.last_beat("")
        return not any(ledger.verify(epic_id) for epic_id in ledger.epics())
    except LedgerDamaged:
        return False
    finally:
        ledger.close()


def _free_name(path: Path, stamp: str) -> Path:
    name, number = f"{path.stem}.damaged-{stamp}", 1
    aside = path.with_name(f"{name}{path.suffix}")
    while any(Path(f"{aside}{suffix}").exists() for suffix in ("", "-wal", "-shm")):
        number += 1
        aside = path.with_name(f"{name}-{number}{path.suffix}")
    return aside
