"""This process: the projects it has opened, the session it holds, who listens.

The only module-level state there is. `orch_magic.api` and the faces stand on it.
"""

from __future__ import annotations

import atexit
import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from orch_magic.core.errors import OrchError
from orch_magic.core.money import BudgetLevel
from orch_magic.core.reports import Asked, Ended, Saved
from orch_magic.core.sessions import SessionStatus
from orch_magic.core.values import Value, show_usd
from orch_magic.core.work import Failure
from orch_magic.keeper import Keeper
from orch_magic.orchestrator import journal, reading, sessions
from orch_magic.orchestrator.world import Listener, World
from orch_magic.project import open_world

ANSWER_SECONDS = 5.0
"""How long a pause asked of another process is waited for."""

LOOK_SECONDS = 0.1
"""How often it is looked whether that process has answered."""

_log = logging.getLogger(__name__)

_worlds: dict[Path, World] = {}
_listeners: list[Listener] = []
_keepers: dict[int, Keeper] = {}
"""By the process that started it: a forked child has none."""
_lock = threading.RLock()


def world_at(
    cwd: str | Path | None,
    *,
    anew: bool = False,
    init: bool = False,
    tell: Callable[[str], None] | None = None,
) -> World:
    """Return the project around a folder.

    Without one: that of the session held here, else that around the current folder.

    Args:
        cwd: the folder.
        anew: read its settings again.
        init: make a repository there if there is none.
        tell: is given a line when something had to be mended; default: it is printed.

    Raises:
        RepositoryProblem: where there is no usable repository.
        BadInput: where its settings can't be read.
    """
    with _lock:
        held = held_world()
        if cwd is None and held is not None:
            return held
        start = Path(cwd or Path.cwd()).expanduser().resolve()
        if anew or start not in _worlds:
            world = open_world(start, init=init, tell=tell or _say)
            world.listeners.append(_tell_listeners)
            _worlds[start] = world
        return _worlds[start]


def held_world() -> World | None:
    """Return the project whose session this process holds."""
    return next((world for world in _worlds.values() if world.held), None)


def held_epic() -> str | None:
    """Return the name of the epic whose session this process holds."""
    world = held_world()
    return world.held.epic_id if world and world.held else None


def refuse_second_session() -> None:
    """Refuse to hold two sessions at a time, in whatever projects.

    Raises:
        SessionHeld: where one is held.
    """
    for world in tuple(_worlds.values()):
        world.refuse_second_session()


def keep(world: World) -> None:
    """Start the thread that keeps the session just begun."""
    if not _keepers:
        atexit.register(_pause_at_exit)
    keeper = Keeper(world)
    _keepers[os.getpid()] = keeper
    keeper.start()


def wait(seconds: float | None = None) -> bool:
    """Wait until the session held here has ended; say whether it has."""
    keeper = _keepers.get(os.getpid())
    return keeper.wait(seconds) if keeper else True


def let_go() -> None:
    """Stop the keeper, once the session held here has ended."""
    keeper = _keepers.pop(os.getpid(), None)
    if keeper is not None:
        keeper.stop()


def listen(listener: Listener) -> Callable[[], None]:
    """Have what happens by itself reported, from any thread.

    Returns:
        A function that ends it.
    """
    _listeners.append(listener)
    return lambda: _listeners.remove(listener)


def glance() -> tuple[object, ...]:
    """Return what a card of the session held here would change with; cheap."""
    world = held_world()
    if world is None or world.held is None:
        return ()
    state = world.ledger.state(world.held.epic_id)
    session = state.session
    return (
        state.epic_id,
        session and (session.id, session.status),
        state.spent_usd,
        state.limit_usd,
        state.last_checkpoint and state.last_checkpoint.id,
        state.checkpoint_trouble,
        len(state.unpublished) and state.publication_trouble,
        state.task,
        state.blockers,
    )


def why_no_cell_may_start() -> str:
    """Say why a cell must not run now; empty where it may."""
    world = held_world()
    held = world.held_session() if world else None
    if world is None or held is None:
        return ""
    state, _ = held
    if state.limit_usd is None or state.spent_usd < state.limit_usd:
        return ""  # asked before every cell: nearly always the answer, so at once
    budget = world.budget(state)
    if budget.level is not BudgetLevel.EXCEEDED or budget.limit_usd is None:
        return ""
    return (
        f"The budget of epic {budget.epic_id} is spent: {show_usd(budget.spent_usd)} "
        f"of {show_usd(budget.limit_usd)}. No cell starts until it is lifted: "
        "%orch budget AMOUNT"
    )


def cell_ran(digest: str, seconds: float, failure: Failure | None) -> Saved | None:
    """Count a notebook cell of the session held here.

    Returns:
        The checkpoint that a failure made.
    """
    world = held_world()
    return journal.cell_ran(world, digest, seconds, failure) if world else None


def answer_to(world: World, asked: Asked) -> Ended | Asked:
    """Wait for the process that was asked to end its session.

    Returns:
        How it ended, or the question again where there is no answer in time.
    """
    give_up = time.monotonic() + ANSWER_SECONDS
    while time.monotonic() < give_up:
        state = world.ledger.state(asked.epic_id)
        session = next(s for s in state.sessions if s.id == asked.session.id)
        mark = state.last_checkpoint
        saved = mark and session.ended_at and mark.at >= session.ended_at
        if session.ended_at and (saved or state.checkpoint_trouble):
            trouble = state.checkpoint_trouble
            entry = reading.newest_entry(state) if saved else None
            return Ended(
                session=session,
                budget=world.budget(state),
                checkpoint=Saved(checkpoint=entry) if entry else None,
                remarks=(f"No checkpoint was made: {trouble}",) if trouble else (),
            )
        time.sleep(LOOK_SECONDS)
    return asked


def _pause_at_exit() -> None:
    """Pause a session that is still running when its process ends properly."""
    world = held_world()
    if os.getpid() not in _keepers or world is None or world.held is None:
        return
    let_go()
    if world.held_session() is None:
        return
    try:
        sessions.end(
            world, world.held.epic_id, SessionStatus.PAUSED, "the process ended"
        )
    except OrchError as error:
        _say(f"the session was not paused: {error}")


def _tell_listeners(report: Value) -> None:
    for listener in tuple(_listeners):
        try:
            listener(report)
        except Exception:  # noqa: BLE001 - logged, whatever it was
            # A face that can't show it must not stop the keeping.
            _log.exception("A listener failed; the session is kept all the same")


def _say(line: str) -> None:
    print(f"orch: {line}", file=sys.stderr, flush=True)  # noqa: T201
