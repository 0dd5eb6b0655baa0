"""``%orch`` in a shell: it answers, teaches, and errs in one line."""

from __future__ import annotations

import json

import pytest

from orch_magic.core.reports import Status
from orch_magic.faces.grammar import COMMANDS

NEEDS_A_SESSION = [
    *("status", "pause", "complete", "fail", "checkpoint", "list", "brief", "resume"),
    *("spend 1", "budget 5", "note a", "decide a", "block a", "issue a", "task a"),
    "verify",
]


def test_start_shows_the_session_its_budget_and_its_checkpoint(shell):
    shown = shell.start("--budget 5.00").shown
    assert "running · x" in shown
    assert "$0.00 of $5.00" in shown
    assert "session start" in shown


def test_status_is_a_value_and_shows_nothing_when_it_is_kept(shell):
    shell.start("--budget 5.00")
    ran = shell.run("s = %orch status")
    assert ran.shown == ""
    kept = shell.ip.user_ns["s"]
    assert isinstance(kept, Status)
    assert str(kept.budget.limit_usd) == "5.00"


def test_each_line_of_a_cell_shows_its_answer_in_its_place(shell):
    shell.start("--budget 5.00")
    ran = shell.run(
        "%orch note first\nprint('between')\nfor _ in range(2):\n    %orch note again\n"
        "%orch budget\nx = 1"
    )
    found = [
        ran.shown.index(text) for text in ("first", "between", "again", "budget of")
    ]
    assert found == sorted(found)
    assert ran.shown.count("again") == 2


def test_a_name_is_expanded_and_an_undefined_one_is_refused_by_name(shell):
    shell.start()
    shell.run("size = 512")
    assert "chunks of 512" in shell.run("%orch note chunks of {size}").shown
    assert "chunks of 512" in shell.run("%orch note chunks of $size").shown
    for line in ("note {size} of {missing}", "budget $missing", "note {missing + 1}"):
        ran = shell.run(f"%orch {line}")
        assert ran.lines[-1].startswith("UsageError: missing is not defined")
        assert len(ran.lines) == 1


def test_a_name_that_has_no_such_part_is_refused(shell):
    shell.start()
    shell.run("size = 512")
    ran = shell.run("%orch note {size.nonsense}")
    assert ran.lines == ["UsageError: {size.nonsense} has no value."]


def test_help_teaches(shell):
    assert "--budget USD" in shell.run("%orch start --help").shown
    assert "commands:" in shell.run("%orch").shown
    assert "commands:" in shell.run("%orch help").shown
    taught = shell.magics.orch.__doc__
    for command in COMMANDS:
        assert f"%orch {command.example}" in taught


def test_a_question_mark_teaches(shell, monkeypatch):
    pages: list[str] = []
    monkeypatch.setattr(
        shell.ip.inspector, "pinfo", lambda obj, *_, **__: pages.append(obj.__doc__)
    )
    shell.run("%orch?")
    assert "%orch start --epic rag-eval" in pages[0]


@pytest.mark.parametrize("line", NEEDS_A_SESSION)
def test_without_a_session_every_verb_says_how_to_start_one(shell, line):
    ran = shell.run(f"%orch {line}")
    assert len(ran.lines) == 1
    assert "%orch start --epic" in ran.shown
    assert "Traceback" not in ran.shown


@pytest.mark.parametrize("line", ["pause", "spend 1"])
def test_after_a_session_the_way_on_is_to_resume(shell, line):
    shell.start()
    shell.run("%orch pause")
    ran = shell.run(f"%orch {line}")
    assert len(ran.lines) == 1
    assert "%orch resume --epic x" in ran.shown


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("strat", "Did you mean start?"),
        ("start --epic x --bugdet 5", "Did you mean --budget?"),
        ("start", "--epic"),
        ("start --epic 'a b'", "Try: a-b"),
        ("start --epic x --budget abc", "no amount"),
        ("start --epic x --budget -1", "below zero"),
        ("start --epic x --budget nan", "no amount"),
        ("start --epic x --budget 1e999", "too large"),
        ("start --epic x --budget 5,00", "Write a point: 5.00"),
        ("start --epic x --checkpoint-every 0", "interval_minutes"),
        ("start --epic x --resume", "no session to resume"),
        ("status --epic nope", "There is no epic nope"),
        ("note it's", "double quotes"),
        ("delete --epic x", "--yes"),
    ],
)
def test_a_mistake_is_one_line(shell, line, said):
    ran = shell.run(f"%orch {line}")
    assert ran.error is not None
    assert len(ran.lines) == 1
    assert said in ran.shown


