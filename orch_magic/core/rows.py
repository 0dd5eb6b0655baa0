"""Events as a ledger keeps them: each one a line of JSON that reads back the same.

Every ledger folds what it would read back, not what it was handed, so that its
state can't differ from what a replay of its rows gives.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from pydantic import ValidationError

from orch_magic.core.errors import BadInput
from orch_magic.core.events import Event, read_event, write_event
from orch_magic.core.values import explain


class Row(NamedTuple):
    """An event and the line that is kept of it."""

    event: Event
    line: str


def rows_of(epic_id: str, events: Iterable[Event]) -> tuple[Row, ...]:
    """Turn events into rows of one epic.

    Raises:
        BadInput: where one belongs to another epic, or can't be kept as JSON.
    """
    return tuple(_row_of(epic_id, event) for event in events)


def _row_of(epic_id: str, event: Event) -> Row:
    if event.epic_id != epic_id:
        raise BadInput(
            f"A {event.kind} event of epic {event.epic_id} can't be written to "
            f"epic {epic_id}.",
            "Append it to its own epic.",
        )
    try:
        line = write_event(event)
        return Row(read_event(line), line)
    except ValidationError as error:
        why = explain(error)
    except ValueError as error:  # a value that JSON has no form for
        why = str(error)
    raise BadInput(
        f"A {event.kind} event can't be kept: {why}.",
        "Give it plain text, numbers and lists.",
    )
