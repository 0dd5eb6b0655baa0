"""What the kernel runs until it is killed: spends, checkpoints, and says so.

Imported by the cells of `benchmarks.crash`.
"""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import orch_magic as orch
from benchmarks.crash_log import Log
from orch_magic.core.reports import Started

CHECKPOINT_SHARE = 0.3
"""How many of the steps end with a checkpoint."""


class Worker:
    """One kernel's work.

    Args:
        log: where it acknowledges.
        seed: of its amounts.
    """

    def __init__(self, log: str, seed: str) -> None:
        self._log = Log(log)
        self._chance = random.Random(seed)  # noqa: S311 - figures, no secrets

    def say(self, word: str, **facts: Any) -> None:
        """Write a line to the log."""
        self._log.say(word, **facts)

    def began(self, started: Started) -> None:
        """Say what the session found."""
        report = orch.spend()
        session = started.session
        self.say(
            "began",
            number=session.number,
            id=session.id,
            parent=session.parent_session_id,
            usd=started.budget.spent_usd,
            remaining=started.budget.remaining_usd,
            spends=sum(line.calls for line in report.by_session),
        )

    def work(self, steps: int) -> None:
        """Do some steps."""
        for _ in range(steps):
            usd = Decimal(self._chance.randrange(1, 100_000)).scaleb(-6)
            self.say("spending", usd=usd)
            orch.spend(usd, note="a step")
            self.say("spent", usd=usd)
            if self._chance.random() < CHECKPOINT_SHARE:
                self.say("saving")
                saved = orch.checkpoint("a step")
                self.say("saved", id=saved.checkpoint.id)
