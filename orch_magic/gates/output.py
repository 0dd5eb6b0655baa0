"""The last lines that a command printed, fit to be shown anywhere."""

from __future__ import annotations

import re
from pathlib import Path

TAIL_LINES = 30
"""How many lines are kept."""

LINE_CHARACTERS = 300
"""How much of a line is kept."""

_TAIL_BYTES = 65_536

_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # colours and cursor moves
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"  # titles and links
    r"|\x1b[ -/]*[0-~]"  # the short ones
)
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def tail_of(path: Path) -> str:
    """Return the last lines of a file as plain text."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(size - _TAIL_BYTES, 0))
        text = file.read().decode("utf-8", errors="replace")
    lines = [_plain(line) for line in text.strip().split("\n")]
    return "\n".join(lines[-TAIL_LINES:]).strip("\n")


def _plain(line: str) -> str:
    # A progress bar writes its line again and again: the last time counts.
    written = _ESCAPES.sub("", line).rstrip("\r").rpartition("\r")[2]
    plain = _CONTROLS.sub("", written).rstrip()
    cut = len(plain) > LINE_CHARACTERS
    return f"{plain[: LINE_CHARACTERS - 1]}…" if cut else plain
