"""Answers as plain text for a terminal: compact, at most ``width`` columns a line.

What a person should mind comes last, each on a line that begins with ``!``.
"""

from __future__ import annotations

from orch_magic.core.values import Value

# Importing these tells `lines_of` about every answer there is.
from orch_magic.faces.views import text_lists, text_sessions  # noqa: F401
from orch_magic.faces.views.text_base import lines_of

NARROWEST = 40
"""Narrower terminals are written to as if they were this wide."""


def as_text(value: Value, width: int = 80) -> str:
    """Write an answer for a terminal.

    Args:
        value: what a verb answered.
        width: columns of the terminal; no line is wider.
    """
    return "\n".join(lines_of(value, max(width, NARROWEST)))
