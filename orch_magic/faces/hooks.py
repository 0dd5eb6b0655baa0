"""What happens around each cell: it is timed, counted, and its failure kept."""

from __future__ import annotations

import hashlib
import time
from typing import Any

from orch_magic.faces.late import here_if_loaded
from orch_magic.faces.notices import Notices

MOST_MESSAGE = 500
"""Characters kept of an exception's message."""


class CellHooks:
    """Callbacks for ``pre_run_cell`` and ``post_run_cell`` of one shell."""

    def __init__(self, notices: Notices) -> None:
        self._notices = notices
        self._running: list[tuple[float, str]] = []
        """A stack: a magic may run a cell inside a cell."""

    def pre_run_cell(self, info: Any) -> None:
        """Show what happened meanwhile, and start the watch."""
        self._notices.connect()
        self._notices.show()
        self._running.append((time.perf_counter(), info.raw_cell or ""))

    def post_run_cell(self, result: Any) -> None:
        """Count the cell. Never raises: the person's work comes first."""
        if not self._running:
            return
        began, source = self._running.pop()
        here = here_if_loaded()
        if self._running or here is None:
            return
        if here.held_epic() and not _is_quiet(source, result):
            self._count(here, time.perf_counter() - began, source, result)
        self._notices.refresh()
        self._notices.show()

    def _count(self, here: Any, seconds: float, source: str, result: Any) -> None:
        from orch_magic.core.errors import OrchError

        digest = hashlib.sha256(source.encode()).hexdigest()[:16]
        try:
            here.cell_ran(digest, seconds, _failure_in(result, source))
        except OrchError as error:
            self._notices.add(str(error))


def _is_quiet(source: str, result: Any) -> bool:
    """Whether a cell does not count: our own lines, or one that never started."""
    if result.error_before_exec is not None:
        return True
    lines = [line.strip() for line in source.splitlines() if line.strip()]
    return all(
        line.startswith(("%orch", "%load_ext", "%config Orch")) for line in lines
    )


def _failure_in(result: Any, source: str) -> Any:
    """Return the `Failure` of a cell; None where it ended well, or was interrupted."""
    from orch_magic.core.work import Failure

    error = result.error_in_exec
    if error is None or isinstance(error, KeyboardInterrupt):
        return None
    lines = (line.strip() for line in source.splitlines())
    first = next((line for line in lines if line), "")
    number = result.execution_count
    return Failure(
        error=type(error).__name__,
        message=str(error)[:MOST_MESSAGE],
        cell=f"In [{number}]: {first[:80]}" if number else first[:80],
    )
