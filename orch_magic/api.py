"""The verbs, as plain functions. Every face calls these and nothing else.

Each takes ``cwd``, a folder in the project (the current one if not given), and most
take ``epic``: if not given it is the epic that this process runs, else the one that
runs in the project, else the one worked on last.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from orch_magic import here
from orch_magic.core import events as ev
from orch_magic.core.gates import BaselineReport
from orch_magic.core.lifecycle import StartRequest
from orch_magic.core.reports import (
    Asked,
    Brief,
    BudgetSet,
    Deleted,
    Ended,
    Epics,
    Listing,
    Priced,
    Saved,
    SpendReport,
    Started,
    Status,
    Verified,
    Written,
)
from orch_magic.core.sessions import HolderKind
from orch_magic.core.values import parse_epic_id, parse_usd
from orch_magic.orchestrator import journal, money, reading, sessions
from orch_magic.orchestrator.checkpointing import checkpoint as _checkpoint
from orch_magic.orchestrator.world import World

Where = str | Path | None


def start(
    epic: str,
    budget: object = None,
    *,
    resume: bool = False,
    force: bool = False,
    take_over: bool = False,
    baseline: bool = True,
    init: bool = False,
    kind: HolderKind = "script",
    tell: Callable[[str], None] | None = None,
    cwd: Where = None,
    **settings: Any,
) -> Started:
    """Open the epic's next session and keep it in this process.

    Args:
        epic: its name.
        budget: the epic's limit in US dollars, over all its sessions. Not given,
            the limit stays as it is (none, for a new epic).
        resume: refuse if there is nothing to resume.
        force: set a limit below what is already spent.
        take_over: end a live session that another process holds.
        baseline: run the project's quality gates first.
        init: make a Git repository if there is none.
        kind: what kind of process holds the session.
        tell: is given a line for each step that takes long; default: nobody.
        cwd: a folder in the project.
        **settings: keys of ``[tool.orch]`` for this session, such as
            ``checkpoint_every_minutes=5``.

    Raises:
        OrchError: one line that says what to do; see `orch_magic.core.errors`.
    """
    name = parse_epic_id(epic)
    request = StartRequest(
        resume=resume,
        sets_limit=budget is not None,
        limit_usd=None if budget is None else parse_usd(budget),
        force=force,
        take_over=take_over,
    )
    here.refuse_second_session()
    world = here.world_at(cwd, anew=True, init=init, tell=tell)
    world.processes.kind = kind
    try:
        return sessions.start(
            world,
            name,
            request,
            settings=world.settings.with_changes(**settings),
            baseline=baseline,
            tell=tell or _tell_nobody,
        )
    finally:
        if world.held:  # also where Ctrl+C came while the first checkpoint was made
            here.keep(world)


def resume(epic: str | None = None, budget: object = None, **options: Any) -> Started:
    """Open the next session of an epic that has one, and show its brief.

    Args:
        epic: its name; not given: the one worked on last.
        budget: a new limit in US dollars; not given: as it was.
        **options: as for `start`.

    Raises:
        NothingToResume: where there is nothing to go on from.
    """
    if epic is None:
        epic = reading.choose_epic(here.world_at(options.get("cwd")), None)
    return start(epic, budget, resume=True, **options)


def pause(
    reason: str = "", *, epic: str | None = None, cwd: Where = None
) -> Ended | Asked:
    """End the session with a checkpoint, to be resumed. See `end`."""
    return end("paused", reason, epic=epic, cwd=cwd)


def complete(
    reason: str = "", *, epic: str | None = None, cwd: Where = None
) -> Ended | Asked:
    """End the session with a checkpoint: its work is done. See `end`."""
    return end("completed", reason, epic=epic, cwd=cwd)


def fail(
    reason: str = "", *, epic: str | None = None, cwd: Where = None
) -> Ended | Asked:
    """End the session with a checkpoint: its work has failed. See `end`."""
    return end("failed", reason, epic=epic, cwd=cwd)


def end(
    status: ev.EndStatus,
    reason: str = "",
    *,
    epic: str | None = None,
    cwd: Where = None,
) -> Ended | Asked:
    """End the epic's session, wherever it runs.

    Another process that holds it is asked, and waited for a few seconds.

    Returns:
        `Ended`; or `Asked`, where the holder has not answered yet.

    Raises:
        NoSession: where none is running; the line names the last checkpoint.
    """
    world, name = _world_and_epic(epic, cwd)
    answer = sessions.end_from_anywhere(world, name, status, reason)
    if isinstance(answer, Asked):
        return here.answer_to(world, answer)
    if world.held is None:
        here.let_go()
    return answer


def status(*, epic: str | None = None, cwd: Where = None) -> Status:
    """Say how an epic stands right now."""
    return reading.status(*_world_and_epic(epic, cwd))


def brief(*, epic: str | None = None, cwd: Where = None) -> Brief:
    """Say what to read before going on with an epic."""
    return reading.brief(*_world_and_epic(epic, cwd))


def checkpoints(
    *, epic: str | None = None, limit: int | None = None, cwd: Where = None
) -> Listing:
    """List an epic's checkpoints, newest first."""
    return reading.listing(*_world_and_epic(epic, cwd), limit)


