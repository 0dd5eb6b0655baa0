"""What the verbs answer: values, to be shown by a face or used by a program."""

from __future__ import annotations

from typing import Literal

from orch_magic.core.gates import BaselineReport
from orch_magic.core.money import BudgetStatus, Spend
from orch_magic.core.sessions import Session, SessionStatus
from orch_magic.core.values import EpicId, Usd, UtcTime, Value
from orch_magic.core.work import SessionContext


class CheckpointEntry(Value):
    """A checkpoint in a list."""

    id: str
    epic_id: EpicId
    at: UtcTime
    commit: str | None = None
    """Full id of its commit; None where only the file in the work tree is known."""
    session_number: int = 1
    reason: str = ""
    spent_usd: Usd | None = None
    """What the epic had spent by then."""


class Brief(Value):
    """What to read before going on: the epic and its newest session."""

    epic_id: EpicId
    next_step: str
    """What to do next, in one sentence."""
    session: Session
    checkpoint: CheckpointEntry | None = None
    """The newest intact one; None where none was made."""
    budget: BudgetStatus
    context: SessionContext
    remarks: tuple[str, ...] = ()
    """What the reader should know besides, such as damaged checkpoints skipped."""


class Saved(Value):
    """A checkpoint that is safe in Git."""

    checkpoint: CheckpointEntry
    published_commit: str | None = None
    """The commit on the current branch that carries the record, if one was made."""
    deferred: str = ""
    """Why that commit has to wait; empty where it does not."""
    file_problem: str = ""
    """Why its file in the work tree is missing; empty where it is there."""

    @property
    def remarks(self) -> tuple[str, ...]:
        """What people should know of it besides."""
        waits = f"Its commit on the branch waits: {self.deferred}"
        return (waits,) * bool(self.deferred) + (self.file_problem,) * bool(
            self.file_problem
        )


class Status(Value):
    """How an epic stands right now."""

    epic_id: EpicId
    status: SessionStatus
    session: Session
    holder_is_alive: bool
    budget: BudgetStatus
    last_checkpoint: CheckpointEntry | None = None
    next_checkpoint_seconds: float | None = None
    """Seconds until the next one made on time; None unless this process holds it."""
    end_asked: str = ""
    """What another process asked of the session, such as ``pause``."""
    cells_run: int = 0
    cells_failed: int = 0
    baseline: str = ""
    task: str = ""
    blockers: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    """What is wrong, each with its fix."""


class Started(Value):
    """A session that has just begun."""

    session: Session
    budget: BudgetStatus
    brief: Brief | None = None
    """What the epic's sessions did before; None where there is nothing to say."""
    baseline: BaselineReport | None = None
    checkpoint: Saved | None = None
    remarks: tuple[str, ...] = ()


class Ended(Value):
    """A session that has just ended."""

    session: Session
    budget: BudgetStatus
    checkpoint: Saved | None = None
    remarks: tuple[str, ...] = ()


class Asked(Value):
    """A request to the process that holds the session, not yet carried out."""

    epic_id: EpicId
    session: Session
    asked: SessionStatus


class EpicSummary(Value):
    """An epic in a list."""

    epic_id: EpicId
    status: SessionStatus | None = None
    """Of its newest session; None where there never was one."""
    sessions: int = 0
    budget: BudgetStatus
    last_at: UtcTime | None = None


class SpendLine(Value):
    """The sum of some spends."""

    name: str
    calls: int
    usd: Usd
    input_tokens: int = 0
    output_tokens: int = 0


class SpendReport(Value):
    """Where an epic's money went."""

    epic_id: EpicId
    budget: BudgetStatus
    by_model: tuple[SpendLine, ...] = ()
    by_session: tuple[SpendLine, ...] = ()
    by_issue: tuple[SpendLine, ...] = ()
    newest: Spend | None = None
    """The one just written down; None where nothing was."""


class Written(Value):
    """Something that was written down."""

    epic_id: EpicId
    what: Literal["note", "decision", "blocker", "cleared blocker", "issue", "task"]
    text: str


class BudgetSet(Value):
    """A budget, asked for or just changed."""

    budget: BudgetStatus
    changed: bool


class Priced(Value):
    """What a model costs, as just declared, in US dollars per million tokens."""

    model: str
    input_usd_per_mtok: Usd
    output_usd_per_mtok: Usd


class Verified(Value):
    """Whether what is stored is whole."""

    epic_id: EpicId
    checkpoints: int
    spends: int
    problems: tuple[str, ...] = ()

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


class Listing(Value):
    """The checkpoints of an epic, newest first."""

    epic_id: EpicId
    checkpoints: tuple[CheckpointEntry, ...]


class Epics(Value):
    """The epics of a project, the one worked on last first."""

    epics: tuple[EpicSummary, ...]


class Deleted(Value):
    """An epic's checkpoints, just deleted."""

    epic_id: EpicId
    checkpoints: int
    how_to_get_back: str = ""
    """The command that brings them back until Git's own clean-up."""


class Warned(Value):
    """The spend has just reached the share of the limit that warns."""

    budget: BudgetStatus


class Trouble(Value):
    """Something done by itself went wrong; it is tried again."""

    epic_id: EpicId
    error: str
