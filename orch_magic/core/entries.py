"""Checkpoints in a list: an entry made from a record, one picked by its id."""

from __future__ import annotations

from collections.abc import Sequence

from orch_magic.core.errors import UnknownCheckpoint
from orch_magic.core.record import CheckpointRecord
from orch_magic.core.reports import CheckpointEntry
from orch_magic.core.wording import one_line

_MOST_NAMED = 5


def entry_of(record: CheckpointRecord, commit: str | None) -> CheckpointEntry:
    """Make the entry of a checkpoint.

    Args:
        record: the checkpoint.
        commit: full id of its commit; None where only its file is known.
    """
    return CheckpointEntry(
        id=record.id,
        epic_id=record.epic_id,
        at=record.timestamp,
        commit=commit,
        session_number=record.session_number,
        reason=one_line(record.reason),
        spent_usd=record.context.cumulative_cost,
    )


def pick(epic_id: str, asked: str, known: Sequence[str]) -> str:
    """Pick a checkpoint by its id, or the beginning of it.

    Args:
        epic_id: the epic.
        asked: what was typed.
        known: ids of the epic's checkpoints, newest first; one may come twice.

    Raises:
        UnknownCheckpoint: where none or more than one fits.
    """
    if asked in known:
        return asked
    fitting = list(dict.fromkeys(id_ for id_ in known if id_.startswith(asked)))
    if len(fitting) == 1 and asked:
        return fitting[0]
    if not fitting:
        raise UnknownCheckpoint(
            f"Epic {epic_id} has no checkpoint {asked!r}.",
            f"See: %orch list --epic {epic_id}",
        )
    named = ", ".join(fitting[:_MOST_NAMED])
    more = ", …" if len(fitting) > _MOST_NAMED else ""
    raise UnknownCheckpoint(
        f"{asked!r} fits {len(fitting)} checkpoints of epic {epic_id}.",
        f"Write more of it: {named}{more}",
    )
