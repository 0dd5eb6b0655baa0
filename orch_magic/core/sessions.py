"""Sessions and the processes that hold them."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field

from orch_magic.core.values import EpicId, Usd, UtcTime, Value


class SessionStatus(StrEnum):
    """Where a session stands. Only the first four are open; the rest have ended."""

    INITIALIZING = "initializing"
    RUNNING = "running"
    BUDGET_EXCEEDED = "budget_exceeded"
    PAUSED = "paused"
    COMPLETED = "completed"
    FAILED = "failed"
    INTERRUPTED = "interrupted"

    @property
    def is_live(self) -> bool:
        """Whether a process holds the session right now."""
        return self in {self.INITIALIZING, self.RUNNING, self.BUDGET_EXCEEDED}


HolderKind = Literal["kernel", "shell", "keeper", "command", "script"]


class Holder(Value):
    """The process that holds a session.

    A pid alone can be used again by another process, so the moment the process
    began belongs to its identity.
    """

    pid: int
    began: float
    """Seconds since 1970 at which the process began, as its system tells it."""
    host: str
    kind: HolderKind = "script"

    def __str__(self) -> str:
        return f"{self.kind} with pid {self.pid} on {self.host}"


class WorkspaceMark(Value):
    """The state of the repository at the moment a session began."""

    head: str | None = None
    """Full id of the commit of HEAD; None where the branch has no commit yet."""
    branch: str | None = None
    """None where HEAD is detached."""
    dirty: dict[str, str] = Field(default_factory=dict)
    """Path to digest of each file that already differed from HEAD."""


class Session(Value):
    """One sitting in an epic."""

    id: str
    epic_id: EpicId
    number: int = Field(ge=1)
    parent_session_id: str | None = None
    status: SessionStatus = SessionStatus.RUNNING
    started_at: UtcTime
    ended_at: UtcTime | None = None
    reason: str = ""
    """Why it ended, or paused."""
    holder: Holder | None = None
    spent_usd: Usd = Field(default="0", validate_default=True)
    mark: WorkspaceMark = WorkspaceMark()