def test_a_mistake_stops_the_cell(shell):
    ran = shell.run("%orch strat\nprint('went on')")
    assert "went on" not in ran.shown


def test_a_second_session_of_this_shell_is_refused(shell):
    shell.start()
    ran = shell.run("%orch start --epic y")
    assert ran.lines == [
        (
            "SessionHeld: This process already runs epic x (session 1). "
            "End that one first: %orch pause"
        )
    ]


def test_json_is_printed_and_parses(shell):
    shell.start("--budget 5.00")
    for line in ("status", "list", "brief", "epics", "spend", "budget", "verify"):
        ran = shell.run(f"%orch {line} --json")
        assert json.loads(ran.shown)
        assert ran.value is None


def test_the_brief_comes_as_markdown_when_asked_for(shell):
    shell.start()
    shell.run("%orch note keep this")
    assert shell.run("%orch brief --format md").shown.startswith("# Brief of epic x")


def test_a_reply_in_a_variable_is_spent_by_its_name(shell):
    shell.start("--budget 5.00")
    shell.run(
        "reply = {'model': 'gpt-4o-mini', 'object': 'chat.completion', 'choices': [],"
        " 'usage': {'prompt_tokens': 1000, 'completion_tokens': 0,"
        " 'total_tokens': 1000}}"
    )
    shown = shell.run("%orch spend reply --note question").shown
    assert "$0.00015" in shown


def test_a_declared_price_is_said(shell):
    ran = shell.run("%orch price mine --input 1 --output 2.5")
    assert ran.lines == ["✓ mine costs $1.00 in, $2.50 out, per million tokens"]


def test_the_story_from_start_to_resume(shell):
    shell.start("--budget 5.00")
    shell.run("import orch_magic as orch; orch.spend('1.25')")
    shell.run("%orch note tried chunks of 400")
    assert "paused" in shell.run("%orch pause lunch").shown
    shown = shell.run("%orch start --epic x --resume --no-baseline").shown
    assert "session    2" in shown
    assert "$1.25 of $5.00" in shown
    assert "tried chunks of 400" in shown


# settings


def _settings(shell):
    from orch_magic import here

    return here.held_world().held.settings


def test_config_takes_effect_at_the_next_start(shell):
    shell.run("%config Orch.publish = 'explicit'")
    shell.run("%config Orch.checkpoint_every_minutes = 5")
    shell.run("%config Orch.checkpoint_on_error = False")
    shell.run("%config Orch.cost_threshold = 0.5")
    shell.start()
    settings = _settings(shell)
    assert settings.publish == "explicit"
    assert settings.policy.interval_minutes == 5
    assert settings.policy.on_error is False
    assert settings.policy.cost_threshold == 0.5


def test_a_flag_is_stronger_than_config(shell):
    shell.run("%config Orch.publish = 'explicit'")
    shell.start("--publish never")
    assert _settings(shell).publish == "never"


@pytest.mark.parametrize(
    "bad",
    [
        "publish = 'sometimes'",
        "checkpoint_every_minutes = -1",
        "cost_threshold = 7.0",
        "checkpoint_on_start = 'perhaps'",
    ],
)
def test_a_bad_setting_neither_sticks_nor_breaks_a_reload(shell, bad, caplog):
    shell.run("%config Orch.publish = 'explicit'")
    shell.run(f"%config Orch.{bad}")
    assert caplog.messages
    name = bad.partition(" ")[0]
    good = "explicit" if name == "publish" else None
    assert getattr(shell.magics, name) == good
    assert shell.run("%reload_ext orch_magic").error is None
    assert getattr(shell.magics, name) == good
    assert "running · x" in shell.start().shown


def test_a_bad_setting_in_the_shells_own_configuration_is_said(ip, project, capsys):
    ip.config.Orch.publish = "sometimes"
    ip.config.Orch.cost_threshold = 0.5
    ip.run_line_magic("load_ext", "orch_magic")
    assert "publish" in capsys.readouterr().out
    assert ip.magics_manager.registry["Orch"].publish is None
