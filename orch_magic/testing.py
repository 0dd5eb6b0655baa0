"""The fakes we ship, for our own tests and for those of our users.

Each one keeps the promises of a port (`orch_magic.core.ports`) without touching
a file, a process or the network; ``tests/contract`` holds it to them.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime

from orch_magic.core.errors import LedgerProblem
from orch_magic.core.events import Event, read_event
from orch_magic.core.fold import EpicState, fold, replay
from orch_magic.core.ports import Decision
from orch_magic.core.rows import rows_of
from orch_magic.core.values import parse_epic_id

__all__ = ["MemoryLedger"]


# The ledger ---------------------------------------------------------------------


class MemoryLedger:
    """A `Ledger` that lives as long as the object; for one process, any threads."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._rows: list[tuple[str, str]] = []
        """Of each event its epic and its line of JSON, oldest first."""
        self._states: dict[str, EpicState] = {}
        self._beats: dict[str, datetime] = {}
        self._deciding = False

    def append(
        self, epic_id: str, decide: Decision, *, durable: bool = True
    ) -> tuple[EpicState, tuple[Event, ...]]:
        """See the port. Memory is as durable as it gets, whatever ``durable``."""
        del durable
        with self._lock:
            self._refuse_decisions()
            self._deciding = True
            try:
                rows = rows_of(epic_id, decide(self.state(epic_id)))
            finally:
                self._deciding = False
            for event, line in rows:
                self._rows.append((epic_id, line))
                self._states[epic_id] = fold(self.state(epic_id), event)
            return self.state(epic_id), tuple(row.event for row in rows)

    def state(self, epic_id: str) -> EpicState:
        """See the port."""
        with self._lock:
            known = self._states.get(epic_id)
            return known or EpicState(epic_id=parse_epic_id(epic_id))

    def epics(self) -> tuple[str, ...]:
        """See the port."""
        with self._lock:
            return tuple(dict.fromkeys(epic_id for epic_id, _ in reversed(self._rows)))

    def events(self, epic_id: str, kind: str | None = None) -> Iterator[Event]:
        """See the port."""
        with self._lock:
            lines = [line for of_epic, line in self._rows if of_epic == epic_id]
        events = (read_event(line) for line in lines)
        return (event for event in events if kind in {None, event.kind})

    def beat(self, session_id: str, at: datetime) -> None:
        """See the port."""
        with self._lock:
            self._refuse_decisions()
            self._beats[session_id] = at

    def last_beat(self, session_id: str) -> datetime | None:
        """See the port."""
        with self._lock:
            return self._beats.get(session_id)

    def verify(self, epic_id: str) -> tuple[str, ...]:
        """See the port."""
        with self._lock:
            if self.state(epic_id) == replay(epic_id, self.events(epic_id)):
                return ()
            return (f"The state of epic {epic_id} differs from its events.",)

    def _refuse_decisions(self) -> None:
        if self._deciding:
            raise LedgerProblem(
                "A decision can only look at the ledger it decides for.",
                "Return the events instead of writing them.",
            )
