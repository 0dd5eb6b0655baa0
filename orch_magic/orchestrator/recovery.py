"""When the ledger knows less than the checkpoints.

That is so in a fresh clone, or where its file was lost or damaged. It then takes over
what the newest checkpoint says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import TypeVar

from orch_magic.core import events as ev
from orch_magic.core.errors import LedgerDamaged, LedgerProblem, OrchError
from orch_magic.core.fold import EpicState
from orch_magic.core.ports import CheckpointStore, Clock, Decision, Found, Ledger
from orch_magic.core.record import show_time
from orch_magic.core.values import show_usd
from orch_magic.orchestrator.world import World

T = TypeVar("T")


def catch_up(world: World, epic_id: str) -> tuple[str, ...]:
    """Take over the newest checkpoint, where it knows more than the ledger.

    Returns:
        What people should know: a line for the take-over and one for each damaged
        checkpoint that was passed over.
    """
    found = world.store.latest(epic_id)
    if found is None:
        return ()
    remarks = found.skipped
    if _knows_more(found, world.ledger.state(epic_id)):
        at = world.clock.now()
        world.ledger.append(epic_id, partial(_take_over, found=found, at=at))
        context = found.record.context
        line = f"The ledger was rebuilt from checkpoint {found.record.id}: session "
        line += f"{found.record.session_number}, "
        line += f"{show_usd(context.cumulative_cost)} spent by then."
        remarks += (line,)
    return remarks


def what_the_ledger_lacks(state: EpicState, found: Found | None) -> tuple[str, ...]:
    """Say what a checkpoint knows and the ledger does not; nothing if all is well."""
    if found is None or not _knows_more(found, state):
        return ()
    record = found.record
    saved = show_usd(record.context.cumulative_cost)
    sessions = state.session.number if state.session else 0
    line = f"Checkpoint {record.id} says {saved} spent in {record.session_number} "
    line += f"sessions; the ledger says {show_usd(state.spent_usd)} in {sessions}. "
    line += f"Mend it: %orch resume --epic {state.epic_id}"
    return (line,)


def _take_over(state: EpicState, found: Found, at: datetime) -> tuple[ev.Event, ...]:
    if not _knows_more(found, state):
        return ()  # another process was faster
    restored = ev.EpicRestored(
        epic_id=state.epic_id,
        at=at,
        record=found.record,
        commit=found.entry.commit,
    )
    return (restored,)


def _knows_more(found: Found, state: EpicState) -> bool:
    record = found.record
    known = state.session.number if state.session else 0
    return (
        not state.exists
        or record.session_number > known
        or record.context.cumulative_cost > state.spent_usd
    )


class MendingLedger:
    """A ledger that mends itself: damaged, it is set aside and rebuilt.

    Implements the `Ledger` port over one that raises `LedgerDamaged`.

    Args:
        ledger: the real one.
        replace: sets the damaged file aside and makes room for a new one; takes a
            time stamp and returns the events that could still be read, and the
            sentence that says what happened.
        store: where the epics' checkpoints are.
        tell: is given that sentence.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        replace: Callable[[str], tuple[list[ev.Event], str]],
        store: CheckpointStore,
        clock: Clock,
        tell: Callable[[str], None],
    ) -> None:
        self._ledger = ledger
        self._replace = replace
        self._store = store
        self._clock = clock
        self._tell = tell

    def append(
        self, epic_id: str, decide: Decision, *, durable: bool = True
    ) -> tuple[EpicState, tuple[ev.Event, ...]]:
        """See the port."""
        return self._whole(
            lambda ledger: ledger.append(epic_id, decide, durable=durable)
        )

    def state(self, epic_id: str) -> EpicState:
        """See the port."""
        return self._whole(lambda ledger: ledger.state(epic_id))

    def epics(self) -> tuple[str, ...]:
        """See the port."""
        return self._whole(lambda ledger: ledger.epics())

    def events(self, epic_id: str, kind: str | None = None) -> Iterator[ev.Event]:
        """See the port."""
        return iter(self._whole(lambda ledger: tuple(ledger.events(epic_id, kind))))

    def beat(self, session_id: str, at: datetime) -> None:
        """See the port."""
        self._whole(lambda ledger: ledger.beat(session_id, at))

    def last_beat(self, session_id: str) -> datetime | None:
        """See the port."""
        return self._whole(lambda ledger: ledger.last_beat(session_id))

    def verify(self, epic_id: str) -> tuple[str, ...]:
        """See the port."""
        return self._whole(lambda ledger: ledger.verify(epic_id))

    def _whole(self, ask: Callable[[Ledger], T]) -> T:
        try:
            return ask(self._ledger)
        except LedgerDamaged:
            self._mend()
            return ask(self._ledger)

    def _mend(self) -> None:
        at = self._clock.now()
        stamp = show_time(at).replace(":", "").replace(".", "-")
        try:
            events, sentence = self._replace(stamp)
        except LedgerProblem:
            return  # another process was faster: ask the file again
        by_epic: dict[str, list[ev.Event]] = {}
        for event in events:
            by_epic.setdefault(event.epic_id, []).append(event)
        for epic_id, told in by_epic.items():
            self._ledger.append(epic_id, partial(_unless_known, told=told))
        for epic_id in self._store.epics():
            try:
                found = self._store.latest(epic_id)
            except OrchError as error:
                sentence += f" Epic {epic_id} has no readable checkpoint: {error}"
                continue
            if found:
                self._ledger.append(epic_id, partial(_take_over, found=found, at=at))
        self._tell(sentence)


def _unless_known(state: EpicState, told: list[ev.Event]) -> list[ev.Event]:
    """Return what was told, unless another process has told it already."""
    return [] if state.exists else told
