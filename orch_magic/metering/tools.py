"""What a reply charges for beside tokens: the tools that the provider ran itself."""

from __future__ import annotations

from typing import Any

from orch_magic.metering.reply import Reply

_COUNTED = {"web_search_call": "web_searches", "file_search_call": "storage_searches"}
"""Calls billed one by one, with the price list's names for them."""

_HIDDEN = {
    "code_interpreter_call": "its code interpreter",
    "image_generation_call": "the images it made",
    "shell_call": "its shell",
}
"""Calls billed by something that the reply does not tell."""


def billed_calls(reply: Reply) -> dict[str, int]:
    """Count the tool calls that are billed one by one, by the price list's unit."""
    counts: dict[str, int] = {}
    for item in _dicts(reply.body.get("output")):
        unit = _COUNTED.get(str(item.get("type")))
        if unit and _is_billed(item):
            counts[unit] = counts.get(unit, 0) + 1
    return counts


def hidden_charges(reply: Reply) -> list[str]:
    """Name what was charged for, but not counted, in the reply."""
    kinds = {str(item.get("type")) for item in _dicts(reply.body.get("output"))}
    hidden = [what for kind, what in _HIDDEN.items() if kind in kinds]
    if reply.shape == "chat" and "-search-" in reply.model:
        hidden.append("its web searches")
    for candidate in _dicts(reply.body.get("candidates")):
        grounding = candidate.get("groundingMetadata")
        if isinstance(grounding, dict) and grounding.get("webSearchQueries"):
            hidden.append("its web searches")
            break
    return hidden


def _is_billed(item: dict[str, Any]) -> bool:
    """Opening a page that a web search has found is free."""
    action = item.get("action")
    return not isinstance(action, dict) or action.get("type", "search") == "search"


def _dicts(items: Any) -> list[dict[str, Any]]:
    return [i for i in items if isinstance(i, dict)] if isinstance(items, list) else []
