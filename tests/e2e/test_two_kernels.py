"""The story: work in one kernel, kill -9, go on in another; and who else may."""

from __future__ import annotations

import subprocess
from datetime import timedelta

import pytest
from outside import dies, said, until

from orch_magic.project import open_world

LOAD = "%load_ext orch_magic"
ENDLESS = """
import os
print("began", flush=True)
while not os.path.exists("enough"):
    pass
print("done")
"""


def test_a_session_survives_kill_9(project):
    with project.kernel() as first:
        first.run(f"{LOAD}\n%orch start --epic test-001 --budget 5.00")
        first.run("import orch_magic as orch\norch.spend('1.25', note='question 1')")
        first.run("%orch issue t-1 compare chunk sizes\n%orch note 512 is best so far")
        first.run("open('found.txt', 'w').write('512')")
        first.run("1 / 0")
        dies(
            first,
            "import os, signal\norch.spend('0.0003')\n"
            "os.kill(os.getpid(), signal.SIGKILL)",
        )
    assert project.status("test-001").status == "interrupted"
    with project.kernel() as second:
        shown = said(
            second.run(f"{LOAD}\n%orch start --epic test-001 --resume --no-baseline")
        )
        for part in (
            "session    2",
            "$1.2503 of $5.00",
            "$3.7497 left",
            "t-1 compare chunk sizes",
            "512 is best so far",
            "found.txt",
            "ZeroDivisionError",
            "interrupted",
            "! Session 1 was interrupted (its process is gone).",
        ):
            assert part in shown
        one, two = project.session(1, "test-001"), project.session(2, "test-001")
        assert two.parent_session_id == one.id
        assert one.status == "interrupted"
        assert "$1.2503" in said(second.run("%orch complete"))
    log = project.orch("list", "--epic", "test-001").stdout
    assert "ZeroDivision" in log
    subjects = _git(project, "log", "--format=%s")
    assert sum(s.startswith("orch(test-001): checkpoint ") for s in subjects) == 4
    assert _git(project, "log", "--format=%s", "refs/orch/test-001") != []
    assert _git(project, "status", "--porcelain") == ["?? found.txt"]


def test_a_checkpoint_is_made_on_time_inside_one_long_cell(project):
    with project.kernel() as kernel:
        kernel.run(
            f"{LOAD}\n%orch start --epic x --no-baseline --checkpoint-every 0.02"
        )
        cell = kernel.begin(ENDLESS)
        on_time = until(
            lambda: [c for c in project.listed() if "minutes" in c.reason][1:]
        )
        assert on_time
        (project.top / "enough").touch()
        assert said(kernel.finish(cell)) == "began\ndone\n"


def test_a_terminal_pauses_the_kernel_and_the_next_cell_says_so(project):
    with project.kernel() as kernel:
        kernel.run(f"{LOAD}\n%orch start --epic x --no-baseline\n%orch status")
        before = len(project.listed())
        ran = project.orch("pause", "--epic", "x", "lunch")
        assert "❚❚ paused · x" in ran.stdout
        assert len(project.listed()) == before + 1
        session = project.session(1)
        assert session.status == "paused"
        world_saw = project.listed()[0]
        assert world_saw.reason == "paused: lunch"
        shown = said(kernel.run("print('next')"))
        assert shown.startswith("orch: ❚❚ paused: session 1 of x (lunch)")
        assert "Go on: %orch resume --epic x" in shown
        assert "running · x" in said(kernel.run("%orch resume --no-baseline"))


def test_a_pause_is_seen_within_two_seconds_also_by_a_busy_kernel(project):
    with project.kernel() as kernel:
        kernel.run(f"{LOAD}\n%orch start --epic x --no-baseline")
        cell = kernel.begin(ENDLESS)
        assert "❚❚ paused · x" in project.orch("pause", "--epic", "x").stdout
        (project.top / "enough").touch()
        assert said(kernel.finish(cell)).startswith("began\ndone\n")
    events = list(open_world(project.top, tell=print).ledger.events("x"))
    asked = next(e.at for e in events if e.kind == "end_asked")
    ended = next(e.at for e in events if e.kind == "session_ended")
    assert ended - asked < timedelta(seconds=2)


def test_a_second_live_start_is_refused_with_the_holder_and_may_take_over(project):
    with project.kernel() as kernel:
        kernel.run(f"{LOAD}\n%orch start --epic x --budget 3 --no-baseline")
        refused = project.orch("start", "--epic", "x", "--no-baseline", code=4)
        for part in (
            f"held by kernel with pid {kernel.pid} on ",
            " UTC",
            "orch pause --epic x",
            "--take-over",
        ):
            assert part in refused.stderr
        with project.kernel() as other:
            refusal = other.run(f"{LOAD}\n%orch start --epic x --no-baseline")
            assert said(refusal).startswith("SessionHeld: Epic x is running")
            taken = said(other.run("%orch start --epic x --take-over --no-baseline"))
            assert "session    2" in taken
            assert "Session 1 was interrupted (taken over)." in taken
            assert project.holder() == other.pid
            told = until(lambda: said(kernel.run("print('-')")).removesuffix("-\n"))
            assert "interrupted: session 1 of x (taken over)" in told
            assert "session    2" in said(kernel.run("%orch status"))


def test_errors_are_one_line_in_a_real_kernel(project):
    with project.kernel() as kernel:
        kernel.run(LOAD)
        for cell, said_first in (
            ("%orch status", "NoSession: This project has no epic yet."),
            ("%orch strat", "UsageError: 'strat' is no command."),
            ("%orch start --epic x --budget 5,00", "BadInput: '5,00' has a comma."),
            ("%orch note {x}", "UsageError: x is not defined"),
        ):
            lines = said(kernel.run(cell)).splitlines()
            assert len(lines) == 1
            assert lines[0].startswith(said_first)
        kernel.run("%orch start --epic x --budget 1 --no-baseline")
        lines = said(
            kernel.run("import orch_magic as orch\norch.spend(2)\nprint('on')")
        ).splitlines()
        assert lines[0].startswith("BudgetExceeded: The budget of epic x is spent")
        assert "on" not in lines
        lines = said(kernel.run("print('not this')")).splitlines()
        assert len(lines) == 1
        assert lines[0].startswith("BudgetExceeded: ")
        assert "$2.00 of $7.50" in said(kernel.run("%orch budget 7.50"))
        assert said(kernel.run("print('this')")) == "this\n"


def test_a_kernel_that_is_shut_down_pauses_its_session(project):
    with project.kernel() as kernel:
        kernel.run(f"{LOAD}\n%orch start --epic x --no-baseline")
        with pytest.raises(Exception, match="died"):
            kernel.run("exit()\nimport os\nos.kill(os.getpid(), 15)")
    assert until(lambda: not project.status().status.is_live)


def _git(project, *words: str) -> list[str]:
    ran = subprocess.run(
        ["git", *words],
        cwd=project.top,
        env=project.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout.splitlines()
