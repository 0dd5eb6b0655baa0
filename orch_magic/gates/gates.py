"""Runs a project's quality gates, one after the other, and says how each ended."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from orch_magic.core.gates import BaselineReport, GateOutcome, GateResult
from orch_magic.core.junit import read_junit
from orch_magic.core.work import TestState
from orch_magic.gates.discover import Gate, find_gates
from orch_magic.gates.output import tail_of
from orch_magic.gates.processes import Ended, run_command
from orch_magic.gates.settings import BaselineSettings

NO_TESTS_COLLECTED = 5
"""pytest's exit code where it found no test: an empty suite has nothing against it."""

Tell = Callable[[str], None]


class ProjectGates:
    """The `Gates` port over the project's own tools."""

    def __init__(self, top: Path, settings: BaselineSettings) -> None:
        self._top = top
        self._settings = settings

    def run(self, tell: Tell) -> BaselineReport:
        """Run the gates one after the other.

        Args:
            tell: is given a line when a gate begins and one when it has ended.

        Raises:
            BadInput: where the project's configuration can't be read.
        """
        gates = find_gates(self._top, self._settings)
        return BaselineReport(gates=tuple(self._run(gate, tell) for gate in gates))

    def _run(self, gate: Gate, tell: Tell) -> GateResult:
        if not gate.is_configured:
            return GateResult(gate=gate.name, outcome="not_configured")
        if not gate.runner:
            return _unavailable(gate, _not_installed(gate), tell)
        tell(f"{gate.name}: running {gate.shown()} …")
        with tempfile.TemporaryDirectory(
            prefix="orch-baseline-", ignore_cleanup_errors=True
        ) as folder:
            try:
                result = self._attempt(gate, Path(folder))
            except OSError as error:
                why = f"{gate.words[0]} can't be run: {error.strerror}."
                return _unavailable(gate, why, tell)
        tell(f"{gate.name}: {_how_it_ended(result, self._settings.timeout_seconds)}")
        return result

    def _attempt(self, gate: Gate, folder: Path) -> GateResult:
        """Run a gate and, where that is allowed and helps, let it mend files."""
        limit = self._settings.timeout_seconds
        output, report = folder / "output", folder / "junit.xml"
        command = [*gate.command, *_report_option(gate, report)]
        ended = run_command(command, cwd=self._top, output=output, limit_seconds=limit)
        mends = self._settings.fix_lint and _can_mend(gate)
        may_mend = mends and ended.exit_code not in {0, None}
        if may_mend:
            again = run_command(
                [*command, "--fix"],
                cwd=self._top,
                output=output,
                limit_seconds=limit - ended.seconds,
            )
            ended = Ended(again.exit_code, round(ended.seconds + again.seconds, 3))
        outcome = _outcome(gate, ended.exit_code)
        return GateResult(
            gate=gate.name,
            outcome=outcome,
            command=gate.shown(),
            seconds=ended.seconds,
            output_tail="" if outcome == "passed" else tail_of(output),
            tests=_tests(report),
            fixed_itself=may_mend and outcome == "passed",
        )


def _outcome(gate: Gate, exit_code: int | None) -> GateOutcome:
    if exit_code is None:
        return "timed_out"
    empty = gate.runs("pytest") and exit_code == NO_TESTS_COLLECTED
    return "passed" if exit_code == 0 or empty else "failed"


def _report_option(gate: Gate, report: Path) -> Sequence[str]:
    """Ask pytest for a report, unless the project has one written somewhere."""
    has_its_own = any(
        word.startswith(("--junitxml", "--junit-xml")) for word in gate.words
    )
    if gate.name != "tests" or has_its_own or not gate.runs("pytest"):
        return ()
    return (f"--junitxml={report}",)


def _can_mend(gate: Gate) -> bool:
    return gate.name == "lint" and gate.runs("ruff") and "check" in gate.words


def _tests(report: Path) -> TestState | None:
    if not report.is_file():
        return None
    return read_junit(report.read_text(encoding="utf-8", errors="replace"))


def _not_installed(gate: Gate) -> str:
    program = gate.words[0]
    return f"{program} is configured but not installed here. Try: pip install {program}"


def _unavailable(gate: Gate, why: str, tell: Tell) -> GateResult:
    tell(f"{gate.name}: unavailable. {why}")
    return GateResult(
        gate=gate.name, outcome="unavailable", command=gate.shown(), output_tail=why
    )


def _how_it_ended(result: GateResult, limit_seconds: float) -> str:
    if result.outcome == "timed_out":
        return f"stopped at its limit of {limit_seconds:g} s"
    details = _counts(result.tests) if result.tests else ""
    if result.fixed_itself:
        details = "it mended files"
    ended = f"{result.outcome} in {result.seconds:.1f} s"
    return f"{ended} ({details})" if details else ended


def _counts(tests: TestState) -> str:
    counts = {
        "failed": tests.failed,
        "passed": tests.passed,
        "skipped": tests.skipped,
    }
    said = [f"{number} {word}" for word, number in counts.items() if number]
    return ", ".join(said) or "no tests collected"
