"""Which tools a project has configured, read from its own files.

Only files at the top of the project count. Nothing is run here.
"""

from __future__ import annotations

import configparser
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orch_magic.core.errors import BadInput

_MYPY_TARGETS = {"files", "packages", "modules"}


class Configuration:
    """The configuration files at the top of a project."""

    def __init__(self, top: Path) -> None:
        self._top = top
        pyproject = _read_toml(top / "pyproject.toml")
        tool = pyproject.get("tool")
        self._tool: Mapping[str, Any] = tool if isinstance(tool, dict) else {}
        self._setup = _read_ini(top / "setup.cfg")
        self._tox = _read_ini(top / "tox.ini")

    def has_pytest(self) -> bool:
        """Whether pytest is configured."""
        return (
            "pytest" in self._tool
            or "tool:pytest" in self._setup
            or "pytest" in self._tox
            or self._any_file(
                "pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml"
            )
        )

    def has_mypy(self) -> bool:
        """Whether mypy is configured."""
        return self._mypy() is not None

    def mypy_knows_its_files(self) -> bool:
        """Whether mypy's configuration says what to check, so that it needs no path."""
        return not _MYPY_TARGETS.isdisjoint(self._mypy() or {})

    def has_pyright(self) -> bool:
        """Whether pyright is configured."""
        return "pyright" in self._tool or self._any_file("pyrightconfig.json")

    def has_ruff(self) -> bool:
        """Whether ruff is configured."""
        return "ruff" in self._tool or self._any_file("ruff.toml", ".ruff.toml")

    def has_flake8(self) -> bool:
        """Whether flake8 is configured."""
        return (
            self._any_file(".flake8")
            or "flake8" in self._setup
            or "flake8" in self._tox
        )

    def _mypy(self) -> Mapping[str, Any] | None:
        """Return the table that mypy itself would read: it takes the first it finds."""
        for name in ("mypy.ini", ".mypy.ini"):
            if (self._top / name).is_file():
                return _section(_read_ini(self._top / name), "mypy") or {}
        if "mypy" in self._tool:
            table = self._tool["mypy"]
            return table if isinstance(table, dict) else {}
        return _section(self._setup, "mypy")

    def _any_file(self, *names: str) -> bool:
        return any((self._top / name).is_file() for name in names)


def _section(
    ini: configparser.RawConfigParser, name: str
) -> Mapping[str, str | None] | None:
    return dict(ini.items(name)) if ini.has_section(name) else None


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, error) from error


def _read_toml(path: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(_read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise _unreadable(path, error) from error


def _read_ini(path: Path) -> configparser.RawConfigParser:
    # The tools' own readers forgive doubled and bare keys, so this one does as well.
    ini = configparser.RawConfigParser(strict=False, allow_no_value=True)
    try:
        ini.read_string(_read_text(path))
    except configparser.Error as error:
        raise _unreadable(path, error) from error
    return ini


def _unreadable(path: Path, error: Exception) -> BadInput:
    why = " ".join(str(error).split())
    return BadInput(
        f"{path.name} can't be read: {why}.",
        "Mend it, or start with --no-baseline.",
    )
