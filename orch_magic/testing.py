"""The fakes we ship, for our own tests and for those of our users.

Each one keeps the promises of a port (`orch_magic.core.ports`) without touching
a file, a process or the network; ``tests/contract`` holds it to them.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from orch_magic.core.entries import entry_of, pick
from orch_magic.core.errors import (
    BadInput,
    CheckpointProblem,
    LedgerProblem,
    RecordUnreadable,
    UnpricedModel,
)
from orch_magic.core.events import Event, read_event
from orch_magic.core.fold import EpicState, fold, replay
from orch_magic.core.gates import BaselineReport
from orch_magic.core.money import Usage
from orch_magic.core.ports import Decision, Found, Publication
from orch_magic.core.record import CheckpointRecord, read_record, write_record
from orch_magic.core.reports import CheckpointEntry
from orch_magic.core.rows import rows_of
from orch_magic.core.sessions import Holder, HolderKind, WorkspaceMark
from orch_magic.core.values import parse_epic_id
from orch_magic.core.work import TestState, WorkspaceChanges

__all__ = [
    "FakeClock",
    "FakeGates",
    "FakePricer",
    "FakeProcesses",
    "FakeWorkspace",
    "MemoryLedger",
    "MemoryPublisher",
    "MemoryStore",
]


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


# The checkpoints -----------------------------------------------------------------


class MemoryStore:
    """A `CheckpointStore` that lives as long as the object.

    Attributes:
        trouble: why saving fails from now on; empty: it works.
        briefs: the brief saved with each checkpoint, by its id.
    """

    def __init__(self) -> None:
        self.trouble = ""
        self.last_file_problem = ""
        self.briefs: dict[str, str] = {}
        self._lock = threading.RLock()
        self._saved: dict[str, list[tuple[CheckpointEntry, bytes]]] = {}

    def save(self, record: CheckpointRecord, brief: str) -> CheckpointEntry:
        """See the port."""
        epic_id, raw = parse_epic_id(record.epic_id), write_record(record)
        if self.trouble:
            raise CheckpointProblem(self.trouble)
        entry = entry_of(record, hashlib.sha256(raw).hexdigest()[:40])
        with self._lock:
            self._saved.setdefault(epic_id, []).append((entry, raw))
            self.briefs[record.id] = brief
        return entry

    def latest(self, epic_id: str) -> Found | None:
        """See the port."""
        skipped: list[str] = []
        for entry, raw in self._newest_first(epic_id):
            try:
                record = read_record(raw, name=f"Checkpoint {entry.id}")
            except RecordUnreadable as problem:
                skipped.append(str(problem))
                continue
            return Found(record=record, entry=entry, skipped=tuple(skipped))
        return None

    def load(self, epic_id: str, checkpoint_id: str) -> Found:
        """See the port."""
        saved = self._newest_first(epic_id)
        wanted = pick(epic_id, checkpoint_id, [entry.id for entry, _ in saved])
        entry, raw = next(pair for pair in saved if pair[0].id == wanted)
        record = read_record(raw, name=f"Checkpoint {entry.id}")
        return Found(record=record, entry=entry)

    def list(
        self, epic_id: str, limit: int | None = None
    ) -> tuple[CheckpointEntry, ...]:
        """See the port."""
        return tuple(entry for entry, _ in self._newest_first(epic_id))[:limit]

    def epics(self) -> tuple[str, ...]:
        """See the port."""
        with self._lock:
            return tuple(sorted(self._saved))

    def delete(self, epic_id: str) -> str:
        """See the port; what is deleted here does not come back."""
        with self._lock:
            gone = self._saved.pop(parse_epic_id(epic_id), [])
        return f"# {len(gone)} checkpoints were in memory only" if gone else ""

    def verify(self, epic_id: str) -> tuple[str, ...]:
        """See the port."""
        problems: list[str] = []
        for entry, raw in self._newest_first(epic_id):
            try:
                read_record(raw, name=f"Checkpoint {entry.id}")
            except RecordUnreadable as problem:
                problems.append(str(problem))
        return tuple(problems)

    def damage(self, epic_id: str, checkpoint_id: str) -> None:
        """Cut a stored record off in the middle."""
        with self._lock:
            self._saved[epic_id] = [
                (entry, raw[: len(raw) // 2] if entry.id == checkpoint_id else raw)
                for entry, raw in self._saved[epic_id]
            ]

    def _newest_first(self, epic_id: str) -> Sequence[tuple[CheckpointEntry, bytes]]:
        with self._lock:
            return tuple(reversed(self._saved.get(parse_epic_id(epic_id), [])))


class MemoryPublisher:
    """A `Publisher` that remembers what it was given.

    Attributes:
        deferred: why it defers from now on; empty: it publishes.
        commits: of each commit its subject and the ids it carries, oldest first.
    """

    def __init__(self, branch: str = "main") -> None:
        self.deferred = ""
        self.commits: list[tuple[str, tuple[str, ...]]] = []
        self._branch = branch

    def publish(
        self, epic_id: str, checkpoint_ids: Sequence[str], message: str
    ) -> Publication:
        """See the port."""
        parse_epic_id(epic_id)
        if self.deferred:
            return Publication(deferred=self.deferred)
        there = {id_ for _, ids in self.commits for id_ in ids}
        new = tuple(id_ for id_ in checkpoint_ids if id_ not in there)
        if new:
            self.commits.append((message, new))
        return Publication(
            commit=f"{len(self.commits):040x}",
            branch=self._branch,
            published=tuple(checkpoint_ids),
        )


class FakeWorkspace:
    """A `Workspace` that says what it was told to say.

    Attributes:
        now: what `mark` returns.
        changes: what `changes_since` returns, whatever the mark.
        tests: what `last_test_run` returns.
    """

    def __init__(self) -> None:
        self.now = WorkspaceMark()
        self.changes = WorkspaceChanges()
        self.tests: TestState | None = None

    def mark(self) -> WorkspaceMark:
        """See the port."""
        return self.now

    def changes_since(self, mark: WorkspaceMark) -> WorkspaceChanges:
        """See the port."""
        del mark
        return self.changes

    def last_test_run(self, since: datetime) -> TestState | None:
        """See the port."""
        del since
        return self.tests


# The machine ----------------------------------------------------------------------


class FakeClock:
    """A `Clock` that moves when told to.

    Attributes:
        at: the moment.
        seconds: what the clock that never jumps shows.
    """

    def __init__(
        self, at: datetime = datetime(2026, 11, 22, 7, 36, tzinfo=UTC)
    ) -> None:
        self.at = at
        self.seconds = 1000.0

    def now(self) -> datetime:
        """See the port."""
        return self.at

    def monotonic(self) -> float:
        """See the port."""
        return self.seconds

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.at += timedelta(seconds=seconds)
        self.seconds += seconds

    def set_back(self, seconds: float) -> None:
        """Jump back, as a corrected wall clock does; the other one never jumps."""
        self.at -= timedelta(seconds=seconds)


class FakeProcesses:
    """`Processes` of which any can be killed, and this one can be another.

    Attributes:
        kind: what kind this process is.
        pid: which process this is.
        dead: the pids that are gone.
    """

    def __init__(self, pid: int = 1) -> None:
        self.kind: HolderKind = "script"
        self.pid = pid
        self.dead: set[int] = set()

    def me(self) -> Holder:
        """See the port."""
        return Holder(pid=self.pid, began=1.0, host="here", kind=self.kind)

    def is_alive(self, holder: Holder, last_beat: datetime | None) -> bool:
        """See the port."""
        del last_beat
        return holder.pid not in self.dead


class FakeGates:
    """`Gates` that end as they were told to.

    Attributes:
        report: what `run` returns.
        runs: how often they were run.
    """

    def __init__(self) -> None:
        self.report = BaselineReport()
        self.runs = 0

    def run(self, tell: Callable[[str], None]) -> BaselineReport:
        """See the port."""
        self.runs += 1
        tell("the gates run")
        return self.report


class FakePricer:
    """A `Pricer` for replies such as ``{"model": "m", "usd": "0.25"}``."""

    def read(self, response: Any, at: datetime) -> tuple[Usage, Decimal]:
        """See the port."""
        del at
        if not isinstance(response, dict) or "model" not in response:
            raise BadInput("The reply has no usage.", "Give the amount: usd=…")
        if "usd" not in response:
            raise UnpricedModel(f"Nobody knows the price of {response['model']}.")
        usage = Usage(model=response["model"], provider="fake", price_list="fake 1")
        return usage, Decimal(response["usd"])
