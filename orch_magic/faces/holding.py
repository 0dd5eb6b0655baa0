"""``orch start`` and ``orch resume``: this process holds the session.

Under a command, in the foreground with a live line, or in the background.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from orch_magic import api, here
from orch_magic.core.errors import NoSession, NotFound, OrchError
from orch_magic.core.events import EndStatus
from orch_magic.core.reports import Ended, Saved, Started
from orch_magic.core.values import Value
from orch_magic.faces import exits
from orch_magic.faces.calls import call
from orch_magic.faces.views import as_line

Show = Callable[[Any, argparse.Namespace], None]

GRACE_SECONDS = 10.0
"""How long a command may take to end after it was asked to."""

NOT_RUN = 127
"""The exit code for a command that could not be run, as shells have it."""

START_SECONDS = 330.0
"""How long the start in the background is waited for: a baseline may run."""


def hold(
    parsed: argparse.Namespace, line: list[str], command: list[str], show: Show
) -> int:
    """Start a session and hold it.

    Args:
        parsed: the line, parsed; of ``start`` or ``resume``.
        line: the same, as it was typed behind ``orch``.
        command: what to run under the session; empty: nothing.
        show: prints an answer.

    Returns:
        The exit code; under a command, that command's own.
    """
    background = parsed.background
    del parsed.background  # no verb takes it
    if parsed.epic is None:
        parsed.epic = api.status(cwd=parsed.cwd).epic_id
    if background:
        return _hold_in_background(parsed, line, show)
    kind = "command" if command else "keeper"
    _end_on_signals()
    started: Started = call(parsed, kind=kind, tell=_tell)
    show(started, parsed)
    sys.stdout.flush()
    if command:
        return _run_command(started, command)
    return _keep(started)


def _run_command(started: Started, command: list[str]) -> int:
    epic = started.session.epic_id
    try:
        child = subprocess.Popen(command, env={**os.environ, "ORCH_EPIC": epic})
    except OSError as error:
        api.fail(f"could not run {command[0]}: {error.strerror}", epic=epic)
        print(f"orch: {command[0]}: {error.strerror}", file=sys.stderr)
        return NOT_RUN
    deafen = here.listen(_tell_report)
    try:
        while child.poll() is None:
            if here.wait(0.2):
                # Paused from elsewhere: the command must not go on without it.
                _stop(child)
                return exits.INTERRUPTED
    except KeyboardInterrupt:
        _stop(child)
        _end(epic, "paused", "interrupted by Ctrl+C")
        return exits.INTERRUPTED
    finally:
        deafen()
    status: EndStatus = "failed" if child.returncode else "completed"
    _end(epic, status, f"{command[0]} {_how_it_ended(child.returncode)}")
    return _as_shells_say(child.returncode)


def _keep(started: Started) -> int:
    epic = started.session.epic_id
    _tell(f"Ctrl+C here pauses it; so does, elsewhere: orch pause --epic {epic}")
    line = _Line(epic)
    deafen = here.listen(line.take)
    try:
        while not here.wait(1.0):
            line.draw()
    except KeyboardInterrupt:
        line.clear()
        _end(epic, "paused", "interrupted by Ctrl+C")
    finally:
        deafen()
    return 0


def _hold_in_background(parsed: argparse.Namespace, line: list[str], show: Show) -> int:
    """Start a keeper of its own, and come back once its session runs."""
    world = here.world_at(parsed.cwd, init=getattr(parsed, "init", False))
    log = world.home / f"{parsed.epic}.keeper.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    own = line[: line.index("--")] if "--" in line else line
    words = [word for word in own if word != "--background"]
    with log.open("ab") as out:
        seen = out.tell()  # a keeper that runs may write there as well
        keeper = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "orch_magic.faces.cli",
                *words,
                *line[len(own) :],
            ],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    give_up = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up:
        if keeper.poll() is not None:
            sys.stderr.write(log.read_bytes()[seen:].decode(errors="replace"))
            return keeper.returncode
        number = _session_held_by(keeper.pid, parsed)
        if number and parsed.json:
            show(api.status(epic=parsed.epic, cwd=parsed.cwd), parsed)
            return 0
        if number:
            print(
                f"Session {number} of {parsed.epic} runs in the background (pid "
                f"{keeper.pid}).\nEnd it with: orch pause --epic {parsed.epic}\n"
                f"Its log: {log}"
            )
            return 0
        time.sleep(0.1)
    keeper.terminate()
    print(f"orch: the keeper did not start in time; see {log}", file=sys.stderr)
    return 1


def _session_held_by(pid: int, parsed: argparse.Namespace) -> int:
    """Return the number of the live session that a process holds; 0: none yet."""
    try:
        status = api.status(epic=parsed.epic, cwd=parsed.cwd)
    except NotFound:
        return 0
    holder = status.session.holder
    mine = status.status.is_live and holder is not None and holder.pid == pid
    return status.session.number if mine else 0


def _end(epic: str, status: EndStatus, reason: str) -> None:
    """End the session held here, unless it was ended meanwhile."""
    try:
        ended = api.end(status, reason, epic=epic)
    except NoSession:
        return
    if isinstance(ended, Ended):
        print(as_line(ended), flush=True)


def _stop(child: subprocess.Popen[bytes]) -> None:
    """End a command: ask twice, each time with a grace, then kill."""
    for ask in (signal.SIGINT, signal.SIGTERM):
        child.send_signal(ask)
        try:
            child.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            continue
        return
    child.kill()
    child.wait()


def _end_on_signals() -> None:
    """Have a polite end of this process pause the session, as Ctrl+C does."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, interrupt)  # also where a shell started us with &
    signal.signal(signal.SIGTERM, interrupt)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, interrupt)


class _Line:
    """The live status line of a keeper; plain lines where there is no terminal."""

    def __init__(self, epic: str) -> None:
        self._epic = epic
        self._live = sys.stdout.isatty()

    def draw(self) -> None:
        """Draw the line again, over itself."""
        if not self._live:
            return
        try:
            line = as_line(api.status(epic=self._epic))
        except OrchError as error:
            line = str(error)
        columns = shutil.get_terminal_size().columns - 1
        print(f"\r\x1b[2K{line[:columns]}", end="", flush=True)

    def clear(self) -> None:
        """Take the line away."""
        if self._live:
            print("\r\x1b[2K", end="", flush=True)

    def take(self, report: Value) -> None:
        """Print what happened by itself; called from the keeper's thread."""
        self.clear()
        print(as_line(report), flush=True)


def _how_it_ended(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"


def _as_shells_say(code: int) -> int:
    return code if code >= 0 else 128 - code


def _tell_report(report: Value) -> None:
    """Say beside a command's own output what happened to its session."""
    if not isinstance(report, Saved):
        _tell(f"orch: {as_line(report)}")


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
