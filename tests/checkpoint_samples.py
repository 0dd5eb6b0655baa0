"""Records of checkpoints for the tests of the store and its neighbours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from orch_magic.core.record import SCHEMA_VERSION, CheckpointRecord
from orch_magic.core.work import SessionContext

BEGAN = datetime(2026, 11, 22, 7, 36, tzinfo=UTC)


def checkpoint(number: int, epic: str = "demo", **changes) -> CheckpointRecord:
    """Make the epic's checkpoint of that number, a minute after the one before."""
    fields = {
        "id": f"20261122T{number:06d}Z-0001-abc{number:03d}",
        "epic_id": epic,
        "session_id": "sess-1",
        "session_number": 1,
        "timestamp": BEGAN + timedelta(minutes=number),
        "context": SessionContext(
            epic_id=epic,
            agent_notes=f"note {number}\n" * 20,
            cumulative_cost=Decimal("0.1") * number,
            budget_limit=Decimal(5),
        ),
        "summary": f"Session 1: reason {number}",
        "reason": f"reason {number}",
        "schema_version": SCHEMA_VERSION,
    }
    return CheckpointRecord(**{**fields, **changes})
