"""Our own books on what the kernels acknowledged, held against what is found later.

They know every acknowledged amount, checkpoint and session, and what was in flight
when a kernel died: that may be there or not, and nothing else may be.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal

from benchmarks.crash_log import Told, unfinished


@dataclass
class Books:
    """The books.

    Args:
        budget_usd: the epic's limit.

    Attributes:
        spends: how many are known to be written down.
        checkpoints: ids of those acknowledged, in their order.
        lost_spends, wrong_costs, wrong_sessions: what should stay empty, a line each.
        killed_in: how often a kernel died in which step.
    """

    budget_usd: Decimal
    acknowledged: int = 0
    spends: int = 0
    spent_usd: Decimal = Decimal(0)
    checkpoints: list[str] = field(default_factory=list)
    lost_spends: list[str] = field(default_factory=list)
    wrong_costs: list[str] = field(default_factory=list)
    wrong_sessions: list[str] = field(default_factory=list)
    killed_in: Counter[str] = field(default_factory=Counter)
    _in_flight: Decimal | None = None
    _starts_in_flight: int = 0
    _number: int = 0
    _session_id: str | None = None

    def enter(self, told: tuple[Told, ...]) -> None:
        """Enter what one kernel told."""
        for line in told:
            if line.word == "began":
                self._compare(line)
            elif line.word == "spent":
                self.acknowledged += 1
                self.spends += 1
                self.spent_usd += line.usd
            elif line.word == "saved":
                self.checkpoints.append(line.facts["id"])

    def enter_death(self, told: tuple[Told, ...]) -> None:
        """Enter where that kernel was killed, and what was in flight then."""
        cut = unfinished(told)
        self.killed_in[cut.word if cut else "between steps"] += 1
        if cut and cut.word == "spending":
            self._in_flight = cut.usd
        if cut and cut.word == "starting":
            self._starts_in_flight += 1

    def _compare(self, began: Told) -> None:
        """Hold what a new session found against the books, and go on from there."""
        facts = began.facts
        self._compare_spend(began)
        left = Decimal(facts["remaining"])
        if left != self.budget_usd - began.usd:
            self.wrong_costs.append(f"session {facts['number']}: {left} left")
        self._compare_session(facts["number"], facts["parent"])
        self._number, self._session_id = facts["number"], facts["id"]
        self._starts_in_flight = 0

    def _compare_spend(self, began: Told) -> None:
        found, usd = began.facts["spends"], began.usd
        name = f"session {began.facts['number']}"
        may_be = {self.spends: self.spent_usd}
        if self._in_flight is not None:
            may_be[self.spends + 1] = self.spent_usd + self._in_flight
        if found < self.spends:
            self.lost_spends += [
                f"{name}: {found} spends of {self.spends} acknowledged"
            ] * (self.spends - found)
        if may_be.get(found) != usd:
            self.wrong_costs.append(
                f"{name}: {usd} in {found} spends, not one of {may_be}"
            )
        self.spends, self.spent_usd, self._in_flight = found, usd, None

    def _compare_session(self, number: int, parent: str | None) -> None:
        # A start that died before it was acknowledged may have opened a session.
        between = number - self._number - 1
        is_parent_known = between == 0 and parent == self._session_id
        is_parent_unseen = between > 0 and parent not in {None, self._session_id}
        if not (
            0 <= between <= self._starts_in_flight
            and (is_parent_known or is_parent_unseen)
        ):
            self.wrong_sessions.append(
                f"session {number} of {parent} after session {self._number}, "
                f"{self._starts_in_flight} starts in flight"
            )
