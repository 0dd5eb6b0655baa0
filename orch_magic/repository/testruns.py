"""What a test run has left in the work tree: a JUnit report, or pytest's cache."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

from orch_magic.core.junit import read_junit
from orch_magic.core.work import TestState

_REPORTS = (
    "junit.xml",
    "report.xml",
    "test-results.xml",
    "reports/*.xml",
    "test-results/*.xml",
)
_LAST_FAILED = ".pytest_cache/v/cache/lastfailed"
_MOST_BYTES = 20 * 1024 * 1024
_MOST_FAILING = 200


def newest_run(top: Path, since: datetime) -> TestState | None:
    """Read the newest report that is younger than ``since``.

    pytest's cache knows only what failed, so that a JUnit report comes first.
    """
    found = [path for pattern in _REPORTS for path in top.glob(pattern)]
    times = {path: time for path in found if (time := _time(path))}
    for path in sorted(times, key=times.__getitem__, reverse=True):
        if times[path] <= since.timestamp():
            break
        if state := read_junit(_read(path)):
            return state
    cache = top / _LAST_FAILED
    if (time := _time(cache)) and time > since.timestamp():
        return _read_last_failed(_read(cache))
    return None


def _read_last_failed(text: str) -> TestState | None:
    try:
        failed = json.loads(text)
    except ValueError:
        return None
    if not isinstance(failed, dict):
        return None
    return TestState(failed=len(failed), failing_tests=tuple(failed)[:_MOST_FAILING])


def _time(path: Path) -> float | None:
    """Return when a file was written; None where it can't be one of ours to read."""
    try:
        about = path.stat()
    except OSError:
        return None
    return about.st_mtime if about.st_size <= _MOST_BYTES else None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
