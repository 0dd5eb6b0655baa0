"""The peer of the crash benchmark: a loop that commits with GitPython, killed as often.

Run as a module it is that loop; `kill_peer` kills it again and again and counts the
rounds in which it could not save any more until a person removed a lock.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Timer

from benchmarks.crash_log import Log, read_log
from benchmarks.places import fsck, git, make_repository

LONGEST_SECONDS = 0.3
"""The last moment of a kill, from the loop's first commit."""


@dataclass(frozen=True)
class Peer:
    """What came of it."""

    kills: int
    saved: int
    blocked: int
    lost: int
    complaints: int
    """Lines that `git fsck` prints at the end."""


def kill_peer(folder: Path, kills: int, seed: int) -> Peer:
    """Kill the loop, with the Git that it runs, at random moments."""
    top = make_repository(folder / "project")
    chance = random.Random(seed)  # noqa: S311 - figures, no secrets
    acknowledged: list[str] = []
    blocked = 0
    for number in range(kills):
        log = folder / f"round-{number}.jsonl"
        loop = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.crash_peer", str(log), str(number)],
            cwd=top,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        with loop:
            assert loop.stdout is not None
            loop.stdout.readline()
            timer = Timer(chance.uniform(0, LONGEST_SECONDS), _kill_group, [loop])
            timer.start()
            loop.wait()
            timer.join()
        saved = [told.facts["id"] for told in read_log(log) if told.word == "saved"]
        acknowledged += saved
        if locks := _locks(top):
            blocked += 1
            for lock in locks:
                lock.unlink()
    there = set(git(top, "ls-tree", "-r", "--name-only", "HEAD").splitlines())
    lost = sum(f"checkpoints/{name}.json" not in there for name in acknowledged)
    return Peer(kills, len(acknowledged), blocked, lost, len(fsck(top)))


def _locks(top: Path) -> list[Path]:
    """Return the locks that nobody holds any more, and that stop the next commit."""
    return [*(top / ".git").glob("*.lock"), *(top / ".git").rglob("heads/*.lock")]


def _kill_group(loop: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(loop.pid, signal.SIGKILL)


def _loop(log_path: str, number: str) -> None:
    import git as gitpython

    log, repo = Log(log_path), gitpython.Repo(".")
    folder = Path("checkpoints")
    folder.mkdir(exist_ok=True)
    print("ready", flush=True)
    step = 0
    while True:
        name = f"{number}-{step}"
        file = folder / f"{name}.json"
        file.write_text(f'{{"id": "{name}"}}\n' * 100)
        repo.index.add([str(file)])
        repo.index.commit(f"checkpoint: {name}")
        log.say("saved", id=name)
        step += 1


if __name__ == "__main__":
    _loop(*sys.argv[1:])
