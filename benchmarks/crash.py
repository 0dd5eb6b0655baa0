"""kill -9 at random moments of a real kernel that works, and what is there after.

Each round a new kernel resumes the epic, spends and checkpoints until it is killed;
every second kill takes its children (a Git at work) along, as the end of a container
does. Nothing acknowledged may be missing. Beside it a script that commits with
GitPython is killed in the same manner.
"""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from threading import Timer

import psutil

import orch_magic as orch
from benchmarks.crash_books import Books
from benchmarks.crash_log import Told, read_log
from benchmarks.crash_peer import Peer, kill_peer
from benchmarks.places import Run, fsck, make_repository
from benchmarks.table import NONE, Row, Section
from orch_magic import api
from orch_magic.demo.kernel import Kernel, KernelDied

EPIC = "crash"
BUDGET_USD = Decimal(1000)

LONGEST_SECONDS = {"short": 1.0, "long": 2.5}
"""The last moment of a kill, from the start of its session, by the form."""

_SET_UP = """
%load_ext orch_magic
import orch_magic.api
from benchmarks.crash_worker import Worker
worker = Worker({log!r}, {seed!r})
"""

_START = """
worker.say("starting")
started = %orch start --epic {epic} {how}
worker.began(started)
"""

_WORK = "worker.work(2)"


@dataclass
class _Found:
    """What went wrong, a line each, and what was seen."""

    failed_resumes: list[str] = field(default_factory=list)
    failed_work: list[str] = field(default_factory=list)
    lost_checkpoints: list[str] = field(default_factory=list)
    index_locks: int = 0
    """How often a kill left the user's index locked."""


def measure(run: Run) -> Section:
    """Measure it."""
    kills = run.choose(short=15, long=100)
    top = make_repository(run.room("project"))
    chance = random.Random(run.seed)  # noqa: S311 - figures, no secrets
    books, found = Books(BUDGET_USD), _Found()
    longest = LONGEST_SECONDS["short" if run.short else "long"]
    with ThreadPoolExecutor(1) as helper:
        peer = helper.submit(kill_peer, run.room("peer"), kills, run.seed)
        for number in range(kills):
            delay = chance.uniform(0, longest)
            log = run.folder / f"round-{number}.jsonl"
            _one_round(top, log, number, delay, found, seed=f"{run.seed}-{number}")
            told = read_log(log)
            books.enter(told)
            books.enter_death(told)
            acknowledged = [line.facts["id"] for line in told if line.word == "saved"]
            found.lost_checkpoints += _unreadable(top, acknowledged)
            found.index_locks += (top / ".git" / "index.lock").exists()
        books.enter(_resume_once_more(top, run.folder / "last.jsonl", kills, found))
        found.lost_checkpoints += _unreadable(top, books.checkpoints)
        rows = _rows(kills, books, found, top, peer.result())
    return Section("crash", rows, _remarks(books, found))


def _one_round(
    top: Path, log: Path, number: int, delay: float, found: _Found, *, seed: str
) -> None:
    """Have a new kernel resume and work until it is killed."""
    how = "--resume" if number else f"--budget {BUDGET_USD}"
    with Kernel(top, os.environ) as kernel:
        kernel.run(_SET_UP.format(log=str(log), seed=seed))
        timer = Timer(delay, _kill, (kernel.pid, number % 2 == 1))
        timer.start()
        with suppress(KernelDied):
            said = kernel.run(_START.format(epic=EPIC, how=how))
            if not _has_begun(log):
                found.failed_resumes.append(f"round {number}: {''.join(said)[-300:]}")
            while True:
                if said := kernel.run(_WORK):
                    found.failed_work.append(f"round {number}: {''.join(said)[-300:]}")
        timer.join()


def _resume_once_more(
    top: Path, log: Path, number: int, found: _Found
) -> tuple[Told, ...]:
    """Resume in a kernel that is left alive, and end the session properly."""
    with Kernel(top, os.environ) as kernel:
        kernel.run(_SET_UP.format(log=str(log), seed="last"))
        said = kernel.run(_START.format(epic=EPIC, how="--resume"))
        if not _has_begun(log):
            found.failed_resumes.append(f"round {number}: {''.join(said)[-300:]}")
        kernel.run(_WORK)
        kernel.run("ended = %orch complete")
    return read_log(log)


def _has_begun(log: Path) -> bool:
    return any(told.word == "began" for told in read_log(log))


def _kill(pid: int, with_children: bool) -> None:
    children = psutil.Process(pid).children(recursive=True) if with_children else []
    os.kill(pid, signal.SIGKILL)
    for child in children:
        with suppress(psutil.NoSuchProcess):
            child.kill()


def _unreadable(top: Path, ids: Sequence[str]) -> Iterator[str]:
    """Say which of these checkpoints can't be listed and loaded any more."""
    listed = {entry.id for entry in api.checkpoints(epic=EPIC, cwd=top).checkpoints}
    for id_ in ids:
        if id_ not in listed:
            yield f"{id_} is not in the list"
            continue
        try:
            orch.load_checkpoint(EPIC, id_, cwd=top)
        except orch.OrchError as error:
            yield str(error)


def _rows(
    kills: int, books: Books, found: _Found, top: Path, peer: Peer
) -> tuple[Row, ...]:
    beside = f"GitPython, killed {peer.kills}x"
    sound = api.verify(epic=EPIC, cwd=top)
    return (
        _none(
            "acknowledged spends lost",
            len(books.lost_spends),
            f"{books.acknowledged} acknowledged, {kills} kills",
        ),
        _none(
            "acknowledged checkpoints lost or unreadable",
            len(set(found.lost_checkpoints)),
            f"{len(books.checkpoints)} acknowledged",
            f"{beside}: {peer.lost} of {peer.saved} lost",
        ),
        _none(
            "resumes that failed",
            len(found.failed_resumes) + len(found.failed_work),
            f"{kills} resumes",
            f"{beside}: {peer.blocked} times a lock in the way",
        ),
        _none("costs or remaining budgets wrong", len(books.wrong_costs)),
        _none("session numbers or parents wrong", len(books.wrong_sessions)),
        _none("complaints of orch verify", len(sound.problems)),
        _none(
            "complaints of git fsck",
            len(fsck(top)),
            peer=f"{beside}: {peer.complaints}",
        ),
        Row("kills that left the user's index locked", figure=found.index_locks),
    )


def _none(what: str, figure: int, ours: str = "", peer: str = "") -> Row:
    return Row(what, ours=ours, peer=peer, figure=figure, promise=NONE)


def _remarks(books: Books, found: _Found) -> tuple[str, ...]:
    where = ", ".join(
        f"{count} {step}" for step, count in books.killed_in.most_common()
    )
    problems = [
        *found.failed_resumes,
        *found.failed_work,
        *found.lost_checkpoints,
        *books.lost_spends,
        *books.wrong_costs,
        *books.wrong_sessions,
    ]
    return (f"killed while: {where}", *problems[:20])