def epics(*, cwd: Where = None) -> Epics:
    """List the project's epics, the one worked on last first."""
    return reading.epics(here.world_at(cwd))


def checkpoint(
    reason: str = "asked for", *, epic: str | None = None, cwd: Where = None
) -> Saved:
    """Save a checkpoint now."""
    world, name = _world_and_epic(epic, cwd)
    return _checkpoint(world, name, "asked", reason)


def verify(*, epic: str | None = None, cwd: Where = None) -> Verified:
    """Read everything stored of an epic again and compare."""
    return reading.verify(*_world_and_epic(epic, cwd))


def delete(epic: str, *, cwd: Where = None) -> Deleted:
    """Delete an epic's checkpoints. Its ledger, and so its spend, stays."""
    world = here.world_at(cwd)
    name = parse_epic_id(epic)
    count = len(reading.listing(world, name).checkpoints)
    return Deleted(
        epic_id=name, checkpoints=count, how_to_get_back=world.store.delete(name)
    )


def spend(
    what: Any = None,
    *,
    usd: object = None,
    note: str = "",
    cell: str = "",
    epic: str | None = None,
    cwd: Where = None,
) -> SpendReport:
    """Write down money that is gone, or, given nothing, say where it went.

    Args:
        what: an amount in US dollars, or a provider's reply (raw or its SDK's
            object), whose usage is read and priced.
        usd: the amount in US dollars, by name.
        note: what it was for.
        cell: which cell spent it, as people name it.

    Raises:
        BadInput, UnpricedModel: where there is no amount to be had from ``what``.
        NoSession: where no session is running.
        BudgetExceeded: where it passes the limit; it is written down all the same.
    """
    world, name = _world_and_epic(epic, cwd)
    if usd is None and _is_amount(what):
        usd, what = what, None
    if usd is None and what is None:
        return money.report(world, name)
    amount: Decimal | None = None if usd is None else parse_usd(usd)
    spent = money.spend(world, name, amount, response=what, note=note, cell=cell)
    return money.report(world, name, spent)


def price(
    model: str,
    *,
    input_usd_per_mtok: object,
    output_usd_per_mtok: object,
    cwd: Where = None,
) -> Priced:
    """Declare the price of a model that the price list does not know.

    Args:
        model: its name, as replies give it.
        input_usd_per_mtok: US dollars per million input tokens.
        output_usd_per_mtok: US dollars per million output tokens.
    """
    world = here.world_at(cwd)
    given, taken = parse_usd(input_usd_per_mtok), parse_usd(output_usd_per_mtok)
    world.prices.declare(model, given, taken)
    return Priced(model=model, input_usd_per_mtok=given, output_usd_per_mtok=taken)


