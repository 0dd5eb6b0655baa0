"""What a project can set for its baseline, under ``[tool.orch.baseline]``."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError

from orch_magic.core.errors import BadInput
from orch_magic.core.settings import check_keys
from orch_magic.core.values import Value, explain


def _read_command(raw: object) -> object:
    if raw is False:
        return ""
    if isinstance(raw, str):
        shlex.split(raw)  # says at once what is wrong with its quotes
        return raw.strip()
    return raw


Command = Annotated[str | None, BeforeValidator(_read_command)]
"""A command line, split like a shell would but run without one.

None means: find it in the project's configuration; empty (or false): switched off.
"""


class BaselineSettings(Value):
    """The gates of a project; by default they are found, not named."""

    tests: Command = None
    typecheck: Command = None
    lint: Command = None
    timeout_seconds: float = Field(default=300, gt=0, allow_inf_nan=False)
    """How long each gate may take."""
    fix_lint: bool = False
    """Whether ruff may mend the files it finds fault with."""


def read_baseline_settings(
    table: Any, *, where: str = "[tool.orch.baseline]"
) -> BaselineSettings:
    """Read the ``[tool.orch.baseline]`` table.

    Args:
        table: the table, as TOML gives it.
        where: what to call it in an error.

    Raises:
        BadInput: at the first unknown key or unusable value.
    """
    if not isinstance(table, Mapping):
        raise BadInput(f"{where} is no table.")
    check_keys(table, set(BaselineSettings.model_fields), where=where)
    try:
        return BaselineSettings.model_validate(dict(table))
    except ValidationError as error:
        raise BadInput(f"{where} can't be used: {explain(error)}.") from None
