"""From a parsed line to a call of a verb."""

from __future__ import annotations

import argparse
from typing import Any

from orch_magic.faces.grammar import BY_NAME, Command

_FACE_ONLY = {"command", "json", "format", "yes"}
"""What a face keeps for itself and no verb takes."""

_NO_EPIC = {"epics", "price"}
"""Verbs of the project, not of an epic."""


def call(parsed: argparse.Namespace, **more: Any) -> Any:
    """Call the verb that a parsed line means.

    Args:
        parsed: what the grammar made of the line.
        **more: arguments that the face adds.

    Returns:
        What the verb answers.
    """
    from orch_magic import api

    command = BY_NAME[parsed.command]
    return getattr(api, command.calls)(**{**arguments_of(command, parsed), **more})


def arguments_of(command: Command, parsed: argparse.Namespace) -> dict[str, Any]:
    """Return the verb's arguments, as the line gives them."""
    given = {key: value for key, value in vars(parsed).items() if key not in _FACE_ONLY}
    if command.name in _NO_EPIC:
        given.pop("epic", None)
    if command.name == "checkpoint" and not given["reason"]:
        given.pop("reason")
    return {key: value for key, value in given.items() if value is not None}
