"""Names of sessions and checkpoints, from a moment and a few random digits.

They sort by time as text, and are safe in a file name, a ref and a shell.
"""

from __future__ import annotations

from datetime import datetime


def session_id(at: datetime, random_hex: str) -> str:
    """Name a session: ``sess-20261122T073600000Z-a1b2c3``."""
    return f"sess-{_stamp(at)}-{random_hex[:6]}"


def checkpoint_id(at: datetime, number: int, random_hex: str) -> str:
    """Name a checkpoint of session 2: ``20261122T073600000Z-0002-a1b2``."""
    return f"{_stamp(at)}-{number:04d}-{random_hex[:4]}"


def epic_id(title: str, at: datetime, random_hex: str) -> str:
    """Name an epic after its title, or after the moment where that gives no name."""
    kept = "".join(c if c.isascii() and c.isalnum() else "-" for c in title.lower())
    words = "-".join(word for word in kept.split("-") if word)[:48].strip("-")
    return f"{words or 'epic'}-{at:%Y%m%d}-{random_hex[:4]}"


def _stamp(at: datetime) -> str:
    """Write a moment to the millisecond, so that ids of one second sort as well."""
    return f"{at:%Y%m%dT%H%M%S}{at.microsecond // 1000:03d}Z"
