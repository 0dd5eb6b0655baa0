"""The gates are the project's own, run for real in a tiny project each."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from orch_magic.core.errors import BadInput
from orch_magic.core.gates import BaselineReport, GateResult
from orch_magic.gates import processes
from orch_magic.gates.discover import find_gates
from orch_magic.gates.gates import ProjectGates
from orch_magic.gates.output import tail_of
from orch_magic.gates.settings import BaselineSettings, read_baseline_settings

PASSES = "def test_sums():\n    assert 1 + 1 == 2\n"
FAILS = (
    PASSES + "\n\ndef test_products():\n    assert 2 * 2 == 5, 'arithmetic is off'\n"
)


@pytest.fixture
def top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with nothing configured, on a PATH with nothing special on it."""
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # starts much faster
    monkeypatch.setattr(processes, "GRACE_SECONDS", 0.5)
    monkeypatch.setenv("PATH", os.defpath)
    project = tmp_path / "project"
    project.mkdir()
    return project


def write(top: Path, **files: str) -> None:
    """Write files; ``__`` in a name stands for the dot before its suffix."""
    for name, text in files.items():
        (top / name.replace("__", ".")).write_text(text)


def run(top: Path, **settings: Any) -> tuple[BaselineReport, list[str]]:
    told: list[str] = []
    report = ProjectGates(top, BaselineSettings(**settings)).run(told.append)
    return report, told


def gate(top: Path, name: str, **settings: Any) -> tuple[GateResult, list[str]]:
    """Run one gate alone."""
    off = {other: "" for other in ("tests", "typecheck", "lint") if other != name}
    report, told = run(top, **(off | settings))
    (result,) = (gate for gate in report.gates if gate.gate == name)
    return result, told


def is_gone(pid: int) -> bool:
    """Wait for a process to end; one that nobody has buried yet is gone as well."""
    import psutil

    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        with contextlib.suppress(psutil.TimeoutExpired):
            process.wait(timeout=20)
        return process.status() == psutil.STATUS_ZOMBIE
    return True


def test_what_is_not_configured_is_not_run(top: Path) -> None:
    write(top, test_sums__py=FAILS, module__py="import os\nx: int = 'one'\n")

    report, told = run(top)

    assert [g.outcome for g in report.gates] == ["not_configured"] * 3
    assert report.passed
    assert told == []


def test_a_project_that_is_well_passes_every_gate(top: Path) -> None:
    write(
        top,
        pyproject__toml="[tool.pytest.ini_options]\n[tool.mypy]\n[tool.ruff]\n",
        test_sums__py=PASSES,
    )

    report, told = run(top)

    assert [(g.gate, g.outcome, g.command) for g in report.gates] == [
        ("tests", "passed", "pytest -q"),
        ("typecheck", "passed", "mypy ."),
        ("lint", "passed", "ruff check"),
    ]
    assert report.tests is not None
    assert report.tests.passed == 1
    assert all(g.seconds > 0 and not g.output_tail for g in report.gates)
    assert told[0] == "tests: running pytest -q …"
    assert told[1].startswith("tests: passed in ")
    assert told[1].endswith(" s (1 passed)")


def test_a_failing_test_is_named_and_its_output_kept(top: Path) -> None:
    write(top, pytest__ini="[pytest]\n", test_sums__py=FAILS)

    result, told = gate(top, "tests")

    assert result.refuses_start
    assert "arithmetic is off" in result.output_tail
    assert result.tests is not None
    assert result.tests.failing_tests
    assert "test_products" in result.tests.failing_tests[0]
    assert told[-1].endswith("(1 failed, 1 passed)")


def test_a_suite_without_tests_passes(top: Path) -> None:
    write(top, pytest__ini="[pytest]\n")

    result, told = gate(top, "tests")

    assert result.outcome == "passed"
    assert told[-1].endswith("(no tests collected)")


def test_pytest_that_can_not_start_fails_and_says_why(top: Path) -> None:
    write(top, pytest__ini="[pytest]\naddopts = --no-such-option\n")

    result, _ = gate(top, "tests")

    assert result.outcome == "failed"
    assert "--no-such-option" in result.output_tail


def test_a_type_error_refuses_the_start(top: Path) -> None:
    write(top, mypy__ini="[mypy]\n", module__py="x: int = 'one'\n")

    result, _ = gate(top, "typecheck")

    assert result.refuses_start
    assert "module.py:1" in result.output_tail


def test_a_lint_fault_is_bad_and_refuses_nothing(top: Path) -> None:
    write(top, ruff__toml="", module__py="import os\n")

    result, _ = gate(top, "lint")

    assert result.is_bad
    assert not result.refuses_start
    assert "F401" in result.output_tail
    assert (top / "module.py").read_text() == "import os\n"


