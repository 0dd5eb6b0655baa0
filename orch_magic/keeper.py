"""The keeper: the thread that keeps a session while everything else is busy."""

from __future__ import annotations

import threading

from orch_magic.core.reports import Trouble
from orch_magic.orchestrator.tick import tick
from orch_magic.orchestrator.world import World

TICK_SECONDS = 1.0
"""Seconds between two looks: a pause asked from elsewhere is seen in time for two."""


class Keeper:
    """Keeps the session that a world holds, until it holds none any more."""

    def __init__(self, world: World, every_seconds: float = TICK_SECONDS) -> None:
        self._world = world
        self._every = every_seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name="orch-keeper", daemon=True
        )

    def start(self) -> None:
        """Begin to keep."""
        self._thread.start()

    def stop(self) -> None:
        """End, and wait for a checkpoint that is under way."""
        self._stop.set()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until the session has ended; say whether it has."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stop.wait(self._every):
            held = self._world.held
            if held is None:
                return
            try:
                tick(self._world)
            except Exception as error:  # noqa: BLE001 - told, and tried again
                self._world.tell(
                    Trouble(
                        epic_id=held.epic_id, error=f"{type(error).__name__}: {error}"
                    )
                )
