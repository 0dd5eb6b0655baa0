"""A project with terminals and kernels, looked at from outside."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from orch_magic import api
from orch_magic.core.errors import OrchError
from orch_magic.demo.kernel import Kernel, KernelDied
from orch_magic.project import open_world

ORCH = str(Path(sys.executable).with_name("orch"))
PATIENCE_SECONDS = 30.0
LOOK_SECONDS = 0.05


def until(happened: Callable[[], object]) -> object:
    """Look again and again until something has happened; return what it was.

    A state that can't be read at this instant has not happened yet.
    """
    give_up = time.monotonic() + PATIENCE_SECONDS
    pause = threading.Event()
    while time.monotonic() < give_up:
        try:
            if found := happened():
                return found
        except OrchError:
            pass
        pause.wait(LOOK_SECONDS)
    raise AssertionError(f"it did not happen within {PATIENCE_SECONDS:.0f} s")


@dataclass
class Project:
    """A repository, the terminal in it, and a look at its truth from outside."""

    top: Path
    environment: dict[str, str]
    running: list[subprocess.Popen[str]] = field(default_factory=list)

    def orch(
        self, *words: str, code: int | None = 0, **more: object
    ) -> subprocess.CompletedProcess[str]:
        """Run ``orch`` in a terminal of its own, to its end."""
        ran = subprocess.run(
            [ORCH, *words],
            cwd=self.top,
            env={**self.environment, **more},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert "Traceback" not in ran.stderr, ran.stderr
        if code is not None:
            assert ran.returncode == code, ran.stdout + ran.stderr
        return ran

    def begin(self, *words: str) -> subprocess.Popen[str]:
        """Run ``orch`` and come back while it runs."""
        process = subprocess.Popen(
            [ORCH, *words],
            cwd=self.top,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.running.append(process)
        return process

    def kernel(self) -> Kernel:
        return Kernel(self.top, self.environment)

    def status(self, epic: str = "x"):
        return api.status(epic=epic, cwd=self.top)

    def listed(self, epic: str = "x"):
        return api.checkpoints(epic=epic, cwd=self.top).checkpoints

    def session(self, number: int, epic: str = "x"):
        """Return a session as the ledger has it."""
        world = open_world(self.top, tell=print)
        sessions = world.ledger.state(epic).sessions
        return next((s for s in sessions if s.number == number), None)

    def holder(self, epic: str = "x") -> int:
        """Return the pid that holds the epic's live session; 0: none."""
        status = self.status(epic)
        held = status.status.is_live and status.session.holder
        return held.pid if held else 0


def said(outputs: list[str]) -> str:
    return "".join(outputs)


def dies(kernel: Kernel, cell: str) -> None:
    """Run a cell that kills its kernel."""
    with pytest.raises(KernelDied):
        kernel.run(cell)
