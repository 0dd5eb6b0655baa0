"""The grammar is the verbs, their parameters, and lines that teach."""

from __future__ import annotations

import inspect
import shlex

import pytest

from orch_magic import api
from orch_magic.core.settings import SETTINGS, Settings
from orch_magic.faces.calls import arguments_of
from orch_magic.faces.grammar import BY_NAME, COMMANDS, Parser, build_parser

NAMES = sorted(BY_NAME)


class _Refused(Exception):
    pass


class _Left(Exception):
    pass


def _refuse(line: str):
    raise _Refused(line)


def _leave(code: int):
    raise _Left(code)


@pytest.fixture
def parser() -> Parser:
    return build_parser("orch", refuse=_refuse, leave=_leave)


def _parse(parser, line):
    return parser.parse_line(shlex.split(line))


def _refusal(parser, line) -> str:
    with pytest.raises(_Refused) as refused:
        _parse(parser, line)
    return str(refused.value)


def _parameters(verb: str) -> set[str]:
    """All that a verb takes, through its ``**options`` too."""
    named = inspect.signature(getattr(api, verb)).parameters
    names = {name for name, p in named.items() if p.kind is not p.VAR_KEYWORD}
    if "options" in named:
        names |= _parameters("start")
    if "settings" in named:
        names |= SETTINGS
    return names


@pytest.mark.parametrize("name", NAMES)
def test_what_a_line_says_is_what_its_verb_takes(parser, name):
    parsed = _parse(parser, BY_NAME[name].example)
    given = arguments_of(BY_NAME[name], parsed)
    assert set(given) <= _parameters(BY_NAME[name].calls)


@pytest.mark.parametrize("name", NAMES)
def test_every_argument_is_a_parameter_of_its_verb(parser, name):
    command = BY_NAME[name]
    face_only = {"help", "json", "format", "yes"} | (
        {"epic"} if name in {"epics", "price"} else set()
    )
    dests = {action.dest for action in parser.rows[name]._actions} - face_only
    assert dests <= _parameters(command.calls)


def test_every_setting_of_the_project_can_be_given_in_a_start_line(parser):
    dests = {action.dest for action in parser.rows["start"]._actions}
    assert dests >= SETTINGS
    parsed = _parse(parser, "start --epic x --no-checkpoint-on-error")
    given = arguments_of(BY_NAME["start"], parsed)
    assert given["checkpoint_on_error"] is False
    assert "checkpoint_on_start" not in given


def test_every_setting_of_a_start_line_is_a_setting_of_the_project():
    changed = Settings().with_changes(
        checkpoint_every_minutes=5, cost_threshold=0.5, publish="never"
    )
    assert changed.policy.interval_minutes == 5
    assert changed.policy.cost_threshold == 0.5
    assert changed.publish == "never"


@pytest.mark.parametrize("name", NAMES)
def test_every_command_has_help_and_an_example_that_parses(parser, name):
    command = BY_NAME[name]
    assert command.help
    assert _parse(parser, command.example).command == name


@pytest.mark.parametrize("line", ["--help", *(f"{name} --help" for name in NAMES)])
def test_help_fits_into_80_columns(parser, line, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    with pytest.raises(_Left):
        _parse(parser, line)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 4
    assert max(map(len, lines)) <= 80


def test_help_of_all_lists_each_command_beside_what_it_does(parser, capsys):
    with pytest.raises(_Left):
        _parse(parser, "--help")
    rows = [line.split()[:3] for line in capsys.readouterr().out.splitlines()]
    for command in COMMANDS:
        assert [command.name, *command.help.split()[:2]] in rows


@pytest.mark.parametrize("name", NAMES)
def test_session_in_front_changes_nothing(parser, name):
    example = BY_NAME[name].example
    assert _parse(parser, f"session {example}") == _parse(parser, example)


@pytest.mark.parametrize(("line", "of"), [("help", ""), ("help pause", "pause")])
def test_help_can_be_asked_for_in_words(parser, capsys, line, of):
    with pytest.raises(_Left):
        _parse(parser, line)
    assert capsys.readouterr().out.startswith(f"usage: orch {of}")


def test_a_misspelt_command_names_the_one_meant(parser):
    assert _refusal(parser, "strat") == (
        "'strat' is no command. Did you mean start? All of them: orch help"
    )


def test_a_misspelt_flag_names_the_one_meant(parser):
    assert _refusal(parser, "start --epic x --bugdet 5") == (
        "--bugdet is no option of start. Did you mean --budget? "
        "Example: orch start --epic rag-eval --budget 5.00"
    )


@pytest.mark.parametrize(
    "line",
    [
        "start",
        "start --epic",
        "start --epic x --budget",
        "start --epic x --publish sometimes",
        "start --epic x --checkpoint-every soon",
        "list --limit many",
        "status now",
        "budget 5 6",
        "note",
        "price m",
        "--epic x status",
        "nonsense",
    ],
)
def test_a_wrong_line_is_refused_in_one_line_that_says_what_works(parser, line):
    refusal = _refusal(parser, line)
    assert "\n" not in refusal
    assert "Example: orch " in refusal or "orch help" in refusal


@pytest.mark.parametrize(
    ("line", "field", "value"),
    [
        ("budget --epic x 7.50", "limit", "7.50"),
        ("spend --note gpu 0.25", "what", "0.25"),
        ("pause --epic x out for lunch", "reason", "out for lunch"),
        ("pause out --epic x for lunch", "reason", "out for lunch"),
        ("note one --epic x two", "text", "one two"),
        ("issue a-7 --status done tune it", "title", "tune it"),
    ],
)
def test_words_may_stand_behind_the_flags(parser, line, field, value):
    assert getattr(_parse(parser, line), field) == value


def test_the_same_line_means_the_same_twice(parser):
    for _ in range(2):
        assert _parse(parser, "pause").reason == ""
        assert _parse(parser, "pause --epic x lunch").reason == "lunch"
