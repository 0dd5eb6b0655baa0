"""What the orchestrator needs of the world, as narrow as it can be.

Each port has a real adapter in a room of its own and a fake in
`orch_magic.testing`; ``tests/contract`` holds both to the same promises.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from orch_magic.core.events import Event
from orch_magic.core.fold import EpicState
from orch_magic.core.gates import BaselineReport
from orch_magic.core.money import Usage
from orch_magic.core.record import CheckpointRecord
from orch_magic.core.reports import CheckpointEntry
from orch_magic.core.sessions import Holder, HolderKind, WorkspaceMark
from orch_magic.core.values import Value
from orch_magic.core.work import TestState, WorkspaceChanges

Decision = Callable[[EpicState], Sequence[Event]]


class Ledger(Protocol):
    """The row of events, shared by every process of the project."""

    def append(
        self, epic_id: str, decide: Decision, *, durable: bool = True
    ) -> tuple[EpicState, tuple[Event, ...]]:
        """Let ``decide`` see the state and write the events it returns, at once.

        No other process writes in between. Where ``decide`` raises, nothing is
        written and the error goes through.

        Args:
            durable: whether the events survive a power cut once this returns;
                they survive the death of the process in any case.

        Returns:
            The state after, and the events written.

        Raises:
            LedgerProblem: where the ledger can't be read or written.
        """

    def state(self, epic_id: str) -> EpicState:
        """Return the epic's state; ``exists`` is false where nothing happened."""

    def epics(self) -> tuple[str, ...]:
        """Return the names of all epics, the one with the newest event first."""

    def events(self, epic_id: str, kind: str | None = None) -> Iterator[Event]:
        """Return the epic's events, oldest first, or those of one kind."""

    def beat(self, session_id: str, at: datetime) -> None:
        """Note that the process that holds a session is still there."""

    def last_beat(self, session_id: str) -> datetime | None:
        """Return when the holder of a session was last heard of."""

    def verify(self, epic_id: str) -> tuple[str, ...]:
        """Compute the state from every event again; return what differs."""


class Found(Value):
    """A checkpoint that was found intact."""

    record: CheckpointRecord
    entry: CheckpointEntry
    skipped: tuple[str, ...] = ()
    """What was newer and damaged, each in one line."""


class CheckpointStore(Protocol):
    """Checkpoints, one line of them per epic."""

    last_file_problem: str
    """Why the newest save left no file in the work tree; empty where it did, or
    where there is no such file. The checkpoint itself is safe either way."""

    def save(self, record: CheckpointRecord, brief: str) -> CheckpointEntry:
        """Save a checkpoint; it is safe once this returns.

        Raises:
            CheckpointProblem: where it could not be saved. Nothing was changed.
        """

    def latest(self, epic_id: str) -> Found | None:
        """Return the newest intact checkpoint, naming the damaged ones skipped."""

    def load(self, epic_id: str, checkpoint_id: str) -> Found:
        """Return a checkpoint by its id, or the beginning of it.

        Raises:
            UnknownCheckpoint: where none or more than one has such an id.
            RecordUnreadable: where it is damaged.
        """

    def list(
        self, epic_id: str, limit: int | None = None
    ) -> tuple[CheckpointEntry, ...]:
        """Return the epic's checkpoints, newest first."""

    def epics(self) -> tuple[str, ...]:
        """Return the names of the epics that have checkpoints."""

    def delete(self, epic_id: str) -> str:
        """Delete an epic's checkpoints.

        Returns:
            The command that brings them back; empty where there were none.
        """

    def verify(self, epic_id: str) -> tuple[str, ...]:
        """Read every checkpoint again; return what is wrong, a line each."""


class Publication(Value):
    """What came of publishing."""

    commit: str | None = None
    branch: str = ""
    published: tuple[str, ...] = ()
    """Ids of the checkpoints that the branch now carries."""
    deferred: str = ""
    """Why nothing was published now; empty where something was."""


class Publisher(Protocol):
    """Puts records on the current branch, where ``git log`` shows them."""

    def publish(
        self, epic_id: str, checkpoint_ids: Sequence[str], message: str
    ) -> Publication:
        """Commit the records of these checkpoints in one commit, if that is safe."""


class Workspace(Protocol):
    """The user's repository, only looked at."""

    def mark(self) -> WorkspaceMark:
        """Describe the repository as it is now."""

    def changes_since(self, mark: WorkspaceMark) -> WorkspaceChanges:
        """Say what has happened since."""

    def last_test_run(self, since: datetime) -> TestState | None:
        """Read the report that a test run after ``since`` has left, if any."""


class Pricer(Protocol):
    """Reads usage out of a provider's reply and prices it."""

    def read(self, response: Any, at: datetime) -> tuple[Usage, Decimal]:
        """Return the usage and its price in US dollars.

        Raises:
            BadInput: where the reply has no usage that can be read.
            UnpricedModel: where nobody knows the price.
        """


class Prices(Protocol):
    """The prices that people declared."""

    def declare(
        self, model: str, input_usd_per_mtok: Decimal, output_usd_per_mtok: Decimal
    ) -> None:
        """Declare what a model costs, in US dollars per million tokens, for good."""


class Gates(Protocol):
    """The project's quality gates."""

    def run(self, tell: Callable[[str], None]) -> BaselineReport:
        """Run them one after the other; ``tell`` is given a line for each step."""


class Processes(Protocol):
    """The processes of this machine."""

    kind: HolderKind
    """What kind this process is, should it hold a session."""

    def me(self) -> Holder:
        """Describe this process."""

    def is_alive(self, holder: Holder, last_beat: datetime | None) -> bool:
        """Say whether a session's holder is still there.

        Args:
            last_beat: when it was last heard of; decides where its host is
                another than ours.
        """


class Clock(Protocol):
    """Two clocks: one for the record, one that never jumps."""

    def now(self) -> datetime:
        """Return the moment, aware, in UTC, to the millisecond."""

    def monotonic(self) -> float:
        """Return seconds since some fixed moment."""
