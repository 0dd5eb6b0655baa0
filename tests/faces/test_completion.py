"""Tab offers commands, flags, epics; and nothing else than those."""

from __future__ import annotations

import pytest
from IPython.core.completer import provisionalcompleter

from orch_magic.faces.completion import offers_for
from orch_magic.faces.grammar import BY_NAME, COMMANDS


@pytest.fixture
def tab(shell):
    """Press Tab at the end of a text; say what is offered."""

    def press(text: str) -> list[str]:
        with provisionalcompleter():
            return [c.text for c in shell.ip.Completer.completions(text, len(text))]

    return press


@pytest.mark.parametrize("front", ["%orch ", "s = %orch ", "x = 1\n%orch ", "  %orch "])
def test_commands_are_offered(tab, front):
    assert tab(f"{front}st") == ["start", "status"]
    assert tab(f"{front}") == [command.name for command in COMMANDS]


def test_session_in_front_changes_nothing(tab):
    assert tab("%orch session res") == ["resume"]


def test_flags_are_offered(tab):
    assert tab("%orch start --bu") == ["--budget"]
    assert tab("%orch start --epic x --checkpoint-e") == ["--checkpoint-every"]
    own = [n for a in BY_NAME["list"].arguments for n in a.names]
    assert tab("%orch list --") == [*own, "--epic", "--cwd", "--json", "--help"]


def test_choices_are_offered(tab):
    assert tab("%orch start --publish ") == ["each", "explicit", "never"]
    assert tab("%orch brief --format m") == ["md"]


def test_epics_are_offered_the_newest_first(shell, tab):
    for name in ("alpha", "beta"):
        shell.run(f"%orch start --epic {name} --no-baseline")
        shell.run("%orch pause")
    assert tab("%orch resume --epic ") == ["beta", "alpha"]
    assert tab("s = %orch status --epic al") == ["alpha"]


def test_outside_a_project_there_is_nothing_to_offer(shell, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert offers_for(["resume", "--epic"], "") == []


def test_other_lines_are_completed_as_ever(shell, tab):
    shell.run("orchestra = 1")
    assert tab("orchest") == ["orchestra"]
    assert "%orch" in tab("%orc")
