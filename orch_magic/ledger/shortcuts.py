"""Folded states, kept beside the events so that a long epic opens fast.

A shortcut is only that: one that can't be read, or was made by other rules, is
ignored, and the state is computed from the events again.
"""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from pydantic import ValidationError

from orch_magic.core.fold import EpicState
from orch_magic.core.values import parse_epic_id

VERSION = 1
"""To be raised whenever `orch_magic.core.fold` computes something else than before."""

EVERY = 500
"""How many events of an epic are folded between two shortcuts."""


class Known(NamedTuple):
    """What is known of an epic."""

    seq: int
    """The number of the newest event that is folded in."""
    state: EpicState
    folded: int = 0
    """How many events were folded in since the shortcut was written."""


def load(db: sqlite3.Connection, epic_id: str) -> Known:
    """Return the epic's shortcut, or its state before the first event."""
    row = db.execute(
        "SELECT s.seq, s.body FROM states s JOIN events e USING (seq) "
        "WHERE s.epic_id = ?1 AND e.epic_id = ?1 AND s.version = ?2",
        (epic_id, VERSION),
    ).fetchone()
    if row:
        seq, body = row
        try:
            return Known(seq, EpicState.model_validate_json(body))
        except ValidationError:
            pass  # a broken shortcut costs time, nothing else
    return Known(0, EpicState(epic_id=parse_epic_id(epic_id)))


def save(db: sqlite3.Connection, known: Known) -> Known:
    """Write the epic's shortcut."""
    db.execute(
        "INSERT OR REPLACE INTO states (epic_id, seq, version, body) "
        "VALUES (?, ?, ?, ?)",
        (known.state.epic_id, known.seq, VERSION, known.state.model_dump_json()),
    )
    return known._replace(folded=0)
