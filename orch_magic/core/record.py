"""The checkpoint record: what a checkpoint says, and its JSON on disk.

The field names are the forerunner's (its ``StoredCheckpoint``), so that either
can read the other's files; ours stand beside them. Amounts are JSON numbers that
keep every digit. Fields nobody here knows are kept.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import simplejson
from pydantic import Field, ValidationError

from orch_magic.core.errors import RecordUnreadable
from orch_magic.core.sessions import Session
from orch_magic.core.values import EpicId, RecordValue, UtcTime, explain
from orch_magic.core.work import SessionContext

SCHEMA_VERSION = 1
"""The version written here. The forerunner's files carry none: they are version 0."""

MOST_SESSIONS = 50
"""How many of the epic's newest sessions a record lists."""


class WorkspaceState(RecordValue):
    """The repository at the moment of the checkpoint."""

    head: str | None = None
    branch: str | None = None
    dirty: bool = False
    """Whether tracked files differed from HEAD."""


class CheckpointRecord(RecordValue):
    """One checkpoint."""

    id: str
    epic_id: EpicId
    session_id: str
    session_number: int = Field(default=1, ge=1)
    timestamp: UtcTime
    git_commit: str | None = None
    """The commit of HEAD when the checkpoint was made."""
    context: SessionContext = SessionContext()
    summary: str = ""
    reason: str = ""
    # ours
    schema_version: int = 0
    workspace: WorkspaceState = WorkspaceState()
    sessions: tuple[Session, ...] = ()
    """The epic's newest sessions, oldest first, as they stood then: enough to
    rebuild a lost ledger."""


def write_record(record: CheckpointRecord) -> bytes:
    """Return the record as UTF-8 JSON, two spaces deep, with a newline at its end."""
    text = simplejson.dumps(
        record.model_dump(by_alias=True),
        use_decimal=True,
        allow_nan=False,
        default=_write_special,
        indent=2,
        ensure_ascii=False,
    )
    return (text + "\n").encode()


def read_record(raw: bytes, *, name: str = "the record") -> CheckpointRecord:
    """Read a record, ours or the forerunner's.

    Args:
        raw: the JSON.
        name: what to call it in the error.

    Raises:
        RecordUnreadable: where it is cut off, no record, or written by a newer
            orch_magic; never half-read.
    """
    try:
        fields = simplejson.loads(raw.decode(), use_decimal=True)
    except ValueError as error:
        raise RecordUnreadable(f"{name} is damaged: {error}.") from error
    if not isinstance(fields, dict):
        raise RecordUnreadable(f"{name} is damaged: it is no JSON object.")
    version = fields.get("schemaVersion", 0)
    if not isinstance(version, int) or version > SCHEMA_VERSION:
        raise RecordUnreadable(
            f"{name} has schemaVersion {version}; this orch_magic reads up to "
            f"{SCHEMA_VERSION}.",
            "Upgrade: pip install -U orch-magic",
        )
    try:
        return CheckpointRecord.model_validate(fields)
    except ValidationError as error:
        raise RecordUnreadable(f"{name} is damaged: {explain(error)}.") from error


def show_time(at: datetime) -> str:
    """Write a moment as the forerunner does; microseconds only where there are any."""
    precision = "microseconds" if at.microsecond % 1000 else "milliseconds"
    return at.astimezone(UTC).isoformat(timespec=precision).replace("+00:00", "Z")


def _write_special(value: Any) -> Any:
    if isinstance(value, datetime):
        return show_time(value)
    raise TypeError(f"{type(value).__name__} can't be written to a record")
