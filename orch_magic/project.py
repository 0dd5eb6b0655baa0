"""Wiring: finds the repository, reads its settings, and puts the adapters together.

The only place that reads the wall clock and makes ids.
"""

from __future__ import annotations

import time
import tomllib
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from orch_magic.core.errors import BadInput
from orch_magic.core.events import Event
from orch_magic.core.sessions import HolderKind
from orch_magic.core.settings import Settings, read_settings
from orch_magic.gates.gates import ProjectGates
from orch_magic.gates.settings import read_baseline_settings
from orch_magic.ledger.rescue import salvage, set_aside
from orch_magic.ledger.sqlite import SqliteLedger
from orch_magic.metering.declared import DeclaredPrices
from orch_magic.metering.pricing import GenaiPricer
from orch_magic.orchestrator.recovery import MendingLedger
from orch_magic.orchestrator.world import World
from orch_magic.processes import SystemProcesses
from orch_magic.repository.discovery import discover
from orch_magic.repository.publisher import GitPublisher
from orch_magic.repository.running import Repository
from orch_magic.repository.store import GitStore
from orch_magic.repository.workspace import GitWorkspace

_SUB_TABLES = {"baseline"}


class SystemClock:
    """The machine's clocks."""

    def now(self) -> datetime:
        """Return the moment, in UTC, to the millisecond: what a record keeps."""
        now = datetime.now(UTC)
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def monotonic(self) -> float:
        """Return seconds that never jump."""
        return time.monotonic()


def open_world(
    start: Path,
    *,
    init: bool = False,
    kind: HolderKind = "script",
    tell: Callable[[str], None],
) -> World:
    """Open the project around a folder.

    Args:
        start: a folder in the project.
        init: make a repository there if there is none.
        kind: what kind of process this is.
        tell: is given a sentence when something had to be mended.

    Raises:
        RepositoryProblem: where there is no repository, or it can't be used.
        BadInput: where ``[tool.orch]`` can't be read.
    """
    repository = discover(start, init=init)
    table = _tool_table(repository)
    clock = SystemClock()
    store = GitStore(repository)
    prices = DeclaredPrices(repository.own_dir / "prices.json")
    return World(
        ledger=_open_ledger(repository, store, clock, tell),
        store=store,
        publisher=GitPublisher(repository),
        workspace=GitWorkspace(repository),
        pricer=GenaiPricer(prices),
        prices=prices,
        gates=ProjectGates(
            repository.top or start,
            read_baseline_settings(
                table.get("baseline", {}), where="[tool.orch.baseline]"
            ),
        ),
        processes=SystemProcesses(clock, kind),
        clock=clock,
        new_hex=lambda: uuid.uuid4().hex,
        home=repository.own_dir,
        settings=_settings(table),
    )


def _open_ledger(
    repository: Repository,
    store: GitStore,
    clock: SystemClock,
    tell: Callable[[str], None],
) -> MendingLedger:
    path = repository.own_dir / "ledger.db"

    def replace(stamp: str) -> tuple[list[Event], str]:
        aside = set_aside(path, stamp)
        events = salvage(aside)
        return events, (
            f"The ledger was damaged. It is kept as {aside.name}; a new one was "
            f"rebuilt from {len(events)} events that could be read and from the "
            "checkpoints."
        )

    return MendingLedger(
        SqliteLedger(path), replace=replace, store=store, clock=clock, tell=tell
    )


def _settings(table: dict[str, Any]) -> Settings:
    flat = {key: value for key, value in table.items() if key not in _SUB_TABLES}
    return read_settings(flat, where="[tool.orch] in pyproject.toml")


def _tool_table(repository: Repository) -> dict[str, Any]:
    """Return ``[tool.orch]`` of the project's pyproject.toml; empty without one."""
    if repository.top is None:
        return {}
    path = repository.top / "pyproject.toml"
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    try:
        table = tomllib.loads(text).get("tool", {}).get("orch", {})
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"pyproject.toml can't be read: {error}.") from None
    if not isinstance(table, dict):
        raise BadInput("[tool.orch] in pyproject.toml is no table.")
    return table