def test_lint_mends_what_it_can_where_it_is_allowed_to(top: Path) -> None:
    write(top, ruff__toml="", module__py="import os\n")

    mended, told = gate(top, "lint", fix_lint=True)
    again, _ = gate(top, "lint", fix_lint=True)

    assert (mended.outcome, mended.fixed_itself) == ("passed", True)
    assert (top / "module.py").read_text() == ""
    assert told[-1].endswith("(it mended files)")
    assert (again.outcome, again.fixed_itself) == ("passed", False)


def test_what_lint_can_not_mend_still_fails(top: Path) -> None:
    write(top, ruff__toml="", module__py="import os\nprint(nobody)\n")

    result, _ = gate(top, "lint", fix_lint=True)

    assert (result.outcome, result.fixed_itself) == ("failed", False)
    assert "nobody" in result.output_tail


@pytest.mark.parametrize("name", ["pyrightconfig.json", ".flake8"])
def test_a_tool_that_is_configured_and_not_installed_is_named(
    top: Path, name: str
) -> None:
    (top / name).write_text("{}" if name.endswith("json") else "[flake8]\n")

    report, told = run(top)

    (missing,) = (g for g in report.gates if g.outcome != "not_configured")
    assert missing.outcome == "unavailable"
    assert report.passed
    assert "is configured but not installed here. Try: pip install" in told[0]
    assert missing.output_tail in told[0]


def test_a_tool_that_is_there_is_preferred_to_one_that_is_not(top: Path) -> None:
    write(top, pyrightconfig__json="{}", mypy__ini="[mypy]\nfiles = module.py\n")

    _, typecheck, _ = find_gates(top, BaselineSettings())

    assert typecheck.command == (sys.executable, "-m", "mypy")


@pytest.mark.parametrize(
    ("name", "text", "commands"),
    [
        ("pyproject.toml", "[tool.pytest]\n", {"pytest -q"}),
        ("pyproject.toml", "[tool.pytest.ini_options]\n", {"pytest -q"}),
        ("pyproject.toml", "[tool.mypy]\npackages = ['a']\n", {"mypy"}),
        ("pyproject.toml", "[tool.pyright]\n", {"pyright"}),
        ("pyproject.toml", "[tool.ruff.lint]\nselect = ['E']\n", {"ruff check"}),
        ("pyproject.toml", "[tool.black]\n", set()),
        ("tox.ini", "[tox]\nenvlist = py\n[pytest]\n", {"pytest -q"}),
        ("tox.ini", "[flake8]\n", {"flake8"}),
        (
            "setup.cfg",
            "[tool:pytest]\n[mypy]\n[flake8]\n",
            {"pytest -q", "mypy .", "flake8"},
        ),
        (".mypy.ini", "[mypy]\nfiles = a.py\n", {"mypy"}),
        (".ruff.toml", "", {"ruff check"}),
        ("setup.cfg", "[metadata]\nname = %(odd\nname = twice\n", set()),
    ],
)
def test_gates_are_found_where_their_tools_look(
    top: Path, name: str, text: str, commands: set[str]
) -> None:
    (top / name).write_text(text)

    gates = find_gates(top, BaselineSettings())

    assert {gate.shown() for gate in gates if gate.is_configured} == commands


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pyproject.toml", b"[tool.ruff\n"),
        ("tox.ini", b"no section\n"),
        ("setup.cfg", b"\xff"),
    ],
)
def test_a_broken_configuration_is_named(top: Path, name: str, text: bytes) -> None:
    (top / name).write_bytes(text)

    with pytest.raises(BadInput, match=f"{name} can't be read: ") as caught:
        run(top)
    assert "\n" not in str(caught.value)


def test_what_the_settings_name_is_run_as_it_is(top: Path) -> None:
    write(
        top,
        pytest__ini="[pytest]\n",
        ruff__toml="",
        check__sh='echo "$0 $1 $2"; cat; exit 3\n',
    )

    result, _ = gate(top, "tests", tests="sh ./check.sh 'a b' $HOME;ls")

    assert result.outcome == "failed"
    assert result.command == "sh ./check.sh 'a b' '$HOME;ls'"
    assert result.output_tail == "./check.sh a b $HOME;ls"
    assert result.tests is None


def test_a_named_pytest_still_tells_its_tests(top: Path) -> None:
    write(top, test_sums__py=FAILS, test_more__py=PASSES)

    result, _ = gate(top, "tests", tests=f"{sys.executable} -m pytest -q test_more.py")

    assert result.outcome == "passed"
    assert result.tests is not None
    assert result.tests.passed == 1


