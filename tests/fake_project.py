"""A world of fakes: several processes of one project, and a clock to move."""

from __future__ import annotations

import itertools
from pathlib import Path

from orch_magic.core.lifecycle import StartRequest
from orch_magic.core.reports import Started
from orch_magic.core.settings import Settings
from orch_magic.core.values import parse_usd
from orch_magic.orchestrator import sessions
from orch_magic.orchestrator.world import World
from orch_magic.testing import (
    FakeClock,
    FakeGates,
    FakePricer,
    FakeProcesses,
    FakeWorkspace,
    MemoryLedger,
    MemoryPublisher,
    MemoryStore,
)


class Project:
    """One project; each of its worlds is a process of its own."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.ledger = MemoryLedger()
        self.store = MemoryStore()
        self.publisher = MemoryPublisher()
        self.workspace = FakeWorkspace()
        self.gates = FakeGates()
        self.dead: set[int] = set()
        self._pids = itertools.count(1)
        self._hex = itertools.count(1)

    def process(self) -> World:
        processes = FakeProcesses(next(self._pids))
        processes.dead = self.dead
        return World(
            ledger=self.ledger,
            store=self.store,
            publisher=self.publisher,
            workspace=self.workspace,
            pricer=FakePricer(),
            prices=None,  # type: ignore[arg-type] # declared in the metering room's tests
            gates=self.gates,
            processes=processes,
            clock=self.clock,
            new_hex=lambda: f"{next(self._hex):04x}00",
            home=Path("nowhere"),
        )

    def kill(self, world: World) -> None:
        self.dead.add(world.processes.me().pid)


def start_session(
    world: World, epic: str = "x", budget: str | None = None, **options
) -> Started:
    """Start a session in a world, with the options that a test cares about."""
    changes = options.pop("settings", {})
    baseline = options.pop("baseline", False)
    request = StartRequest(
        sets_limit=budget is not None,
        limit_usd=None if budget is None else parse_usd(budget),
        **options,
    )
    return sessions.start(
        world,
        epic,
        request,
        settings=Settings().with_changes(**changes),
        baseline=baseline,
        tell=lambda _: None,
    )
