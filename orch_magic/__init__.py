"""Sessions that survive: budgets, Git checkpoints and resume briefs for LLM work.

In a notebook: ``%load_ext orch_magic``, then ``%orch start --epic x --budget 5.00``.
In Python: ``import orch_magic as orch``, then the verbs below. Names are loaded when
they are first used, so that importing the package costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from orch_magic._version import __version__

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_HOME_OF = {
    "orch_magic.api": (
        "baseline",
        "block",
        "brief",
        "budget",
        "checkpoint",
        "checkpoints",
        "complete",
        "decide",
        "delete",
        "epics",
        "fail",
        "issue",
        "note",
        "pause",
        "price",
        "resume",
        "session",
        "spend",
        "start",
        "status",
        "task",
        "verify",
    ),
    "orch_magic.core.errors": (
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
    ),
    "orch_magic.forerunner": (
        "baseline_passed",
        "check_checkpoint_trigger",
        "complete_session",
        "create_session_context",
        "delete_epic_checkpoints",
        "format_baseline_result",
        "format_checkpoint_summary",
        "generate_epic_id",
        "generate_resume_brief",
        "generate_session_id",
        "get_budget_status",
        "has_checkpoints",
        "has_resumable_context",
        "is_budget_exceeded",
        "list_checkpoints",
        "load_checkpoint",
        "load_latest_checkpoint",
        "pause_session",
        "resume_session",
        "run_baseline",
        "save_checkpoint",
        "should_checkpoint",
        "start_session",
        "update_session_cost",
    ),
}

_WHERE = {name: module for module, names in _HOME_OF.items() for name in names}

__all__ = [  # noqa: PLE0604 - names, sorted
    "__version__",
    "load_ipython_extension",
    "unload_ipython_extension",
    *_WHERE,
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'orch_magic' has no attribute {name!r}")
    return getattr(import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Put ``%orch`` into a shell; ``%load_ext orch_magic`` calls this."""
    from orch_magic.faces.extension import load

    load(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Take ``%orch`` out of a shell again; a running session goes on."""
    from orch_magic.faces.extension import unload

    unload(shell)
