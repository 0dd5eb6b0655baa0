"""The processes of this machine: who am I, and is that one still there?"""

from __future__ import annotations

import os
import platform
from datetime import datetime

from orch_magic.core.ports import Clock
from orch_magic.core.sessions import Holder, HolderKind

SAME_START_SECONDS = 2.0
"""How far two readings of one process's start may differ: systems round it."""

SILENT_SECONDS = 120.0
"""After so many seconds without a beat a holder on another host counts as gone."""

FRESH_SECONDS = 15.0
"""A beat younger than this proves that its process lives, whatever its start says:
a step of the system clock moves the start of every process."""


class SystemProcesses:
    """The `Processes` port over psutil."""

    def __init__(self, clock: Clock, kind: HolderKind = "script") -> None:
        self._clock = clock
        self.kind = kind

    def me(self) -> Holder:
        """Describe this process."""
        pid = os.getpid()
        return Holder(
            pid=pid, began=_began(pid) or 0.0, host=platform.node(), kind=self.kind
        )

    def is_alive(self, holder: Holder, last_beat: datetime | None) -> bool:
        """Say whether a session's holder is still there."""
        silent = (
            abs((self._clock.now() - last_beat).total_seconds())
            if last_beat
            else float("inf")
        )
        if holder.host != platform.node():
            return silent < SILENT_SECONDS
        began = _began(holder.pid)
        if began is None:
            return False
        return abs(began - holder.began) < SAME_START_SECONDS or silent < FRESH_SECONDS


def _began(pid: int) -> float | None:
    """Return when a process began, in seconds since 1970; None if it is gone."""
    import psutil

    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return float(process.create_time())
    except psutil.NoSuchProcess:
        return None
