"""One grammar for ``%orch`` and ``orch``: each command, its words, and its verb.

An argument's name is the parameter's name of the verb in `orch_magic.api`, so that
a parsed line is a call. Nothing heavy is imported here: the grammar is read when the
extension is loaded.
"""

from __future__ import annotations

import argparse
import difflib
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn


@dataclass(frozen=True)
class Argument:
    """One argument of a command, as `argparse` takes it."""

    names: tuple[str, ...]
    options: dict[str, Any]


@dataclass(frozen=True)
class Command:
    """A word behind ``%orch`` and ``orch``."""

    name: str
    help: str
    """One line, in the list of commands."""
    example: str
    """A line to learn from, without the ``%orch`` in front."""
    arguments: tuple[Argument, ...] = ()
    verb: str = ""
    """The function of `orch_magic.api`; empty: the same word."""
    needs_epic: bool = False

    @property
    def calls(self) -> str:
        """The function of `orch_magic.api` that does it."""
        return self.verb or self.name


def _arg(*names: str, **options: Any) -> Argument:
    return Argument(names, options)


def _words(name: str, help: str, *, required: bool = True) -> Argument:  # noqa: A002
    return _arg(
        name,
        nargs="+" if required else "*",
        action=_Joined,
        default=None if required else "",
        metavar=name.upper(),
        help=help,
    )