def test_a_script_of_the_project_is_found_from_its_top(top: Path) -> None:
    write(top, check__sh="#!/bin/sh\nexit 0\n")
    (top / "check.sh").chmod(0o755)

    assert gate(top, "lint", lint="./check.sh")[0].outcome == "passed"
    assert gate(top, "lint", lint="./absent.sh")[0].outcome == "unavailable"


def test_a_program_that_the_system_refuses_is_unavailable(top: Path) -> None:
    write(top, check="no program at all")
    (top / "check").chmod(0o755)

    result, told = gate(top, "lint", lint="./check")

    assert result.outcome == "unavailable"
    assert "can't be run: Exec format error" in told[-1]


def test_the_variables_of_git_do_not_reach_a_gate(
    top: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", "/somewhere/else")
    monkeypatch.setenv("KEPT", "yes")
    write(top, env__sh="env; exit 1\n")

    result, _ = gate(top, "tests", tests="sh env.sh")

    assert "KEPT=yes" in result.output_tail
    assert "GIT_DIR" not in result.output_tail


def test_the_time_limit_ends_the_whole_family(top: Path) -> None:
    # A child that won't listen, and one in a session of its own.
    write(
        top,
        hang__sh=(
            "echo begun\n"
            "(trap '' TERM; echo deaf; while :; do sleep 600; done) & echo $! > deaf\n"
            "setsid sleep 600 & echo $! > away\n"
            "wait\n"
        ),
    )

    result, told = gate(top, "tests", tests="sh hang.sh", timeout_seconds=2)

    assert result.outcome == "timed_out"
    assert result.refuses_start
    assert "begun" in result.output_tail
    assert told[-1] == "tests: stopped at its limit of 2 s"
    for name in ("deaf", "away"):
        assert is_gone(int((top / name).read_text()))


def test_what_a_gate_leaves_behind_is_ended_with_it(top: Path) -> None:
    write(top, leave__sh="sleep 600 & echo $! > pid\n")

    result, _ = gate(top, "tests", tests="sh leave.sh")

    assert result.outcome == "passed"
    assert is_gone(int((top / "pid").read_text()))


def test_an_interrupt_ends_the_gate_and_goes_on_up(top: Path) -> None:
    os.mkfifo(top / "begun")
    write(top, hang__sh="sleep 600 & echo $! > pid; echo go > begun; wait\n")
    script = (
        "import signal\n"
        "from pathlib import Path\n"
        "from orch_magic.gates.gates import ProjectGates\n"
        "from orch_magic.gates.settings import BaselineSettings\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "settings = BaselineSettings(tests='sh hang.sh', typecheck='', lint='')\n"
        "try:\n"
        "    ProjectGates(Path('.').resolve(), settings).run(print)\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted')\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=top,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        text=True,
    )

    (top / "begun").read_text()  # waits until the gate is under way
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)

    assert said.splitlines()[-1] == "interrupted"
    assert is_gone(int((top / "pid").read_text()))


def test_much_output_blocks_nothing_and_its_end_is_kept(top: Path) -> None:
    write(
        top,
        talk__py=(
            "for n in range(100_000):\n"
            "    print(f'\\x1b[31mline {n}\\x1b[0m')\n"
            "raise SystemExit(1)\n"
        ),
    )

    result, _ = gate(top, "tests", tests=f"{sys.executable} talk.py")

    lines = result.output_tail.splitlines()
    assert (len(lines), lines[-1]) == (30, "line 99999")


def test_the_tail_is_plain_text(tmp_path: Path) -> None:
    printed = tmp_path / "output"
    printed.write_bytes(
        b"\x1b]0;title\x07\x1b[1;31mred\x1b[0m\r\n10%\r50%\r100%\n\xff\x00end\n"
        + b"x" * 999
    )

    *lines, long = tail_of(printed).splitlines()

    assert lines == ["red", "100%", "\ufffdend"]
    assert (len(long), long[-1]) == (300, "…")


def test_the_settings_say_what_is_wrong_with_them() -> None:
    read = {"tests": "pytest -q -x", "lint": False, "timeout_seconds": 60}
    assert read_baseline_settings(
        read, where="[tool.orch.baseline]"
    ) == BaselineSettings(tests="pytest -q -x", lint="", timeout_seconds=60)
    for table, why in [
        ({"test": "pytest"}, "Did you mean tests"),
        ({"tests": "pytest 'x"}, "No closing quotation"),
        ({"tests": True}, "tests"),
        ({"timeout_seconds": 0}, "timeout_seconds"),
        ("pytest -q", "is no table"),
    ]:
        with pytest.raises(BadInput, match=why):
            read_baseline_settings(table)
