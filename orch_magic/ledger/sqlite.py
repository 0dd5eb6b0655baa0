"""The ledger in one SQLite file. Implements `orch_magic.core.ports.Ledger`.

Any number of processes and threads write to it at once. A write is one
transaction: read what is new, decide, insert. The file is made on first use.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from orch_magic.core.errors import LedgerDamaged, LedgerProblem
from orch_magic.core.events import Event, read_event
from orch_magic.core.fold import EpicState, fold, replay
from orch_magic.core.ports import Decision
from orch_magic.core.rows import Row, rows_of
from orch_magic.core.values import explain
from orch_magic.ledger import shortcuts
from orch_magic.ledger.file import LedgerFile
from orch_magic.ledger.shortcuts import Known
from orch_magic.ledger.troubles import REBUILT

_NEWER = {"union_tag_invalid", "extra_forbidden"}
"""What pydantic finds wrong with an event that a newer orch_magic wrote."""


class SqliteLedger:
    """The row of events of a project.

    Every method raises `LedgerProblem` where the file can't be used and its
    subclass `LedgerDamaged` where the file is broken.

    Args:
        path: the file; its folder is made too.
    """

    def __init__(self, path: Path) -> None:
        self._file = LedgerFile(path)
        self._known: dict[str, Known] = {}
        self._known_since = 0
        """The opening of the file at which ``_known`` began."""
        self._deciding = False

    def append(
        self, epic_id: str, decide: Decision, *, durable: bool = True
    ) -> tuple[EpicState, tuple[Event, ...]]:
        """See the port."""
        file = self._file
        with file.lock:
            self._refuse_decisions()
            try:
                with file.troubles_in_words():
                    db = self._begin(durable=durable)
                    before = self._look(db, epic_id)
                rows = rows_of(epic_id, self._decide(decide, before.state))
                with file.troubles_in_words():
                    after = _write(db, before, rows)
                    db.execute("COMMIT")
            except BaseException:
                file.roll_back()
                raise
            self._known[epic_id] = after
            return after.state, tuple(row.event for row in rows)

    def state(self, epic_id: str) -> EpicState:
        """See the port."""
        with self._file.lock, self._file.troubles_in_words():
            return self._look(self._file.connection(), epic_id).state

    def epics(self) -> tuple[str, ...]:
        """See the port."""
        rows = self._select(
            "SELECT epic_id FROM events GROUP BY epic_id ORDER BY max(seq) DESC"
        )
        return tuple(epic_id for (epic_id,) in rows)

    def events(self, epic_id: str, kind: str | None = None) -> Iterator[Event]:
        """See the port."""
        where = "WHERE epic_id = ?" + (" AND kind = ?" if kind else "")
        values = (epic_id, kind) if kind else (epic_id,)
        rows = self._select(
            f"SELECT seq, body FROM events {where} ORDER BY seq",  # noqa: S608 - ours
            values,
        )
        return (self._read(seq, body) for seq, body in rows)

    def beat(self, session_id: str, at: datetime) -> None:
        """See the port."""
        with self._file.lock, self._file.troubles_in_words():
            self._refuse_decisions()
            db = self._file.connection_for(durable=False)
            db.execute(
                "INSERT OR REPLACE INTO beats (session_id, at) VALUES (?, ?)",
                (session_id, at.isoformat()),
            )

    def last_beat(self, session_id: str) -> datetime | None:
        """See the port."""
        rows = self._select("SELECT at FROM beats WHERE session_id = ?", (session_id,))
        return datetime.fromisoformat(rows[0][0]) if rows else None

    def verify(self, epic_id: str) -> tuple[str, ...]:
        """See the port. Also has SQLite look at the whole file."""
        file = self._file
        with file.lock, file.troubles_in_words():
            self._refuse_decisions()
            db = file.connection()
            db.execute("BEGIN")  # one moment for all that is compared
            try:
                found = [row[0] for row in db.execute("PRAGMA integrity_check(20)")]
                kept = shortcuts.load(db, epic_id)
                known = self._look(db, epic_id)
                rows = _rows_after(db, epic_id, 0)
            finally:
                file.roll_back()
            events = {seq: self._read(seq, body) for seq, body in rows}
        problems = [" ".join(line.split()) for line in found if line != "ok"]
        for name, shortcut in {"kept": kept, "remembered": known}.items():
            until = (event for seq, event in events.items() if seq <= shortcut.seq)
            if fields := _differences(shortcut.state, replay(epic_id, until)):
                problems.append(
                    f"The {name} state of epic {epic_id} differs from its events "
                    f"in: {', '.join(fields)}."
                )
        return tuple(problems)

    def close(self) -> None:
        """Let go of the file; the next use opens it again."""
        with self._file.lock:
            self._file.close()

    def _begin(self, *, durable: bool) -> sqlite3.Connection:
        self._file.roll_back()  # an interrupt may have cut a clean-up short
        db = self._file.connection_for(durable=durable)
        db.execute("BEGIN IMMEDIATE")
        return db

    def _refuse_decisions(self) -> None:
        if self._deciding:
            raise LedgerProblem(
                "A decision can only look at the ledger it decides for.",
                "Return the events instead of writing them.",
            )

    def _decide(self, decide: Decision, state: EpicState) -> Sequence[Event]:
        self._deciding = True
        try:
            return decide(state)
        finally:
            self._deciding = False

    def _look(self, db: sqlite3.Connection, epic_id: str) -> Known:
        """Return what is known of an epic, its newest events folded in."""
        if self._known_since != self._file.openings:
            self._known.clear()
            self._known_since = self._file.openings
        known = self._known.get(epic_id) or shortcuts.load(db, epic_id)
        for seq, body in _rows_after(db, epic_id, known.seq):
            state = fold(known.state, self._read(seq, body))
            known = Known(seq, state, known.folded + 1)
        self._known[epic_id] = known
        return known

    def _select(
        self, statement: str, values: tuple[str | None, ...] = ()
    ) -> list[tuple[str, ...]]:
        with self._file.lock, self._file.troubles_in_words():
            return self._file.connection().execute(statement, values).fetchall()

    def _read(self, seq: int | str, body: str) -> Event:
        try:
            return read_event(body)
        except ValidationError as error:
            path = self._file.path
            if error.errors()[0]["type"] in _NEWER:
                raise LedgerProblem(
                    f"A newer orch_magic wrote event {seq} of the ledger {path}.",
                    "Upgrade: pip install -U orch-magic",
                ) from error
            raise LedgerDamaged(
                f"The ledger {path} is damaged: event {seq} can't be read: "
                f"{explain(error)}.",
                REBUILT,
            ) from error


def _write(db: sqlite3.Connection, known: Known, rows: Iterable[Row]) -> Known:
    for event, line in rows:
        seq = db.execute(
            "INSERT INTO events (epic_id, session_id, kind, at, body) "
            "VALUES (?, ?, ?, ?, ?)",
            (event.epic_id, event.session_id, event.kind, event.at.isoformat(), line),
        ).lastrowid
        known = Known(seq or 0, fold(known.state, event), known.folded + 1)
    return shortcuts.save(db, known) if known.folded >= shortcuts.EVERY else known


def _rows_after(
    db: sqlite3.Connection, epic_id: str, seq: int
) -> list[tuple[int, str]]:
    return db.execute(
        "SELECT seq, body FROM events WHERE epic_id = ? AND seq > ? ORDER BY seq",
        (epic_id, seq),
    ).fetchall()


def _differences(one: EpicState, other: EpicState) -> list[str]:
    names = type(one).model_fields
    return [name for name in names if getattr(one, name) != getattr(other, name)]