class _Joined(argparse.Action):
    """Words without quotes make one text."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option: str | None = None,
    ) -> None:
        del parser, option
        setattr(namespace, self.dest, " ".join(values))


def _switch(occasion: str, when: str) -> Argument:
    """Return the pair of flags that has a checkpoint made on an occasion, or not."""
    return _arg(
        f"--checkpoint-on-{occasion}",
        action=argparse.BooleanOptionalAction,
        default=None,
        help=f"checkpoint {when}",
    )


_BUDGET = _arg(
    "--budget", metavar="USD", help="limit of the epic over all its sessions, as 5.00"
)
_START = (
    _BUDGET,
    _arg("--force", action="store_true", help="take a budget below what is spent"),
    _arg(
        "--take-over",
        action="store_true",
        help="end a live session whose process hangs, and go on here",
    ),
    _arg(
        "--no-baseline",
        dest="baseline",
        action="store_false",
        help="do not run the project's tests, type check and lint first",
    ),
    _arg("--init", action="store_true", help="make a Git repository if there is none"),
    _arg(
        "--checkpoint-every",
        dest="checkpoint_every_minutes",
        type=float,
        metavar="MINUTES",
        help="minutes between checkpoints (15)",
    ),
    _switch("start", "when the session starts (yes)"),
    _switch("error", "when a cell raised (yes)"),
    _switch("issue-done", "when an issue is done (no)"),
    _arg(
        "--cost-threshold",
        type=float,
        metavar="SHARE",
        help="share of the budget that warns and makes a checkpoint (0.8)",
    ),
    _arg(
        "--publish",
        choices=("each", "explicit", "never"),
        help="which checkpoints are also committed on the current branch (each)",
    ),
)
_REASON = _words("reason", "why, for the record", required=False)

COMMANDS = (
    Command(
        "start",
        "open the epic's next session",
        "start --epic rag-eval --budget 5.00",
        (
            _arg("--resume", action="store_true", help="refuse if there is none yet"),
            *_START,
        ),
        needs_epic=True,
    ),
    Command(
        "resume",
        "go on: the next session, with the brief of the one before",
        "resume --epic rag-eval",
        _START,
    ),
    Command("status", "how the epic stands right now", "status"),
    Command(
        "pause",
        "end the session with a checkpoint, to be resumed",
        "pause lunch",
        (_REASON,),
    ),
    Command("complete", "end the session: its work is done", "complete", (_REASON,)),
    Command(
        "fail", "end the session: its work has failed", "fail no such data", (_REASON,)
    ),
    Command(
        "checkpoint",
        "save a checkpoint now",
        "checkpoint before the big run",
        (_words("reason", "why, for the record", required=False),),
    ),
    Command(
        "list",
        "the epic's checkpoints, newest first",
        "list --limit 10",
        (_arg("--limit", type=int, metavar="N", help="only the newest N"),),
        verb="checkpoints",
    ),
    Command(
        "brief",
        "what to read before going on",
        "brief --format md",
        (
            _arg(
                "--format",
                choices=("md", "text", "json"),
                default="text",
                help="md: Markdown, to prime an agent with",
            ),
        ),
    ),
    Command("epics", "the project's epics", "epics"),
    Command(
        "spend",
        "write down money that is gone; without an amount: where it went",
        "spend 0.25 --note 'GPU hour'",
        (
            _arg("what", nargs="?", metavar="USD", help="the amount, as 0.25"),
            _arg("--note", default="", metavar="TEXT", help="what it was for"),
        ),
    ),
    Command(
        "budget",
        "show or set the epic's limit",
        "budget 7.50",
        (
            _arg("limit", nargs="?", metavar="USD", help="the new limit, as 7.50"),
            _arg(
                "--force", action="store_true", help="also below what is spent already"
            ),
        ),
    ),
    Command(
        "price",
        "declare the price of a model that the price list does not know",
        "price my-model --input 1 --output 2",
        (
            _arg("model", metavar="MODEL", help="its name, as replies give it"),
            _arg(
                "--input",
                dest="input_usd_per_mtok",
                required=True,
                metavar="USD",
                help="per million input tokens",
            ),
            _arg(
                "--output",
                dest="output_usd_per_mtok",
                required=True,
                metavar="USD",
                help="per million output tokens",
            ),
        ),
    ),
    Command(
        "note",
        "write down something worth remembering",
        "note chunk size 400 beats 800",
        (_words("text", "what to remember"),),
    ),
    Command(
        "decide",
        "write down a choice and why",
        "decide use RS256 --why 'works across services'",
        (
            _words("decision", "what was decided"),
            _arg("--why", default="", metavar="TEXT", help="the reason"),
        ),
    ),
    Command(
        "block",
        "write down what stands in the way",
        "block needs an admin key",
        (
            _words("text", "what stands in the way"),
            _arg("--clear", action="store_true", help="it no longer does"),
        ),
    ),
    Command(
        "issue",
        "take up an issue, or change its status",
        "issue rag-7 tune the reranker",
        (
            _arg("id", metavar="ID", help="its id"),
            _words("title", "its title", required=False),
            _arg(
                "--status",
                default="in-progress",
                metavar="WORD",
                help="in-progress (default), done, blocked, open …",
            ),
            _arg("--reason", default="", metavar="TEXT", help="why it changed"),
        ),
    ),
    Command(
        "task",
        "say how far the current issue is",
        "task wire the reranker --progress 60 --remaining 'docs'",
        (
            _words("step", "what is being done", required=False),
            _arg("--remaining", metavar="TEXT", help="what is left to do"),
            _arg("--progress", type=float, metavar="PERCENT", help="0 to 100"),
        ),
    ),
    Command("baseline", "run the project's quality gates", "baseline"),
    Command("verify", "read all that is stored again and compare", "verify"),
    Command(
        "delete",
        "delete an epic's checkpoints (asks first)",
        "delete --epic old-idea",
        (_arg("--yes", action="store_true", help="do not ask"),),
        needs_epic=True,
    ),
)

BY_NAME = {command.name: command for command in COMMANDS}

FLAGS_OF_ALL = ("--epic", "--cwd", "--json", "--help")
"""What every command takes."""


_WIDEST = 78
"""Columns of help, at most: it is read in a terminal and in a notebook's cell."""


