"""Tab behind ``%orch``: commands, their flags, epic names, checkpoint ids."""

from __future__ import annotations

import re
from typing import Any

from IPython.core.completer import CompletionContext, SimpleCompletion, context_matcher

from orch_magic.faces.grammar import BY_NAME, COMMANDS, FLAGS_OF_ALL

_LINE = re.compile(r"^\s*(?:[A-Za-z_]\w*\s*=\s*)?%orch\s+(?P<words>.*)$")


@context_matcher()  # type: ignore[untyped-decorator] # IPython's has no types
def orch_matcher(context: CompletionContext) -> dict[str, Any]:
    """Complete a ``%orch`` line; on any other line there is nothing to say."""
    found = _LINE.match(context.line_with_cursor[: context.cursor_position])
    if found is None:
        return {"completions": [], "suppress": False}
    words = found["words"].split(" ")
    offers = offers_for(words[:-1], words[-1])
    return {
        "completions": [SimpleCompletion(text=text, type="orch") for text in offers],
        "suppress": True,
        "ordered": True,
        "matched_fragment": words[-1],
    }


def offers_for(before: list[str], begun: str) -> list[str]:
    """Say what may stand at the end of a line.

    Args:
        before: the whole words behind ``%orch``.
        begun: the beginning of the word to complete.
    """
    words = [word for word in before if word and word not in {"session", "help"}]
    if not words:
        offers = [command.name for command in COMMANDS]
    elif words[-1] == "--epic":
        offers = _epics()
    elif begun.startswith("-"):
        offers = _flags(words[0])
    else:
        offers = _choices(words[0], words[-1])
    return [offer for offer in offers if offer.startswith(begun)]


def _flags(name: str) -> list[str]:
    command = BY_NAME.get(name)
    if command is None:
        return []
    own = [flag for argument in command.arguments for flag in argument.names]
    return [*(flag for flag in own if flag.startswith("--")), *FLAGS_OF_ALL]


def _choices(name: str, flag: str) -> list[str]:
    command = BY_NAME.get(name)
    arguments = command.arguments if command else ()
    chosen = (argument for argument in arguments if flag in argument.names)
    return [str(c) for argument in chosen for c in argument.options.get("choices", ())]


def _epics() -> list[str]:
    from orch_magic import api
    from orch_magic.core.errors import OrchError

    try:
        return [epic.epic_id for epic in api.epics().epics]
    except OrchError:
        return []  # outside a project there is nothing to offer