def budget(
    limit: object = None,
    *,
    force: bool = False,
    epic: str | None = None,
    cwd: Where = None,
) -> BudgetSet:
    """Set the epic's limit in US dollars, or, given none, say how it stands."""
    world, name = _world_and_epic(epic, cwd)
    if limit is None:
        return money.budget(world, name)
    return money.set_budget(world, name, parse_usd(limit), force=force)


def note(text: str, *, epic: str | None = None, cwd: Where = None) -> Written:
    """Write down something worth remembering."""
    return journal.note(*_world_and_epic(epic, cwd), text)


def decide(
    decision: str,
    why: str = "",
    *,
    alternatives: tuple[str, ...] = (),
    epic: str | None = None,
    cwd: Where = None,
) -> Written:
    """Write down a choice and why it was made."""
    world, name = _world_and_epic(epic, cwd)
    return journal.decide(world, name, decision, why, tuple(alternatives))


def block(
    text: str, *, clear: bool = False, epic: str | None = None, cwd: Where = None
) -> Written:
    """Write down what stands in the way; ``clear``: it no longer does."""
    world, name = _world_and_epic(epic, cwd)
    verb = journal.unblock if clear else journal.block
    return verb(world, name, text)


def issue(
    id: str,  # noqa: A002 - the word people use
    title: str = "",
    *,
    status: str = "in-progress",
    reason: str = "",
    epic: str | None = None,
    cwd: Where = None,
) -> Written:
    """Take up an issue, or say that its status changed (``done`` ends its task)."""
    world, name = _world_and_epic(epic, cwd)
    written, _ = journal.issue(world, name, id, title, status, reason)
    return written


def task(
    step: str | None = None,
    *,
    remaining: str | None = None,
    progress: float | None = None,
    epic: str | None = None,
    cwd: Where = None,
) -> Written:
    """Say how far the current task is.

    Args:
        step: what is being done.
        remaining: what is left to do.
        progress: per cent done, 0 to 100.
    """
    world, name = _world_and_epic(epic, cwd)
    changes = {
        "current_step": step,
        "remaining_work": remaining,
        "progress_percent": progress,
    }
    return journal.task(world, name, changes)


def baseline(
    *,
    epic: str | None = None,
    tell: Callable[[str], None] | None = None,
    cwd: Where = None,
) -> BaselineReport:
    """Run the project's quality gates; a running epic's ledger keeps the outcome."""
    world = here.world_at(cwd)
    name = here.held_epic() if epic is None else parse_epic_id(epic)
    return sessions.baseline(world, name, tell or _tell_nobody)


@contextmanager
def session(epic: str, budget: object = None, **options: Any) -> Iterator[Started]:
    """Run a block under a session.

    It is completed at the end of the block, paused by Ctrl+C, and failed by an
    error, which goes through.
    """
    started = start(epic, budget, **options)
    cwd = options.get("cwd")
    try:
        yield started
    except KeyboardInterrupt:
        _end_if_held(started, "paused", "interrupted by Ctrl+C", cwd)
        raise
    except BaseException as error:
        _end_if_held(started, "failed", f"{type(error).__name__}: {error}", cwd)
        raise
    _end_if_held(started, "completed", "", cwd)


def _end_if_held(
    started: Started, status: ev.EndStatus, reason: str, cwd: Where
) -> None:
    """End the block's session, unless something in the block has done so."""
    session_id = started.session.id
    world = here.held_world()
    if world and world.held and world.held.session_id == session_id:
        end(status, reason, epic=started.session.epic_id, cwd=cwd)


def _world_and_epic(epic: str | None, cwd: Where) -> tuple[World, str]:
    """Open the project, and say which epic is meant."""
    world = here.world_at(cwd)
    epic = epic or os.environ.get("ORCH_EPIC")  # set for a command under a session
    named = None if epic is None else parse_epic_id(epic)
    return world, reading.choose_epic(world, named)


def _is_amount(what: object) -> bool:
    if isinstance(what, str):
        return not what.lstrip().startswith(("{", "["))
    return isinstance(what, int | float | Decimal)


def _tell_nobody(_: str) -> None:
    """Take a line that nobody asked for."""
