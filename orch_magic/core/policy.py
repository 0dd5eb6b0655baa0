"""When a checkpoint is due. Pure: facts in, a reason or None out."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from orch_magic.core.money import WARNING_FRACTION
from orch_magic.core.values import Value

Occasion = Literal["start", "error", "issue"]
"""Something that happened which may ask for a checkpoint."""

RETRY_SECONDS = 30.0
"""How long after a failed checkpoint the next try is made."""


class CheckpointPolicy(Value):
    """When checkpoints are made. The defaults are the product's promise."""

    interval_minutes: float = Field(default=15.0, gt=0)
    """Minutes between checkpoints made on time."""
    on_start: bool = True
    on_error: bool = True
    """When a cell raised."""
    on_issue_done: bool = False
    cost_threshold: float | None = Field(default=WARNING_FRACTION, gt=0, le=1)
    """Share of the limit at which one is made, once per crossing; None: never."""

    def wants(self, occasion: Occasion) -> bool:
        """Whether this occasion asks for a checkpoint."""
        return {
            "start": self.on_start,
            "error": self.on_error,
            "issue": self.on_issue_done,
        }[occasion]

    def due_by_time(self, seconds_since_last: float) -> bool:
        """Whether so many seconds without a checkpoint are enough."""
        return seconds_since_last >= self.interval_minutes * 60

    def crosses(self, fraction: float, *, crossed_before: bool) -> bool:
        """Whether the spend has just reached the cost threshold.

        Args:
            fraction: spent share of the limit.
            crossed_before: whether that was acted on since the limit was set.
        """
        if self.cost_threshold is None or crossed_before:
            return False
        return fraction >= self.cost_threshold
