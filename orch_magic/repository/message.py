"""A checkpoint's commit message, and what is read back from it.

The trailers hold all that a list shows: reading ten thousand of them takes one
`git log`, reading the records would take five times as long.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation

from pydantic import ValidationError

from orch_magic.core.errors import BadInput
from orch_magic.core.record import CheckpointRecord, show_time
from orch_magic.core.reports import CheckpointEntry
from orch_magic.core.wording import one_line

ID_TRAILER = "Orch-Checkpoint"
"""The trailer by which our commits are known, also on the user's branch."""

_TRAILER = re.compile(r"^(Orch-[A-Za-z0-9]+): (.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Link:
    """One checkpoint in the line of an epic's checkpoints."""

    id: str
    commit: str
    sha256: str
    """Of the record's bytes."""
    entry: CheckpointEntry | None = None
    """None where its commit can't be read."""


def write_message(record: CheckpointRecord, raw: bytes, attempt: int = 0) -> str:
    """Write the message of a checkpoint's commit.

    Args:
        record: the checkpoint.
        raw: the record as it is stored.
        attempt: how many times it was tried before. Git can't store the very same pack
            twice at once, so that another attempt has to differ.
    """
    context = record.context
    trailers = {
        "Orch-Schema": record.schema_version,
        "Orch-Epic": record.epic_id,
        ID_TRAILER: record.id,
        "Orch-Session": record.session_number,
        "Orch-Sha256": digest(raw),
        "Orch-Bytes": len(raw),
        "Orch-Spent": f"{context.cumulative_cost:f}",
        "Orch-Limit": None
        if context.budget_limit is None
        else f"{context.budget_limit:f}",
        "Orch-Head": record.git_commit,
        "Orch-Reason": one_line(record.reason) or None,
        "Orch-At": show_time(record.timestamp),
        "Orch-Attempt": attempt if attempt > 1 else None,
    }
    lines = [f"{key}: {value}" for key, value in trailers.items() if value is not None]
    subject = f"orch({record.epic_id}): checkpoint {record.id}"
    return "\n".join([subject, "", *lines, ""])


def read_message(commit: str, message: str) -> Link | None:
    """Read what `write_message` wrote; None where it is no checkpoint's message."""
    said = dict(_TRAILER.findall(message))
    try:
        entry = CheckpointEntry(
            id=said[ID_TRAILER],
            epic_id=said["Orch-Epic"],
            at=datetime.fromisoformat(said["Orch-At"]),
            commit=commit,
            session_number=int(said["Orch-Session"]),
            reason=said.get("Orch-Reason", ""),
            spent_usd=Decimal(said["Orch-Spent"]) if "Orch-Spent" in said else None,
        )
        return Link(entry.id, commit, said["Orch-Sha256"], entry)
    except (KeyError, ValueError, InvalidOperation, ValidationError, BadInput):
        return None


def digest(raw: bytes) -> str:
    """Return the SHA-256 of a record's bytes, in hex."""
    return hashlib.sha256(raw).hexdigest()
