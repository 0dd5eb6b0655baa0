"""A fresh shell for each test, in a project of its own."""

from __future__ import annotations

import atexit
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from orch_magic import here


@dataclass
class Ran:
    """What came of a cell."""

    shown: str
    value: object
    error: BaseException | None

    @property
    def lines(self) -> list[str]:
        return self.shown.splitlines()


class Shell:
    """A shell of IPython, fed cell by cell."""

    def __init__(self, ip: InteractiveShell, capsys) -> None:
        self.ip = ip
        self._capsys = capsys

    def run(self, cell: str) -> Ran:
        self._capsys.readouterr()
        result = self.ip.run_cell(cell, store_history=True)
        read = self._capsys.readouterr()
        error = result.error_before_exec or result.error_in_exec
        return Ran(shown=read.out + read.err, value=result.result, error=error)

    def start(self, words: str = "") -> Ran:
        """Start a session of the epic x."""
        return self.run(f"%orch start --epic x --no-baseline {words}")

    @property
    def magics(self):
        return self.ip.magics_manager.registry["Orch"]


def _new_ip() -> InteractiveShell:
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    return InteractiveShell(config=config)


@pytest.fixture(autouse=True)
def _one_process_each(monkeypatch) -> Iterator[None]:
    """Begin with no project open, and end with no session held."""
    monkeypatch.setattr(here, "_worlds", {})
    monkeypatch.setattr(here, "_listeners", [])
    yield
    if (world := here.held_world()) is not None:
        world.held = None
    here.let_go()


@pytest.fixture
def ip(monkeypatch) -> Iterator[InteractiveShell]:
    """A bare shell; nothing is loaded into it."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    monkeypatch.setattr(sys, "displayhook", sys.displayhook)
    shell = _new_ip()
    yield shell
    shell.run_line_magic("unload_ext", "orch_magic")
    atexit.unregister(shell.atexit_operations)  # which collects garbage, shell by shell


@pytest.fixture
def project(repo, monkeypatch) -> Path:
    monkeypatch.chdir(repo.top)
    return repo.top


@pytest.fixture
def shell(ip, project, capsys) -> Shell:
    """A shell with the extension, inside a project."""
    ip.run_line_magic("load_ext", "orch_magic")
    return Shell(ip, capsys)
