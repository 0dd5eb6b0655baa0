"""What a project can set, under ``[tool.orch]`` in its pyproject.toml."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from typing import Any, Literal

from pydantic import ValidationError

from orch_magic.core.errors import BadInput
from orch_magic.core.events import Trigger
from orch_magic.core.policy import CheckpointPolicy
from orch_magic.core.values import Value, explain

Publish = Literal["each", "explicit", "never"]
"""Which checkpoints are also committed on the current branch."""

_EXPLICIT: frozenset[Trigger] = frozenset(
    {"start", "asked", "pause", "complete", "fail"}
)

_POLICY_KEYS = {
    "checkpoint_every_minutes": "interval_minutes",
    "checkpoint_on_start": "on_start",
    "checkpoint_on_error": "on_error",
    "checkpoint_on_issue_done": "on_issue_done",
    "cost_threshold": "cost_threshold",
}

SETTINGS = frozenset({*_POLICY_KEYS, "publish"})
"""The keys of ``[tool.orch]``, its sub-tables left aside."""


class Settings(Value):
    """The settings of a project; each has a default that works."""

    policy: CheckpointPolicy = CheckpointPolicy()
    publish: Publish = "each"

    def publishes(self, trigger: Trigger) -> bool:
        """Whether a checkpoint made for this reason goes on the branch as well."""
        if self.publish == "explicit":
            return trigger in _EXPLICIT
        return self.publish == "each"

    def with_changes(self, **changes: Any) -> Settings:
        """Return settings with some of the ``[tool.orch]`` keys changed.

        None leaves a setting as it is.

        Raises:
            BadInput: where there is no such key, or a value does not fit.
        """
        check_keys(changes, SETTINGS, where="The start")
        given = {key: value for key, value in changes.items() if value is not None}
        policy = {
            field: given[key] for key, field in _POLICY_KEYS.items() if key in given
        }
        try:
            return Settings(
                policy=self.policy.replace(**policy),
                publish=given.get("publish", self.publish),
            )
        except ValidationError as error:
            raise BadInput(f"A setting can't be used: {explain(error)}.") from None


def read_settings(table: Mapping[str, Any], *, where: str) -> Settings:
    """Read the ``[tool.orch]`` table, its sub-tables left aside.

    Args:
        table: the table as TOML gives it.
        where: what to call it in an error.

    Raises:
        BadInput: at the first unknown key or unusable value.
    """
    flat = {key: value for key, value in table.items() if not isinstance(value, dict)}
    check_keys(flat, SETTINGS, where=where)
    return Settings().with_changes(**flat)


def check_keys(table: Mapping[str, Any], known: Collection[str], *, where: str) -> None:
    """Refuse keys that nobody reads, and suggest the one that was meant.

    Raises:
        BadInput: at the first unknown key.
    """
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            meant = f"Did you mean {near[0]}?" if near else f"Known: {sorted(known)}"
            raise BadInput(f"{where} has an unknown key {key!r}.", meant)
