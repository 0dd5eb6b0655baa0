"""The exit codes of ``orch``: one for each kind of error."""

from __future__ import annotations

from orch_magic.core import errors

EXIT_CODES: tuple[tuple[type[BaseException], int, str], ...] = (
    (errors.BadInput, 2, "an argument or setting can't be used"),
    (errors.NotFound, 3, "no such epic, session or checkpoint"),
    (errors.SessionHeld, 4, "a live session is in the way"),
    (errors.BaselineFailed, 5, "a quality gate refuses the start"),
    (errors.BudgetExceeded, 6, "the budget is spent"),
    (errors.RepositoryProblem, 7, "no usable Git repository"),
    (errors.CheckpointProblem, 8, "a checkpoint can't be saved or read"),
    (errors.LedgerProblem, 9, "the ledger can't be opened or written"),
    (errors.UnpricedModel, 10, "a reply whose price nobody knows"),
)

UNSOUND = 11
"""``orch verify`` found something wrong."""

UNANSWERED = 12
"""The process that holds the session has not answered yet."""

INTERRUPTED = 130
"""Ctrl+C, as shells have it."""


def exit_code(error: BaseException) -> int:
    """Return the exit code for an error."""
    return next((code for kind, code, _ in EXIT_CODES if isinstance(error, kind)), 1)


def table() -> str:
    """List the exit codes, for ``--help``."""
    rows = [f"  {code:>3}  {what}" for _, code, what in EXIT_CODES]
    rows += [f"  {UNSOUND:>3}  verify found something wrong"]
    rows += [f"  {UNANSWERED:>3}  the session's holder has not answered yet"]
    return "exit codes:\n    0  done\n" + "\n".join(rows)
