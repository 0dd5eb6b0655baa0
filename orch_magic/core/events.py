"""What happened, in the past tense. The ledger is a row of these, in their order.

Everything else is computed from them by `orch_magic.core.fold`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from orch_magic.core.gates import BaselineReport
from orch_magic.core.money import Spend
from orch_magic.core.record import CheckpointRecord
from orch_magic.core.sessions import Holder, SessionStatus, WorkspaceMark
from orch_magic.core.values import EpicId, Usd, UtcTime, Value
from orch_magic.core.work import CurrentTask, Decision, Failure, IssueUpdate

Trigger = Literal[
    "start", "time", "error", "issue", "cost", "asked", "pause", "complete", "fail"
]
"""Why a checkpoint was made."""

EndStatus = Literal["paused", "completed", "failed"]
"""How a person ends a session."""


class _Event(Value):
    epic_id: EpicId
    at: UtcTime
    session_id: str | None = None
    """The session it belongs to; None where no session was running."""


class EpicOpened(_Event):
    """The first thing ever said of an epic."""

    kind: Literal["epic_opened"] = "epic_opened"


class EpicRestored(_Event):
    """The ledger knew less than a checkpoint, and took over what that one says."""

    kind: Literal["epic_restored"] = "epic_restored"
    record: CheckpointRecord
    commit: str | None = None


class BudgetChanged(_Event):
    """The epic's limit was set, raised, lowered or taken away (None)."""

    kind: Literal["budget_changed"] = "budget_changed"
    limit_usd: Usd | None


class SessionStarted(_Event):
    """A session began; it is running."""

    kind: Literal["session_started"] = "session_started"
    number: int = Field(ge=1)
    parent_session_id: str | None = None
    holder: Holder
    mark: WorkspaceMark = WorkspaceMark()
    baseline: str = ""


class SessionEnded(_Event):
    """A session ended for good; ``at`` is when, as well as is known."""

    kind: Literal["session_ended"] = "session_ended"
    status: SessionStatus
    reason: str = ""


class EndAsked(_Event):
    """Another process asked the holder of the session to end it."""

    kind: Literal["end_asked"] = "end_asked"
    status: EndStatus
    reason: str = ""
    by: str = ""


class Spent(_Event):
    """Money is gone."""

    kind: Literal["spent"] = "spent"
    spend: Spend


class CostThresholdCrossed(_Event):
    """The spend reached the share of the limit that asks for a checkpoint."""

    kind: Literal["cost_threshold_crossed"] = "cost_threshold_crossed"
    fraction: float


class CheckpointSaved(_Event):
    """A checkpoint is safe in Git."""

    kind: Literal["checkpoint_saved"] = "checkpoint_saved"
    checkpoint_id: str
    commit: str
    trigger: Trigger
    reason: str = ""
    wants_publishing: bool = False


class CheckpointFailed(_Event):
    """A checkpoint could not be saved; it will be tried again."""

    kind: Literal["checkpoint_failed"] = "checkpoint_failed"
    trigger: Trigger
    error: str


class CheckpointsPublished(_Event):
    """One commit on the current branch carries these records."""

    kind: Literal["checkpoints_published"] = "checkpoints_published"
    checkpoint_ids: tuple[str, ...]
    commit: str
    branch: str


class PublicationDeferred(_Event):
    """The branch was in no state for a commit; it is made up for later."""

    kind: Literal["publication_deferred"] = "publication_deferred"
    reason: str


class NoteAdded(_Event):
    """Something worth remembering."""

    kind: Literal["note_added"] = "note_added"
    text: str


class DecisionMade(_Event):
    """A choice, and why."""

    kind: Literal["decision_made"] = "decision_made"
    decision: Decision


class BlockerOpened(_Event):
    """Something stands in the way."""

    kind: Literal["blocker_opened"] = "blocker_opened"
    text: str


class BlockerCleared(_Event):
    """A blocker is out of the way."""

    kind: Literal["blocker_cleared"] = "blocker_cleared"
    text: str


class IssueMoved(_Event):
    """An issue was taken up, done, or otherwise changed its status."""

    kind: Literal["issue_moved"] = "issue_moved"
    update: IssueUpdate


class TaskSet(_Event):
    """What is worked on now; None: nothing in particular."""

    kind: Literal["task_set"] = "task_set"
    task: CurrentTask | None


class CellRan(_Event):
    """A notebook cell ran to its end, or failed."""

    kind: Literal["cell_ran"] = "cell_ran"
    digest: str
    """First 16 hex digits of the SHA-256 of its source."""
    seconds: float = Field(ge=0)
    failure: Failure | None = None


class BaselineRan(_Event):
    """The quality gates were run."""

    kind: Literal["baseline_ran"] = "baseline_ran"
    report: BaselineReport


Event = Annotated[
    EpicOpened
    | EpicRestored
    | BudgetChanged
    | SessionStarted
    | SessionEnded
    | EndAsked
    | Spent
    | CostThresholdCrossed
    | CheckpointSaved
    | CheckpointFailed
    | CheckpointsPublished
    | PublicationDeferred
    | NoteAdded
    | DecisionMade
    | BlockerOpened
    | BlockerCleared
    | IssueMoved
    | TaskSet
    | CellRan
    | BaselineRan,
    Field(discriminator="kind"),
]

_ADAPTER: TypeAdapter[Event] = TypeAdapter(Event)


def write_event(event: Event) -> str:
    """Return the event as one line of JSON; amounts are strings and stay exact."""
    return event.model_dump_json(by_alias=True)


def read_event(raw: str | bytes) -> Event:
    """Read what `write_event` wrote.

    Raises:
        pydantic.ValidationError: where it is no event known here.
    """
    return _ADAPTER.validate_json(raw)
