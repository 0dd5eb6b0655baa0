"""A checkpoint: a durable save beside GitPython's porcelain, which syncs nothing.

Three equal small repositories, interleaved: ours saves a 10 KB record in its store;
GitPython adds and commits the same record in the forerunner's layout; and the whole
verb gathers the context, saves and publishes. All three go on to hundreds of
checkpoints, to show how each grows.
"""

from __future__ import annotations

import json
import os
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from benchmarks.places import FILES, Run, make_repository
from benchmarks.rounds import Times, in_ms, interleave, ratio, seconds_of
from benchmarks.table import Promise, Row, Section
from orch_magic import api
from orch_magic.core.brief import brief_markdown, brief_of
from orch_magic.core.record import SCHEMA_VERSION, CheckpointRecord, write_record
from orch_magic.core.work import SessionContext
from orch_magic.repository.discovery import discover
from orch_magic.repository.store import GitStore

EPIC = "bench"
RECORD_BYTES = 10 * 1024
WARM_UP = 3
_BEGAN = datetime(2026, 11, 22, 7, 36, tzinfo=UTC)


def measure(run: Run) -> Section:
    """Measure it."""
    window = run.choose(short=30, long=40)
    marks = (0, 30) if run.short else (0, 100, 500)
    notes = _Notes(run.seed)
    verb = _Verb(make_repository(run.room("verb")), notes)
    saves = {
        "store": _Store(make_repository(run.room("store")), notes).save,
        "gitpython": _Porcelain(make_repository(run.room("gitpython")), notes).save,
        "verb": verb.save,
    }
    try:
        times = interleave(WARM_UP + marks[-1] + window, saves)
    finally:
        verb.end()
    rows: list[Row] = []
    for mark in marks:
        rows += _rows(times, mark, slice(WARM_UP + mark, WARM_UP + mark + window))
    return Section("checkpoint", (*rows, _one_sync(run, notes)))


def _rows(times: Times, mark: int, window: slice) -> tuple[Row, Row]:
    store, porcelain, verb = (
        times[name][window] for name in ("store", "gitpython", "verb")
    )
    peer = f"GitPython add+commit {in_ms(porcelain)}"
    begin = f"after {mark} checkpoints: " if mark else ""
    return (
        Row(
            f"{begin}durable save of 10 KB, {FILES} files",
            ours=in_ms(store),
            peer=peer,
            figure=ratio(store, porcelain),
            unit="x",
            promise=None if mark else Promise(1.0, "x", may_be_equal=True),
        ),
        Row(
            "  the whole verb: context, save, branch",
            ours=in_ms(verb),
            peer=peer,
            figure=ratio(verb, porcelain),
            unit="x",
        ),
    )


def _one_sync(run: Run, notes: _Notes) -> Row:
    """Tell what a single sync of such a file costs on this disk."""
    path = run.folder / "synced.json"

    def write(number: int, *, sync: bool) -> float:
        content = write_record(notes.record(number))

        def work() -> None:
            with path.open("wb") as file:
                file.write(content)
                if sync:
                    file.flush()
                    os.fsync(file.fileno())

        return seconds_of(work)

    times = interleave(
        20,
        {
            "synced": lambda number: write(number, sync=True),
            "not": lambda number: write(number, sync=False),
        },
    )
    return Row(
        "for scale: one synced file of 10 KB",
        ours=in_ms(times["synced"]),
        peer=f"not synced {in_ms(times['not'])}",
    )


class _Notes:
    """Makes records of 10 KB; each is nearly the one before, as in real work."""

    def __init__(self, seed: int) -> None:
        chance = random.Random(seed)  # noqa: S311 - figures, no secrets
        letters = "abcdefghijklmnopqrstuvwxyz"
        self._lines = [
            " ".join("".join(chance.choices(letters, k=7)) for _ in range(8))
            for _ in range(2000)
        ]

    def record(self, number: int) -> CheckpointRecord:
        bare = self._record(number, "")
        room = RECORD_BYTES - len(write_record(bare))
        return self._record(number, self.text(number, room))

    def text(self, number: int, room: int = RECORD_BYTES - 2048) -> str:
        """Return a window of the notes that moves on by some lines each time."""
        begin = number * 7 % len(self._lines)
        lines = (self._lines[begin:] + self._lines[:begin])[: room // 64 + 1]
        return " / ".join(lines)[:room]

    def _record(self, number: int, text: str) -> CheckpointRecord:
        return CheckpointRecord(
            id=f"20261122T{number:06d}Z-0001-abc{number:03d}",
            epic_id=EPIC,
            session_id="sess-1",
            timestamp=_BEGAN + timedelta(minutes=number),
            context=SessionContext(
                epic_id=EPIC,
                agent_notes=text,
                cumulative_cost=Decimal("0.01") * number,
                budget_limit=Decimal(50),
            ),
            summary=f"Session 1: step {number}",
            reason=f"step {number}",
            schema_version=SCHEMA_VERSION,
        )


class _Store:
    """Ours: the store alone."""

    def __init__(self, top: Path, notes: _Notes) -> None:
        self._store = GitStore(discover(top))
        self._notes = notes

    def save(self, number: int) -> float:
        record = self._notes.record(number)
        brief = brief_markdown(brief_of(record))
        return seconds_of(lambda: self._store.save(record, brief))


@dataclass
class _Porcelain:
    """The peer: what a short script with GitPython does, one `Repo` kept open."""

    top: Path
    notes: _Notes

    def __post_init__(self) -> None:
        import git

        self._repo = git.Repo(self.top)

    def save(self, number: int) -> float:
        record = self.notes.record(number)
        fields: dict[str, Any] = json.loads(write_record(record))
        return seconds_of(lambda: self._commit(record.id, fields))

    def _commit(self, name: str, fields: dict[str, Any]) -> None:
        file = self.top / ".orchestration" / "checkpoints" / EPIC / f"{name}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(fields, indent=2), encoding="utf-8")
        self._repo.index.add([str(file)])
        self._repo.index.commit(f"checkpoint: {name}")


class _Verb:
    """Ours: the verb as people call it, the session running in this process."""

    def __init__(self, top: Path, notes: _Notes) -> None:
        self._top = top
        api.start(EPIC, "50", baseline=False, cwd=top)
        api.note(notes.text(0), cwd=top)

    def save(self, number: int) -> float:
        return seconds_of(lambda: api.checkpoint(f"step {number}", cwd=self._top))

    def end(self) -> None:
        api.complete(cwd=self._top)
