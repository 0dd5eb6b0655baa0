"""``orch`` as people run it: its words, its exit codes, what it prints."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from outside import ORCH

from orch_magic.core.errors import BudgetExceeded, OrchError
from orch_magic.faces import cli, exits
from orch_magic.faces.grammar import COMMANDS

LINES = [
    "status",
    "note 512 is best",
    "decide use 512 --why 'best recall'",
    "block no GPU",
    "issue x-1 compare chunk sizes",
    "task half of it --progress 50",
    "spend 0.25 --note call",
    "budget 7.50",
    "price mine --input 1 --output 2",
    "checkpoint before lunch",
    "list --limit 5",
    "brief",
    "epics",
    "baseline",
    "verify",
]
ENDS = {"start", "resume", "pause", "complete", "fail", "delete"}


@pytest.fixture
def kept(project):
    """A project whose epic x is kept by a process in the background."""
    project.orch(*shlex.split("start --epic x --budget 5 --no-baseline --background"))
    yield project
    project.orch("pause", "--epic", "x", code=None)


def test_the_lines_below_are_all_verbs_but_those_that_begin_or_end():
    assert {line.split()[0] for line in LINES} == {c.name for c in COMMANDS} - ENDS


def test_every_verb_answers_in_a_terminal_also_behind_session_and_in_json(kept):
    for line in LINES:
        ran = kept.orch("session", *shlex.split(line), "--json")
        answer = json.loads(ran.stdout)
        assert isinstance(answer, dict), line


def test_every_answer_fits_into_80_columns(kept, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    for line in [*LINES, "spend", "budget", "pause"]:
        assert cli.main(shlex.split(line)) == 0, line
        shown = capsys.readouterr().out
        assert shown.strip(), line
        assert max(map(len, shown.splitlines())) <= 80, line
        assert "%orch" not in shown


def test_the_brief_primes_an_agent_in_markdown_and_json(kept):
    kept.orch("note", "512 is best")
    assert kept.orch("brief", "--format", "md").stdout.startswith("# Brief of epic x\n")
    told = json.loads(kept.orch("brief", "--format", "json").stdout)
    assert told["context"]["agentNotes"].endswith("512 is best")


def test_a_folder_elsewhere_is_named_by_cwd(kept, tmp_path):
    ran = subprocess.run(
        [ORCH, "status", "--cwd", str(kept.top)],
        cwd=tmp_path,
        env=kept.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.startswith("● running · x")


def test_without_words_orch_teaches_and_so_does_each_help(project):
    taught = project.orch().stdout
    assert "orch demo" in taught
    assert "exit codes:" in taught
    for words in (("--help",), ("help",)):
        assert project.orch(*words).stdout == taught
    assert "-- COMMAND" in project.orch("start", "--help").stdout


def test_a_reader_that_went_away_is_no_error(kept):
    for line in ("list | head -1", "--help | head -1", "status --json | true"):
        ran = subprocess.run(
            ["/bin/sh", "-c", f"'{ORCH}' {line}"],
            cwd=kept.top,
            env=kept.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        assert ran.stderr == ""


# exit codes


def test_each_kind_of_error_has_a_code_of_its_own():
    codes = [code for _, code, _ in exits.EXIT_CODES]
    others = [exits.UNSOUND, exits.UNANSWERED, exits.INTERRUPTED, 0, 1]
    assert len({*codes, *others}) == len(codes) + len(others)
    kinds = [kind for kind, _, _ in exits.EXIT_CODES]
    for kind in (*OrchError.__subclasses__(), BudgetExceeded):
        assert kind in kinds


def test_words_that_cannot_be_used_are_2(project, capsys):
    project.orch("strat", code=2)
    for line in (
        "start",
        "start --epic 'a b'",
        "start --epic x --budget abc",
        "start --epic x --checkpoint-every -5",
        "status -- echo",
        "delete --epic x",
    ):
        assert cli.main(shlex.split(line)) == 2
        printed = capsys.readouterr()
        assert printed.out == ""
        assert len(printed.err.splitlines()) == 1
        assert printed.err.startswith("orch: ")


def test_what_is_not_there_is_3(project, capsys):
    project.orch("status", code=3)
    for line in ("status --epic nope", "pause", "resume", "brief", "list", "note a"):
        assert cli.main(line.split()) == 3
        assert "orch start --epic" in capsys.readouterr().err


def test_a_live_session_is_4(kept):
    ran = kept.orch("start", "--epic", "x", "--no-baseline", code=4)
    assert "held by keeper with pid" in ran.stderr
    again = kept.orch("start", "--epic", "x", "--no-baseline", "--background", code=4)
    assert again.stderr == ran.stderr


def test_a_failing_gate_is_5_and_no_baseline_starts_all_the_same(project):
    (project.top / "pyproject.toml").write_text(
        "[tool.orch.baseline]\ntests = \"sh -c 'echo 1 failed; exit 1'\"\n"
    )
    ran = project.orch("start", "--epic", "x", "--", "true", code=5)
    assert "1 failed" in ran.stderr
    assert "--no-baseline" in ran.stderr
    ran = project.orch("start", "--epic", "x", "--no-baseline", "--", "true")
    assert "completed" in ran.stdout


def test_money_that_is_gone_is_6(kept):
    ran = kept.orch("spend", "5.01", code=6)
    assert ran.stderr == (
        "orch: The budget of epic x is spent: $5.01 of $5.00. "
        "Lift it with: orch budget AMOUNT\n"
    )
    assert "$5.01" in kept.orch("status").stdout


def test_no_repository_is_7_and_init_makes_one(project, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    ran = project.orch("status", "--cwd", str(empty), code=7)
    assert len(ran.stderr.splitlines()) == 1
    assert "--init" in ran.stderr
    words = ("start", "--epic", "x", "--cwd", str(empty), "--init", "--no-baseline")
    assert "completed" in project.orch(*words, "--", "true").stdout


def test_no_git_is_7(project, tmp_path):
    project.orch("status", PATH=str(tmp_path), code=7)


def test_a_checkpoint_that_cannot_be_saved_is_8_and_said_in_status(kept):
    _spoil_the_store(kept.top)
    ran = kept.orch("checkpoint", code=8)
    assert len(ran.stderr.splitlines()) == 1
    assert "The last checkpoint failed" in kept.orch("status").stdout


def _spoil_the_store(top: Path) -> None:
    """Put a file where the store's refs belong; packed ones, too, are taken away."""
    git = top / ".git"
    shutil.rmtree(git / "refs/orch", ignore_errors=True)
    (git / "refs/orch").write_text("in the way\n")


