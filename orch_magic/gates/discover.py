"""Which gates a project has, and how each is run.

What the settings name is taken as it is; else a tool that the project has configured
is run in the way its authors run it. A tool nobody configured is not run.
"""

from __future__ import annotations

import importlib.util
import itertools
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from orch_magic.core.gates import GateName
from orch_magic.core.values import Value
from orch_magic.gates.configured import Configuration
from orch_magic.gates.settings import BaselineSettings

_PYTHON_TOOLS = {"pytest", "mypy", "pyright", "ruff", "flake8"}
"""Tools that run as ``python -m TOOL``."""


class Gate(Value):
    """A gate, and how it is run."""

    name: GateName
    words: tuple[str, ...] = ()
    """The command as a person writes it; empty where the gate isn't configured."""
    runner: tuple[str, ...] = ()
    """What the first word stands for on this machine; empty where it isn't there."""

    @property
    def is_configured(self) -> bool:
        """Whether there is anything to run."""
        return bool(self.words)

    @property
    def command(self) -> tuple[str, ...]:
        """The command that is run."""
        return (*self.runner, *self.words[1:])

    def shown(self) -> str:
        """Return the command as a person writes it."""
        return shlex.join(self.words)

    def runs(self, tool: str) -> bool:
        """Whether the command runs that tool: by name, as a module, or by a runner."""
        words = self.words
        if not words:
            return False
        named = Path(words[0]).name == tool
        as_module = ("-m", tool) in itertools.pairwise(words)
        by_runner = words[1:2] == ("run",) and tool in words[2:]  # uv run, poetry run
        return named or as_module or by_runner


def find_gates(top: Path, settings: BaselineSettings) -> list[Gate]:
    """Return the three gates of a project, in the order they are run.

    Args:
        top: the top of the project, where its configuration is.
        settings: what the project says about its gates.

    Raises:
        BadInput: where a configuration file can't be read.
    """
    named: dict[GateName, str | None] = {
        "tests": settings.tests,
        "typecheck": settings.typecheck,
        "lint": settings.lint,
    }
    found: dict[GateName, list[tuple[str, ...]]] = {}
    if None in named.values():
        found = _commands_found(Configuration(top))
    return [
        _named(name, command, top)
        if command is not None
        else _first_that_runs(name, found.get(name, []), top)
        for name, command in named.items()
    ]


def _commands_found(has: Configuration) -> dict[GateName, list[tuple[str, ...]]]:
    """Return the commands for what is configured, the likeliest first."""
    mypy = ("mypy",) if has.mypy_knows_its_files() else ("mypy", ".")
    candidates: list[tuple[GateName, bool, tuple[str, ...]]] = [
        ("tests", has.has_pytest(), ("pytest", "-q")),
        ("typecheck", has.has_mypy(), mypy),
        ("typecheck", has.has_pyright(), ("pyright",)),
        ("lint", has.has_ruff(), ("ruff", "check")),
        ("lint", has.has_flake8(), ("flake8",)),
    ]
    found: dict[GateName, list[tuple[str, ...]]] = {}
    for name, is_configured, command in candidates:
        if is_configured:
            found.setdefault(name, []).append(command)
    return found


def _named(name: GateName, command: str, top: Path) -> Gate:
    words = tuple(shlex.split(command))
    return Gate(name=name, words=words, runner=_runner(words, top))


def _first_that_runs(
    name: GateName, commands: Sequence[tuple[str, ...]], top: Path
) -> Gate:
    """Prefer a configured tool that is installed to one that isn't."""
    gates = [Gate(name=name, words=c, runner=_runner(c, top)) for c in commands]
    runnable = [gate for gate in gates if gate.runner]
    return next(iter(runnable or gates), Gate(name=name))


def _runner(words: Sequence[str], top: Path) -> tuple[str, ...]:
    """Say how the first word is run here; empty where it can't be found.

    A tool is taken from this interpreter's own environment where it is there: a
    kernel's environment is often not on PATH.
    """
    if not words:
        return ()
    program = words[0]
    if program in _PYTHON_TOOLS and _is_importable(program):
        return (sys.executable, "-m", program)
    # A path counts from the top of the project, where the command runs.
    path = shutil.which(str(top / program) if "/" in program else program)
    return (path,) if path else ()


def _is_importable(tool: str) -> bool:
    # A bare folder of that name is importable as well, and has no origin.
    spec = importlib.util.find_spec(tool)
    return spec is not None and spec.origin is not None
