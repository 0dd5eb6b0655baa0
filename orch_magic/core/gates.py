"""What a baseline found: the outcome of each quality gate."""

from __future__ import annotations

from typing import Literal

from orch_magic.core.values import Value
from orch_magic.core.work import TestState

GateName = Literal["tests", "typecheck", "lint"]
GateOutcome = Literal["passed", "failed", "timed_out", "unavailable", "not_configured"]


class GateResult(Value):
    """How one gate ended."""

    gate: GateName
    outcome: GateOutcome
    command: str = ""
    seconds: float = 0.0
    output_tail: str = ""
    """The last lines it printed; empty where it passed."""
    tests: TestState | None = None
    fixed_itself: bool = False
    """Whether lint was allowed to mend files and then passed."""

    @property
    def is_bad(self) -> bool:
        """Whether it ran and did not pass."""
        return self.outcome in {"failed", "timed_out"}

    @property
    def refuses_start(self) -> bool:
        """Whether a session does not start because of it: lint never refuses."""
        return self.is_bad and self.gate != "lint"


class BaselineReport(Value):
    """The gates run at a session's start."""

    gates: tuple[GateResult, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether no gate refuses the start."""
        return not any(gate.refuses_start for gate in self.gates)

    @property
    def tests(self) -> TestState | None:
        """The test gate's counts, where it ran and left any."""
        return next((gate.tests for gate in self.gates if gate.tests), None)

    def in_one_line(self) -> str:
        """Say how it ended, such as ``tests passed, lint failed``."""
        ran = [gate for gate in self.gates if gate.outcome != "not_configured"]
        if not ran:
            return "no gate is configured"
        return ", ".join(f"{g.gate} {g.outcome.replace('_', ' ')}" for g in ran)
