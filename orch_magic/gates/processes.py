"""Run one command within a time limit, and leave no process of it behind.

It gets a process group of its own, no input, and a file for its output, which it
can't block on. However it ends, the whole group is gone when `run_command` returns
or raises.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

GRACE_SECONDS = 3.0
"""How long a process may take to end after SIGTERM before it is killed."""


class Ended(NamedTuple):
    """How a command ended."""

    exit_code: int | None
    """None where it hit its time limit."""
    seconds: float


def run_command(
    command: Sequence[str], *, cwd: Path, output: Path, limit_seconds: float
) -> Ended:
    """Run a command to its end or its time limit.

    Args:
        command: the program and its arguments; no shell reads them.
        cwd: where it runs.
        output: the file that takes what it prints.
        limit_seconds: how long it may take.

    Raises:
        OSError: where it can't be started.
    """
    # A hook of Git's that started us has left its own repository in GIT_*.
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    began = time.monotonic()
    with output.open("wb") as sink:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        exit_code: int | None = None
        try:
            exit_code = process.wait(timeout=max(limit_seconds, 0))
        except subprocess.TimeoutExpired:
            _end_family(process)
        except BaseException:  # Ctrl+C above all: the group would not get it
            _end_family(process)
            raise
        else:
            _signal_group(process.pid, signal.SIGKILL)  # what it left behind
    return Ended(exit_code, round(time.monotonic() - began, 3))


def _end_family(process: subprocess.Popen[bytes]) -> None:
    """End a process and all it started: politely, then for good."""
    import psutil

    family: list[psutil.Process] = []
    try:
        family = _descendants(process.pid)
        _signal_group(process.pid, signal.SIGTERM)
        deadline = time.monotonic() + GRACE_SECONDS
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=GRACE_SECONDS)
        psutil.wait_procs(family, timeout=max(deadline - time.monotonic(), 0))
    finally:  # also when Ctrl+C comes again
        family += _descendants(process.pid)
        _signal_group(process.pid, signal.SIGKILL)
        for member in family:  # those that have left the group
            with contextlib.suppress(psutil.NoSuchProcess):
                member.kill()
        # A process that hangs in the system's own code can't be waited for.
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=GRACE_SECONDS)


def _descendants(pid: int) -> list[Any]:
    import psutil

    try:
        return list(psutil.Process(pid).children(recursive=True))
    except psutil.NoSuchProcess:
        return []


def _signal_group(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):  # nobody is left in it
        os.killpg(group, number)
