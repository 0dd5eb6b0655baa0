"""What the orchestrator works with: ports, settings, and the session held here."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from orch_magic.core import ports
from orch_magic.core.errors import SessionHeld
from orch_magic.core.fold import EpicState
from orch_magic.core.money import WARNING_FRACTION, BudgetStatus, budget_status
from orch_magic.core.sessions import Session
from orch_magic.core.settings import Settings
from orch_magic.core.values import Value

Listener = Callable[[Value], None]
"""Is given each report of what happened by itself; may be called from any thread."""


@dataclass
class Held:
    """The session that this process holds."""

    epic_id: str
    session_id: str
    settings: Settings
    checkpointed_at: float
    """Monotonic seconds of the newest checkpoint, or of the start."""
    retry_at: float | None = None
    """Monotonic seconds at which a checkpoint that failed is tried again."""
    publish_at: float = 0.0
    """Monotonic seconds before which an owed publication is not tried again."""
    beat_at: float = 0.0


@dataclass
class World:
    """One project, as this process sees it. Safe to use from several threads."""

    ledger: ports.Ledger
    store: ports.CheckpointStore
    publisher: ports.Publisher
    workspace: ports.Workspace
    pricer: ports.Pricer
    prices: ports.Prices
    gates: ports.Gates
    processes: ports.Processes
    clock: ports.Clock
    new_hex: Callable[[], str]
    """Returns random hex digits, at least six."""
    home: Path
    """The folder of the project's ledger, locks and logs."""
    settings: Settings = field(default_factory=Settings)
    held: Held | None = None
    lock: threading.RLock = field(default_factory=threading.RLock)
    """Taken for as long as the held session is changed or checkpointed."""
    listeners: list[Listener] = field(default_factory=list)

    def tell(self, report: Value) -> None:
        """Give a report to all who listen."""
        for listener in tuple(self.listeners):
            listener(report)

    def held_session(self) -> tuple[EpicState, Session] | None:
        """Return the epic and session held here, if it is still live."""
        held = self.held
        if held is None:
            return None
        state = self.ledger.state(held.epic_id)
        live = state.live_session
        return (state, live) if live and live.id == held.session_id else None

    def is_alive(self, session: Session) -> bool:
        """Say whether the process that holds a session is still there."""
        if session.holder is None:
            return False
        return self.processes.is_alive(
            session.holder, self.ledger.last_beat(session.id)
        )

    def budget(self, state: EpicState) -> BudgetStatus:
        """Work out how an epic's budget stands, by the project's warning level."""
        settings = self.held.settings if self.held else self.settings
        return budget_status(
            state.limit_usd,
            state.spent_usd,
            epic_id=state.epic_id,
            warning_fraction=settings.policy.cost_threshold or WARNING_FRACTION,
        )

    def refuse_second_session(self) -> None:
        """Refuse to hold two sessions at a time.

        Raises:
            SessionHeld: where this process holds one.
        """
        if held := self.held_session():
            state, session = held
            raise SessionHeld(
                f"This process already runs epic {state.epic_id} "
                f"(session {session.number}).",
                "End that one first: %orch pause",
            )
        self.held = None
