"""Real kernels, terminals and processes, each in a project of its own."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from outside import Project

from orch_magic import api


@pytest.fixture(autouse=True)
def _no_event_loop_is_left() -> Iterator[None]:
    """Close the event loop that the clients of kernels make for each test."""
    asyncio.set_event_loop(asyncio.new_event_loop())
    first = asyncio.get_event_loop()
    yield
    for loop in (first, asyncio.get_event_loop()):
        loop.close()
    asyncio.set_event_loop(None)


@pytest.fixture
def project(repo, monkeypatch) -> Iterator[Project]:
    monkeypatch.chdir(repo.top)
    environment = {
        **os.environ,
        "COLUMNS": "80",
        "PYTHONPATH": str(Path(api.__file__).parents[1]),
    }
    project = Project(repo.top, environment)
    yield project
    for process in project.running:
        if process.poll() is None:
            process.kill()
        process.communicate()