def test_a_ledger_that_cannot_be_opened_is_9(project):
    (project.top / ".git/orch").mkdir(exist_ok=True)
    (project.top / ".git/orch/ledger.db").mkdir()
    ran = project.orch("status", code=9)
    assert len(ran.stderr.splitlines()) == 1


def test_an_unknown_price_is_10_and_the_line_declares_one(kept):
    reply = json.dumps(
        {
            "object": "chat.completion",
            "model": "qwen-of-mine",
            "choices": [],
            "usage": {"prompt_tokens": 10, "completion_tokens": 1, "total_tokens": 11},
        }
    )
    ran = kept.orch("spend", reply, code=10)
    assert "orch price qwen-of-mine" in ran.stderr
    kept.orch(*["price", "qwen-of-mine", "--input", "1", "--output", "2"])
    assert "$0.000012" in kept.orch("spend", reply).stdout


def test_what_verify_finds_is_11(kept):
    kept.orch("pause")
    ref = kept.top / ".git/refs/orch/x"
    tip = ref.read_text().strip()
    (kept.top / ".git/objects" / tip[:2] / tip[2:]).unlink(missing_ok=True)
    for pack in (kept.top / ".git/objects/pack").glob("*"):
        pack.unlink()
    ran = kept.orch("verify", code=None)
    assert ran.returncode in {exits.UNSOUND, 8}


def test_delete_says_how_to_get_the_checkpoints_back(kept):
    kept.orch("pause")
    count = len(kept.listed())
    back = kept.orch("delete", "--epic", "x", "--yes").stdout
    assert "no checkpoint" in kept.orch("list", "--epic", "x").stdout
    told = " ".join(back.partition("To get them back:")[2].split())
    subprocess.run(shlex.split(told), cwd=kept.top, check=True)
    assert len(kept.listed()) == count
