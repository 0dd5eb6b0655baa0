"""Every mistake a person can meet, with the next step in its one line.

::

    OrchError
    ├── BadInput                 an argument that can't be used (also a ValueError)
    ├── NotFound
    │   ├── UnknownEpic
    │   ├── UnknownCheckpoint
    │   ├── NoSession            a verb that needs a running session
    │   └── NothingToResume
    ├── SessionHeld              a live session is in the way
    ├── BaselineFailed           a quality gate refuses the start
    ├── UnpricedModel            a reply whose price nobody knows
    ├── RepositoryProblem        no repository, no Git, no permission
    ├── CheckpointProblem        a checkpoint could not be saved
    │   └── RecordUnreadable     a stored record is damaged or too new
    └── LedgerProblem            the ledger can't be opened or written
        └── LedgerDamaged        its file is broken: set it aside, build it again

    BudgetExceeded               a BaseException: SDKs retry and re-label anything less
"""

from __future__ import annotations

from decimal import Decimal
from typing import Self

__all__ = [
    "BadInput",
    "BaselineFailed",
    "BudgetExceeded",
    "CheckpointProblem",
    "LedgerDamaged",
    "LedgerProblem",
    "NoSession",
    "NotFound",
    "NothingToResume",
    "OrchError",
    "RecordUnreadable",
    "RepositoryProblem",
    "SessionHeld",
    "UnknownCheckpoint",
    "UnknownEpic",
    "UnpricedModel",
]


class _OneLine:
    """Shown by IPython as one line instead of a traceback."""

    def _render_traceback_(self) -> list[str]:
        return [f"{type(self).__name__}: {self}"]


class OrchError(_OneLine, Exception):
    """A mistake that a person can fix.

    Attributes:
        problem: what is wrong, a full sentence.
        fix: what to do next; empty where the problem says it all.
    """

    def __init__(self, problem: str, fix: str = "") -> None:
        super().__init__(problem, fix)
        self.problem = problem
        self.fix = fix

    def __str__(self) -> str:
        return " ".join(part for part in (self.problem, self.fix) if part)


class BadInput(OrchError, ValueError):
    """An argument that can't be used as it is."""


class NotFound(OrchError):
    """Something that was asked for by name isn't there."""


class UnknownEpic(NotFound):
    """No epic of that name in this project."""


class UnknownCheckpoint(NotFound):
    """No checkpoint with that id, or more than one."""


class NoSession(NotFound):
    """The verb needs a session and none is running."""


class NothingToResume(NotFound):
    """The epic has neither a session nor a checkpoint to go on from."""


class SessionHeld(OrchError):
    """A live session of the epic, or of this process, is in the way."""


class BaselineFailed(OrchError):
    """A quality gate failed, so the session was not started."""


class UnpricedModel(OrchError):
    """A reply was read but its price is unknown; nothing was recorded."""


class RepositoryProblem(OrchError):
    """No repository, no Git, or no permission to use them."""


class CheckpointProblem(OrchError):
    """A checkpoint could not be saved or read."""


class RecordUnreadable(CheckpointProblem):
    """A stored record is damaged, or written by a newer orch_magic."""


class LedgerProblem(OrchError):
    """The ledger can't be opened or written."""


class LedgerDamaged(LedgerProblem):
    """The ledger's file is broken; it has to be set aside and built again."""


class BudgetExceeded(_OneLine, BaseException):
    """The epic's budget is spent.

    A `BaseException`, because the SDKs retry and re-label every `Exception`
    that comes out of a call. Catch it by name.

    Attributes:
        epic_id: the epic whose budget it is.
        spent_usd: what is spent, this spend included.
        limit_usd: the limit that was passed.
    """

    def __init__(self, epic_id: str, spent_usd: Decimal, limit_usd: Decimal) -> None:
        super().__init__(epic_id, spent_usd, limit_usd)
        self.epic_id = epic_id
        self.spent_usd = spent_usd
        self.limit_usd = limit_usd

    def __str__(self) -> str:
        return (
            f"The budget of epic {self.epic_id} is spent: {_dollars(self.spent_usd)} "
            f"of {_dollars(self.limit_usd)}. Lift it with: %orch budget AMOUNT"
        )

    def __reduce__(self) -> tuple[type[Self], tuple[str, Decimal, Decimal]]:
        return (type(self), (self.epic_id, self.spent_usd, self.limit_usd))


def _dollars(amount: Decimal) -> str:
    whole, _, decimals = f"{amount:f}".partition(".")
    return f"${whole}.{decimals.ljust(2, '0')}"
