"""Fixtures over a world of fakes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fake_project import Project, start_session

from orch_magic.core.reports import Started
from orch_magic.core.values import Value
from orch_magic.orchestrator.world import World


@pytest.fixture
def project(clock) -> Project:
    return Project(clock)


@pytest.fixture
def world(project) -> World:
    return project.process()


@pytest.fixture
def start() -> Callable[..., Started]:
    return start_session


@pytest.fixture
def told(world) -> list[Value]:
    """What the world reports by itself."""
    reports: list[Value] = []
    world.listeners.append(reports.append)
    return reports
