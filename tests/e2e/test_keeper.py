"""A session held in a terminal: under a command, in the foreground, behind."""

from __future__ import annotations

import os
import re
import signal
import sys
from pathlib import Path

import pexpect
from outside import ORCH, until

QUIET = ("--no-baseline",)
_CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


# orch start -- COMMAND


def test_a_command_runs_under_the_session_and_its_code_decides(project):
    ran = project.orch(
        *("start", "--epic", "x", "--budget", "5", *QUIET, "--"),
        *("sh", "-c", "echo in $ORCH_EPIC; orch spend 0.5 >/dev/null"),
        PATH=f"{Path(ORCH).parent}:{os.environ['PATH']}",
    )
    assert "in x" in ran.stdout
    assert "✓ completed: session 1 of x (sh ended with exit code 0)" in ran.stdout
    assert str(project.status().budget.spent_usd) == "0.5"
    newest = project.listed()[0]
    assert newest.reason == "completed: sh ended with exit code 0"


def test_a_command_that_fails_fails_the_session_and_its_code_is_ours(project):
    project.orch("start", "--epic", "x", *QUIET, "--", "sh", "-c", "exit 7", code=7)
    assert project.status().status == "failed"


def test_a_command_that_is_killed_fails_the_session_as_shells_say_it(project):
    words = ("start", "--epic", "x", *QUIET, "--", "sh", "-c", "kill -9 $$")
    project.orch(*words, code=137)
    assert project.session(1).reason == "sh was killed by SIGKILL"


def test_a_command_that_is_not_there_is_127(project):
    ran = project.orch("start", "--epic", "x", *QUIET, "--", "no-such-word", code=127)
    assert "no-such-word" in ran.stderr
    assert project.status().status == "failed"


def test_the_words_of_the_command_are_its_own(project):
    words = ("start", "--epic", "x", *QUIET, "--", sys.executable, "-c")
    code = "import sys; print(sys.argv[1:])"
    ran = project.orch(*words, code, "--epic", "y", "--background", "--")
    assert "['--epic', 'y', '--background', '--']" in ran.stdout


def test_a_pause_from_elsewhere_ends_the_command(project):
    words = ("start", "--epic", "x", *QUIET, "--", sys.executable, "-c")
    code = "import time\nprint('began', flush=True)\ntime.sleep(100)"
    process = project.begin(*words, code)
    until(project.holder)
    project.orch("pause", "--epic", "x", "lunch")
    out, _ = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "orch: ❚❚ paused: session 1 of x (lunch)" in out
    assert project.session(1).status == "paused"


def test_a_polite_end_pauses_and_ends_the_command(project):
    words = ("start", "--epic", "x", *QUIET, "--", "sleep", "100")
    process = project.begin(*words)
    pid = until(project.holder)
    assert pid == process.pid
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert process.returncode == 130
    assert project.session(1).status == "paused"
    assert project.listed()[0].reason.startswith("paused: ")


# the foreground


def test_ctrl_c_in_a_terminal_pauses_with_a_checkpoint(project):
    terminal = pexpect.spawn(
        ORCH,
        ["start", "--epic", "x", "--budget", "5", *QUIET],
        cwd=str(project.top),
        env=project.environment,
        encoding="utf-8",
        dimensions=(24, 80),
        timeout=20,
    )
    terminal.expect_exact("Ctrl+C here pauses it")
    terminal.expect(r"● running x · session 1 · \$0.00 of \$5.00 \(0%\) · checkpoint")
    project.orch("spend", "1.25")
    terminal.expect_exact("$1.25 of $5.00 (25%)")
    terminal.sendintr()
    terminal.expect(r"❚❚ paused: session 1 of x \(interrupted by Ctrl\+C\)")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0
    assert project.session(1).status == "paused"
    assert project.listed()[0].reason == "paused: interrupted by Ctrl+C"


def test_without_a_terminal_the_keeper_writes_plain_lines(project):
    words = ("start", "--epic", "x", *QUIET, "--checkpoint-every", "0.02")
    process = project.begin(*words)
    until(lambda: project.holder() and len(project.listed()) >= 2)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "\r" not in out
    assert not _CODES.search(out)
    assert any(line.startswith("checkpoint 20") for line in out.splitlines())
    assert "❚❚ paused: session 1 of x" in out.splitlines()[-1]


def test_a_keeper_ends_when_it_is_paused_from_elsewhere(project):
    process = project.begin("start", "--epic", "x", *QUIET)
    until(project.holder)
    assert "❚❚ paused · x" in project.orch("pause").stdout
    out, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "❚❚ paused: session 1 of x" in out


# the background


def test_in_the_background_it_returns_and_leaves_the_keeper_running(project):
    ran = project.orch("start", "--epic", "x", *QUIET, "--background")
    pid = project.holder()
    assert f"Session 1 of x runs in the background (pid {pid})." in ran.stdout
    assert "orch pause --epic x" in ran.stdout
    os.kill(pid, 0)
    project.orch("pause", "--epic", "x")
    until(lambda: not _is_there(pid))


def test_kill_9_of_the_keeper_loses_nothing_and_resume_goes_on(project):
    project.orch(
        *["start", "--epic", "x", "--budget", "5", "--no-baseline", "--background"]
    )
    project.orch("spend", "1.25", "--note", "call")
    pid = project.holder()
    os.kill(pid, signal.SIGKILL)
    until(lambda: not project.status().status.is_live)
    assert "orch resume --epic x" in project.orch("status").stdout
    ran = project.orch("resume", *QUIET, "--", "true")
    assert "session    2" in ran.stdout
    assert "$1.25 of $5.00" in ran.stdout
    assert "Session 1 was interrupted (its process is gone)." in ran.stdout


def test_without_anything_running_pause_names_the_last_checkpoint(project):
    project.orch("start", "--epic", "x", *QUIET, "--", "true")
    ran = project.orch("pause", "--epic", "x", code=3)
    assert len(ran.stderr.splitlines()) == 1
    assert f"Its last checkpoint is {project.listed()[0].id}." in ran.stderr


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A zombie: its parent has gone, and whoever adopted it has not looked yet.
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    return stat.rpartition(")")[2].split()[0] != "Z"
