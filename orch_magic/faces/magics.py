"""``%orch``: a line is parsed, one verb is called, its answer is returned.

The answer shows itself (see `orch_magic.faces.display`), so ``%orch status`` shows
the card and ``s = %orch status`` only gives the value.
"""

from __future__ import annotations

import argparse
import re
import shlex
from typing import Any, NoReturn, Protocol

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, line_magic, magics_class
from traitlets import Bool, Enum, Float, TraitError
from traitlets.config import Config

from orch_magic.faces.calls import call
from orch_magic.faces.grammar import COMMANDS, build_parser

_LEFT_OVER = re.compile(r"\{\s*([A-Za-z_]\w*)[^{}]*\}|\$([A-Za-z_]\w*)")
"""What IPython left of ``{name}`` and ``$name`` because one of them has no value."""


SHOWN = "--shown"
"""Put in front of a line that is a statement of its own; see `faces.lines`."""


class Face(Protocol):
    """What the magics need of the shell they live in."""

    def wake(self) -> None:
        """Make ready for what may happen by itself from here on."""

    def show(self, answer: Any) -> None:
        """Show an answer now."""


class _Left(Exception):
    """The parser is done without a command: it printed help."""


def _refuse(line: str) -> NoReturn:
    # A plain UsageError is shown as one line; its subclasses are not.
    raise UsageError(line)


def _leave(_: int) -> NoReturn:
    raise _Left


PARSER = build_parser(
    "%orch",
    refuse=_refuse,
    leave=_leave,
    epilog="Each has --help. s = %orch status gives the value; {name} is expanded.",
)


@magics_class
class Orch(Magics):
    """Settings of ``%orch`` in this shell; they hold from the next start on."""

    checkpoint_every_minutes = Float(
        None,
        allow_none=True,
        min=0.01,
        help="Minutes between checkpoints; None: as the project says (15).",
    ).tag(config=True)
    checkpoint_on_start = Bool(
        None, allow_none=True, help="Checkpoint when a session starts (yes)."
    ).tag(config=True)
    checkpoint_on_error = Bool(
        None, allow_none=True, help="Checkpoint when a cell raised (yes)."
    ).tag(config=True)
    checkpoint_on_issue_done = Bool(
        None, allow_none=True, help="Checkpoint when an issue is done (no)."
    ).tag(config=True)
    cost_threshold = Float(
        None,
        allow_none=True,
        min=0.0,
        max=1.0,
        help="Share of the budget that warns and makes a checkpoint (0.8).",
    ).tag(config=True)
    publish = Enum(
        ["each", "explicit", "never"],
        default_value=None,
        allow_none=True,
        help="Which checkpoints are also committed on the current branch (each).",
    ).tag(config=True)

    def __init__(self, shell: InteractiveShell, face: Face) -> None:
        super().__init__(shell)
        self._face = face

    @line_magic
    def orch(self, line: str) -> Any:
        """Replaced by the grammar's help below."""
        words = self._split(line)
        shows = words[:1] == [SHOWN]
        try:
            parsed = PARSER.parse_line(words[1:] if shows else words)
        except _Left:
            return None
        if parsed.command is None:
            PARSER.print_help()
            return None
        self._face.wake()
        answer = self._as_asked(parsed, call(parsed, **self._extras(parsed)))
        if shows and answer is not None:
            self._face.show(answer)
            return None
        return answer

    @property
    def settings(self) -> dict[str, Any]:
        """What is set here, by name."""
        own = {name: getattr(self, name) for name in self.class_own_traits(config=True)}
        return {name: value for name, value in own.items() if value is not None}

    def _split(self, line: str) -> list[str]:
        """Part a line into words, once IPython has put values in.

        Raises:
            UsageError: for a ``{name}`` or ``$name`` that has no value. Where one has
                none, IPython leaves all of them as they are.
        """
        names: dict[str, Any] = self.shell.user_ns if self.shell else {}
        left = list(_LEFT_OVER.finditer(line))
        for found in left:
            name = found[1] or found[2]
            if name not in names:
                _refuse(f"{name} is not defined, so {found[0]} has no value.")
        if left:
            _refuse(f"{left[0][0]} has no value.")
        try:
            return shlex.split(line)
        except ValueError as error:
            _refuse(f"{error}: put text with an apostrophe in double quotes.")

    def _extras(self, parsed: argparse.Namespace) -> dict[str, Any]:
        """Return what this face adds to a verb's arguments."""
        if parsed.command in {"start", "resume"}:
            kind = "kernel" if hasattr(self.shell, "kernel") else "shell"
            return {**self._settings(parsed), "kind": kind, "tell": _print}
        if parsed.command == "baseline":
            return {"tell": _print}
        if parsed.command == "spend" and parsed.what is not None:
            # The name of a variable that holds a reply is as good as an amount.
            names: dict[str, Any] = self.shell.user_ns if self.shell else {}
            return {"what": names.get(parsed.what, parsed.what)}
        if parsed.command == "delete" and not parsed.yes:
            _refuse(f"To delete the checkpoints of {parsed.epic}, add --yes")
        return {}

    def _settings(self, parsed: argparse.Namespace) -> dict[str, Any]:
        """Return the settings made by ``%config``, where the line names no other."""
        return {
            name: value
            for name, value in self.settings.items()
            if getattr(parsed, name, None) is None
        }

    def _as_asked(self, parsed: argparse.Namespace, answer: Any) -> Any:
        if parsed.json or getattr(parsed, "format", "") == "json":
            print(answer.model_dump_json(by_alias=True, indent=2))
            return None
        if getattr(parsed, "format", "") == "md":
            from orch_magic.core.brief import brief_markdown

            print(brief_markdown(answer))
            return None
        return answer


def make_magics(shell: InteractiveShell, face: Face) -> Orch:
    """Make the magics, leaving out settings of the shell that can't be used."""
    given = shell.config.pop(Orch.__name__, Config())
    magics = Orch(shell, face)
    for name, value in given.items():
        try:
            magics.update_config(Config({Orch.__name__: {name: value}}))
        except TraitError as error:
            print(f"orch: a setting of Orch can't be used and is ignored: {error}")
    keep_settings(shell, magics)
    return magics


def keep_settings(shell: InteractiveShell, magics: Orch) -> None:
    """Leave in the shell's configuration what is in force, for the next load.

    ``%config`` has put there whatever it was given, usable or not.
    """
    if magics.settings:
        shell.config[Orch.__name__] = Config(magics.settings)
    else:
        shell.config.pop(Orch.__name__, None)


def _print(line: str) -> None:
    print(line, flush=True)


def _teach() -> str:
    rows = "\n".join(f"    %orch {command.example}" for command in COMMANDS)
    return f"{PARSER.format_help()}\nexamples:\n{rows}\n"


Orch.orch.__doc__ = _teach()
