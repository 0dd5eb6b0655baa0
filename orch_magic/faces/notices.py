"""What happens by itself, brought to the person in the right place.

Reports arrive from the keeper's thread. Printing there would land in whichever cell
runs at that moment, so lines wait for the next cell, and cards update in their own.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from orch_magic.faces.late import here_if_loaded

if TYPE_CHECKING:
    from orch_magic.core.values import Value

MOST_WAITING = 20


class Notices:
    """Lines that wait for a cell, and cards that want to be kept true.

    Args:
        refresh: updates the cards that are on the screen.
    """

    def __init__(self, refresh: Callable[[], None]) -> None:
        self._refresh = refresh
        self._waiting: deque[str] = deque(maxlen=MOST_WAITING)
        self._deafen: Callable[[], None] | None = None

    def connect(self) -> None:
        """Listen for reports, if there is something to listen to."""
        here = here_if_loaded()
        if here and self._deafen is None:
            self._deafen = here.listen(self.take)

    def disconnect(self) -> None:
        """Listen no longer."""
        if self._deafen:
            self._deafen()
            self._deafen = None

    def take(self, report: Value) -> None:
        """Take a report; called from any thread."""
        if line := _line_of(report):
            self._waiting.append(line)
        self._refresh()

    def add(self, line: str) -> None:
        """Keep a line for the next cell."""
        self._waiting.append(line)

    def refresh(self) -> None:
        """Bring the cards up to date."""
        self._refresh()

    def show(self) -> None:
        """Print what waits into the cell that runs now."""
        while self._waiting:
            print(f"orch: {self._waiting.popleft()}")


def _line_of(report: Value) -> str:
    from orch_magic.core.reports import Ended, Saved
    from orch_magic.faces.views import as_line

    if isinstance(report, Saved):
        return ""  # the card shows it, and nobody need be told
    line = as_line(report)
    if isinstance(report, Ended):
        line += f". Go on: %orch resume --epic {report.session.epic_id}"
    return line
