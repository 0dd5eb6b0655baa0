"""Reads a provider's reply, in whatever form it comes, into one plain `Reply`.

Nothing is priced here. A reply is recognised by its shape; of one that is not, or
that says nothing about usage, `BadInput` tells what it is instead.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from pydantic.alias_generators import to_camel

from orch_magic.core.errors import BadInput

Shape = Literal["chat", "responses", "embeddings", "messages", "gemini", "other"]
"""Whose form a reply has: OpenAI's three, Anthropic's, Google's, or another's."""

GIVE_AMOUNT = "Give the amount yourself: orch.spend(usd=…)"
"""The way out wherever a reply can't be read or priced."""

_USAGE_KEYS = ("usage", "usageMetadata")

_STANDARD = {
    "service_tier": {"default", "standard", "auto", "on_demand", "unspecified"},
    "speed": {"standard"},
    "inference_geo": {"global", "not_available"},
}
"""What providers call the terms that cost what the price list says."""


class Reply(NamedTuple):
    """A reply that says what was used."""

    shape: Shape
    body: dict[str, Any]
    """The reply as JSON, in its provider's own names."""
    usage: dict[str, Any]
    """The part of it that says what was used."""
    model: str
    """As the provider returned it; empty where the reply doesn't say."""
    terms: dict[str, str]
    """Terms other than the standard ones, such as its service tier."""


def read_reply(response: Any) -> Reply:
    """Recognise a reply.

    Args:
        response: a JSON object as a mapping, `str` or `bytes`, an object of an SDK,
            or a response of an HTTP client.

    Raises:
        BadInput: where it is no reply, or has no usage.
    """
    body, terms = _unwrap(_as_json_object(response))
    if "usage_metadata" in body:
        body = _in_camel_case(body)
    usage = next((body[k] for k in _USAGE_KEYS if isinstance(body.get(k), dict)), None)
    if not usage:
        raise _no_usage(body)
    terms |= _terms(body, usage)
    return Reply(_shape(body, usage), body, usage, _model(body), terms)


def _as_json_object(response: Any) -> dict[str, Any]:
    raw = _arrived(response)
    if not isinstance(raw, Mapping | str | bytes | bytearray):
        raw = _arrived(_dumped(raw))
    if isinstance(raw, str | bytes | bytearray):
        try:
            raw = json.loads(raw)
        except (ValueError, RecursionError) as error:
            raise BadInput(f"The reply is no JSON: {error}.", GIVE_AMOUNT) from error
    if not isinstance(raw, Mapping):
        kind = type(raw).__name__
        raise BadInput(f"A {kind} is no reply of a provider.", GIVE_AMOUNT)
    return dict(raw)


def _dumped(response: Any) -> Any:
    """Return an SDK's object as JSON, or the body of an HTTP client's response."""
    inner = getattr(response, "http_response", response)  # from with_raw_response
    try:
        # Providers add values that the SDKs don't know yet; that is no news to us.
        if callable(dump := getattr(inner, "model_dump", None)):
            return dump(mode="json", warnings=False)
        if callable(dump := getattr(inner, "to_dict", None)):
            return dump()
        if callable(read := getattr(inner, "json", None)):
            return read()
    except (TypeError, ValueError, RuntimeError) as error:
        kind = type(response).__name__
        raise BadInput(f"The {kind} can't be read: {error}.", GIVE_AMOUNT) from error
    return response


def _arrived(body: Any) -> Any:
    if inspect.iscoroutine(body):
        body.close()
        raise BadInput(
            "The reply has not arrived: it is a coroutine.", "Await it first."
        )
    return body


def _unwrap(envelope: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Take a reply out of the line of a batch or the last event of a stream."""
    match envelope:
        case {"custom_id": _, "response": {"body": dict(body)}}:
            return body, {"processing": "batch"}
        case {"custom_id": _, "result": {"message": dict(body)}}:
            return body, {"processing": "batch"}
        case {
            "type": "response.completed" | "response.incomplete",
            "response": dict(body),
        }:
            return body, {}
    return envelope, {}


def _shape(body: Mapping[str, Any], usage: Mapping[str, Any]) -> Shape:
    match body:
        case {"type": "message"}:
            return "messages"
        case {"object": "response"}:
            return "responses"
        case {"usageMetadata": {"promptTokenCount": _}}:
            return "gemini"
        case {"choices": list()} if "prompt_tokens" in usage:
            return "chat"
        case {"data": list()} if "prompt_tokens" in usage:
            return "embeddings"
    return "other"


def _model(body: Mapping[str, Any]) -> str:
    model = body.get("model") or body.get("modelVersion")
    return model if isinstance(model, str) else ""


def _terms(body: Mapping[str, Any], usage: Mapping[str, Any]) -> dict[str, str]:
    """Read under which terms the call was served, where they are not the standard."""
    said = {
        "service_tier": body.get("service_tier")
        or usage.get("service_tier")
        or usage.get("serviceTier")
        or usage.get("trafficType"),
        "speed": usage.get("speed"),
        "inference_geo": usage.get("inference_geo"),
    }
    found: dict[str, str] = {}
    for term, value in said.items():
        if isinstance(value, str) and value:
            plain = value.lower().removeprefix("traffic_type_")
            plain = plain.removeprefix("on_demand_")  # Google's on_demand_priority
            if plain == "batch":
                found["processing"] = "batch"
            elif plain not in _STANDARD[term]:
                found[term] = plain
    return found


def _in_camel_case(value: Any) -> Any:
    """Give Google's fields the names they have on the wire."""
    if isinstance(value, dict):
        return {to_camel(str(k)): _in_camel_case(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_in_camel_case(item) for item in value]
    return value


def _no_usage(body: Mapping[str, Any]) -> BadInput:
    error = body.get("error")
    if isinstance(error, Mapping) and error.get("message"):
        what = f"it is an error ({error['message']})"
    elif body.get("object") == "chat.completion.chunk":
        what = 'it is a part of a stream, opened without {"include_usage": true}'
    elif isinstance(kind := body.get("type") or body.get("object"), str):
        what = f"it is a {kind}"
    else:
        what = "no field of it says what was used"
    return BadInput(f"The reply has no usage: {what}.", GIVE_AMOUNT)
