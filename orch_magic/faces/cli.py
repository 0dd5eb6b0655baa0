"""``orch``: the same words in a terminal."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from typing import Any, NoReturn

from orch_magic.core.errors import BudgetExceeded, OrchError
from orch_magic.core.reports import Asked, Verified
from orch_magic.faces import exits
from orch_magic.faces.calls import call
from orch_magic.faces.grammar import BY_NAME, Command, build_parser

_RUNS = {"start", "resume"}
"""Commands that hold a session, and so stay."""


class _Done(Exception):
    """The parser has printed help, or refused the line."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def main(argv: list[str] | None = None) -> int:
    """Run ``orch``.

    Args:
        argv: the words behind ``orch``; None: those of this process.

    Returns:
        The exit code; see `orch_magic.faces.exits`.
    """
    line = list(sys.argv[1:] if argv is None else argv)
    try:
        code = _run(line[1:] if line[:1] == ["session"] else line)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader went away (`orch list | head`): nothing is left to say, also not
        # by the flush at the very end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except _Done as done:
        return done.code
    except (OrchError, BudgetExceeded) as error:
        return _complain(error)
    except KeyboardInterrupt:
        return exits.INTERRUPTED
    return code


def show(answer: Any, parsed: argparse.Namespace) -> None:
    """Print an answer the way it was asked for."""
    wanted = "json" if parsed.json else getattr(parsed, "format", "text")
    if wanted == "json":
        print(answer.model_dump_json(by_alias=True, indent=2))
    elif wanted == "md":
        from orch_magic.core.brief import brief_markdown

        print(brief_markdown(answer))
    else:
        from orch_magic.faces.views import as_text

        width = min(shutil.get_terminal_size().columns, 100)
        print(in_terminal(as_text(answer, width=width)))


def in_terminal(text: str) -> str:
    """Name the commands as they are typed here."""
    return text.replace("%orch", "orch")


def _run(line: list[str]) -> int:
    if line[:1] == ["demo"]:
        from orch_magic.demo.story import main as demo

        return demo(line[1:])
    words, command = _split_command(line)
    parser = build_parser(
        "orch", refuse=_refuse, leave=_leave, epilog=_EPILOG, extend=_extend
    )
    parsed = parser.parse_line(words)
    if parsed.command is None:
        parser.print_help()
        return 0
    if parsed.command in _RUNS:
        from orch_magic.faces import holding

        return holding.hold(parsed, line, command, show)
    if command:
        _refuse(f"orch {parsed.command} runs no command: leave out '--' and the rest.")
    return _answer(parsed)


def _answer(parsed: argparse.Namespace) -> int:
    if parsed.command == "delete" and not parsed.yes:
        _ask_before_deleting(parsed)
    more = {"tell": _tell} if parsed.command == "baseline" else {}
    answer = call(parsed, **more)
    show(answer, parsed)
    if isinstance(answer, Verified) and not answer.is_sound:
        return exits.UNSOUND
    if isinstance(answer, Asked):
        return exits.UNANSWERED
    return 0


def _extend(command: Command, row: argparse.ArgumentParser) -> None:
    """Add what only a terminal needs."""
    if command.name not in _RUNS:
        return
    row.add_argument(
        "--background",
        action="store_true",
        help="leave the keeper running and come back",
    )
    row.usage = f"orch {command.name} [options] [-- COMMAND …]"
    row.description = (
        f"{row.description} With a command behind --, it runs under\n"
        "the session; without one, this terminal keeps the session until Ctrl+C\n"
        "pauses it."
    )


def _split_command(words: list[str]) -> tuple[list[str], list[str]]:
    """Part ``orch start … -- COMMAND …`` at the first ``--``."""
    if "--" not in words:
        return words, []
    at = words.index("--")
    return words[:at], words[at + 1 :]


def _ask_before_deleting(parsed: argparse.Namespace) -> None:
    if not sys.stdin.isatty():
        _refuse(f"To delete the checkpoints of {parsed.epic}, add --yes")
    answer = input(f"Delete all checkpoints of epic {parsed.epic}? [y/N] ")
    if answer.strip().lower() not in {"y", "yes"}:
        print("Nothing was deleted.")
        raise _Done(0)


def _complain(error: BaseException) -> int:
    print(in_terminal(f"orch: {error}"), file=sys.stderr)
    return exits.exit_code(error)


def _refuse(line: str) -> NoReturn:
    print(f"orch: {line}", file=sys.stderr)
    raise _Done(2)


def _leave(code: int) -> NoReturn:
    raise _Done(code)


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


_EPILOG = f"""{exits.table()}

  orch demo      see it all run, in a temporary repository

examples:
  orch {BY_NAME["start"].example} -- python agent.py
  orch {BY_NAME["pause"].example}
  orch {BY_NAME["resume"].example}
"""

if __name__ == "__main__":
    sys.exit(main())