class _Help(argparse.RawDescriptionHelpFormatter):
    """Help that fits."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=min(shutil.get_terminal_size().columns, _WIDEST))


class Parser(argparse.ArgumentParser):
    """A parser that raises what its face wants instead of ending the process.

    Args:
        refuse: is given the one line that says what is wrong; it raises.
        leave: is called after help was printed; it raises.
        example: a line that works, for who wrote one that doesn't.
    """

    def __init__(
        self,
        *args: Any,
        refuse: Callable[[str], NoReturn],
        leave: Callable[[int], NoReturn],
        example: str,
        **options: Any,
    ) -> None:
        super().__init__(
            *args, **{**options, "allow_abbrev": False, "formatter_class": _Help}
        )
        self._refuse = refuse
        self._leave = leave
        self._example = example
        self.rows: dict[str, Parser] = {}
        """The parsers of the commands, by their names."""

    def parse_line(self, words: Sequence[str]) -> argparse.Namespace:
        """Parse the words behind ``%orch`` or ``orch``.

        ``session`` in front changes nothing, and ``help X`` is ``X --help``. Words
        that are not the value of a flag may stand before and behind the flags.
        """
        given = list(words[1:] if words[:1] == ["session"] else words)
        if given[:1] == ["help"]:
            given = [*given[1:2], "--help"]
        parsed, left = self.parse_known_args(given)
        if left:
            _take_in(parsed, left, refuse=self.rows[parsed.command].error)
        return parsed

    def error(self, message: str) -> NoReturn:
        """Refuse with a line that works and, for a misspelt word, the one meant."""
        wrong = message.partition("invalid choice: '")[2].partition("'")[0]
        if wrong and self.rows:
            near = _did_you_mean(wrong, BY_NAME)
            self._refuse(
                f"{wrong!r} is no command.{near} All of them: {self.prog} help"
            )
        self._refuse(f"{_sentence(message)} Example: {self._example}")

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        """Leave once help has been printed."""
        if message:
            self._print_message(message)
        self._leave(status)


def build_parser(
    prog: str,
    *,
    refuse: Callable[[str], NoReturn],
    leave: Callable[[int], NoReturn],
    epilog: str = "",
    extend: Callable[[Command, argparse.ArgumentParser], None] | None = None,
) -> Parser:
    """Build the parser of a face.

    Args:
        prog: how the face is called, ``%orch`` or ``orch``.
        refuse: see `Parser`.
        leave: see `Parser`.
        epilog: printed below the list of commands.
        extend: adds a face's own arguments to a command.
    """
    face: dict[str, Any] = {"refuse": refuse, "leave": leave}
    parser = Parser(
        prog=prog,
        description="Sessions that survive: budgets, checkpoints and resume briefs.",
        epilog=epilog,
        example=f"{prog} {COMMANDS[0].example}",
        **face,
    )
    rows = parser.add_subparsers(
        dest="command", metavar="COMMAND [options]", title="commands"
    )
    for command in COMMANDS:
        row = rows.add_parser(
            command.name,
            help=command.help,
            description=f"{command.help[0].upper()}{command.help[1:]}.",
            epilog=f"example:\n  {prog} {command.example}",
            example=f"{prog} {command.example}",
            **face,
        )
        parser.rows[command.name] = row
        for argument in command.arguments:
            row.add_argument(*argument.names, **argument.options)
        row.add_argument(
            "--epic",
            metavar="NAME",
            required=command.needs_epic,
            help="the epic's name"
            if command.needs_epic
            else "the epic; default: the one that runs, or ran last",
        )
        row.add_argument("--cwd", metavar="FOLDER", help="a folder in the project")
        row.add_argument("--json", action="store_true", help="print JSON")
        if extend:
            extend(command, row)
    return parser


def _take_in(
    parsed: argparse.Namespace, left: list[str], *, refuse: Callable[[str], NoReturn]
) -> None:
    """Give words that stand behind the flags to the argument they belong to.

    `argparse` takes an argument that may be empty for empty at the first flag.
    """
    command = BY_NAME[parsed.command]
    flag = next((word for word in left if word.startswith("-")), None)
    if flag:
        known = [n for a in command.arguments for n in a.names if n.startswith("-")]
        near = _did_you_mean(flag.partition("=")[0], [*known, *FLAGS_OF_ALL])
        refuse(f"{flag} is no option of {command.name}.{near}")
    for argument in command.arguments:
        (name, *_), options = argument.names, argument.options
        if options.get("action") is _Joined:
            setattr(parsed, name, " ".join([getattr(parsed, name), *left]).strip())
            return
        if options.get("nargs") == "?" and getattr(parsed, name) is None:
            setattr(parsed, name, left.pop(0))
            if not left:
                return
    refuse(f"{' '.join(left)!r} is too much")


def _did_you_mean(wrong: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(wrong, list(known), n=1)
    return f" Did you mean {near[0]}?" if near else ""


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?")) else f"{text}."
