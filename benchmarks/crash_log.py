"""What a process acknowledged before it was killed: lines that nobody takes back.

Each line is JSON and is written with one call, to a file opened for appending: it is
there once the call returns, whatever happens to the process after that. `say` is
called before a step with ``…ing`` words and after it with its outcome.
"""

from __future__ import annotations

import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

BEGUN_BY = {"began": "starting", "spent": "spending", "saved": "saving"}
"""Each acknowledgement, and the word that announces it."""


class Log:
    """The writer's side.

    Args:
        path: the file.
    """

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def say(self, word: str, **facts: Any) -> None:
        """Write a line; amounts become strings and stay exact."""
        line = json.dumps({"word": word, **facts}, default=str)
        os.write(self._file, f"{line}\n".encode())


class Told(NamedTuple):
    """A line, read again."""

    word: str
    facts: dict[str, Any]

    @property
    def usd(self) -> Decimal:
        """Its amount, in US dollars."""
        return Decimal(self.facts["usd"])


def read_log(path: Path) -> tuple[Told, ...]:
    """Read what was told; nothing where there is no file yet."""
    if not path.exists():
        return ()
    lines = (json.loads(line) for line in path.read_text().splitlines())
    return tuple(Told(line.pop("word"), line) for line in lines)


def unfinished(told: tuple[Told, ...]) -> Told | None:
    """Return the step in whose middle the writer died, if it was in one."""
    last = told[-1] if told else None
    return last if last and last.word in BEGUN_BY.values() else None
