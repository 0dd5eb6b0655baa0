"""OpenAI's chat completions as they look on the wire: a request in, bodies out.

No socket here. Tokens are counted as UTF-8 bytes over four, rounded up, per text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from orch_magic.demo.answers import answer

CREATED = 1_763_797_000
"""When every reply was made, in seconds since 1970: the demo has no clock."""

FINGERPRINT = "fp_orch_demo"

_BYTES_PER_TOKEN = 4


class _Asked(BaseModel):
    # OpenAI has more fields than we read, and gets new ones.
    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")


class Part(_Asked):
    """A part of a message; only its text is read."""

    type: str
    text: str = ""


class Message(_Asked):
    """One message of a conversation."""

    role: Literal["developer", "system", "user", "assistant", "tool", "function"]
    content: str | list[Part] | None = None

    def text(self) -> str:
        """Return what it says."""
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content)
        return self.content or ""


class StreamOptions(_Asked):
    """What a stream is to carry beside the text."""

    include_usage: bool = False


class ChatRequest(_Asked):
    """A request for a chat completion."""

    model: str = Field(min_length=1)
    messages: list[Message] = Field(min_length=1)
    stream: bool = False
    stream_options: StreamOptions | None = None
    n: int | None = Field(default=None, ge=1, le=8)
    max_tokens: int | None = Field(default=None, ge=1)
    max_completion_tokens: int | None = Field(default=None, ge=1)

    @property
    def wants_usage(self) -> bool:
        """Whether its stream is to end with the usage."""
        return bool(self.stream_options and self.stream_options.include_usage)


class Completion(NamedTuple):
    """What is answered to a request."""

    id: str
    model: str
    texts: tuple[str, ...]
    """One for each choice."""
    finish_reason: Literal["stop", "length"]
    input_tokens: int
    output_tokens: int


def tokens_in(text: str) -> int:
    """Count the tokens of a text."""
    return -(-len(text.encode()) // _BYTES_PER_TOKEN)


def complete(request: ChatRequest, number: int) -> Completion:
    """Answer a request.

    Args:
        request: what is asked.
        number: how many requests were answered before, for the reply's id.
    """
    asked = [m.text() for m in request.messages if m.role == "user"]
    whole = answer(asked[-1] if asked else "")
    most = request.max_completion_tokens or request.max_tokens
    text = whole if most is None else _cut(whole, most)
    texts = (text,) * (request.n or 1)
    return Completion(
        id=f"chatcmpl-demo-{number:06}",
        model=request.model,
        texts=texts,
        finish_reason="stop" if text == whole else "length",
        input_tokens=sum(tokens_in(message.text()) for message in request.messages),
        output_tokens=sum(tokens_in(text) for text in texts),
    )


def body(completion: Completion) -> dict[str, Any]:
    """Return the reply to a request without ``stream``."""
    return {
        "id": completion.id,
        "object": "chat.completion",
        "created": CREATED,
        "model": completion.model,
        "choices": [
            {
                "index": index,
                "message": {
                    "role": "assistant",
                    "content": text,
                    "refusal": None,
                    "annotations": [],
                },
                "logprobs": None,
                "finish_reason": completion.finish_reason,
            }
            for index, text in enumerate(completion.texts)
        ],
        "usage": usage(completion),
        "service_tier": "default",
        "system_fingerprint": FINGERPRINT,
    }


def chunks(completion: Completion, *, with_usage: bool) -> Iterator[dict[str, Any]]:
    """Return the parts of the reply to a request with ``stream``.

    Args:
        completion: what is answered.
        with_usage: whether the request asked for ``include_usage``.
    """
    frame: dict[str, Any] = {
        "id": completion.id,
        "object": "chat.completion.chunk",
        "created": CREATED,
        "model": completion.model,
        "service_tier": "default",
        "system_fingerprint": FINGERPRINT,
    }
    if with_usage:
        frame["usage"] = None
    for index, text in enumerate(completion.texts):
        opening = {"role": "assistant", "content": "", "refusal": None}
        yield frame | {"choices": [_choice(index, opening)]}
        for word in re.findall(r"\s*\S+\s*", text):
            yield frame | {"choices": [_choice(index, {"content": word})]}
        yield frame | {"choices": [_choice(index, {}, completion.finish_reason)]}
    if with_usage:
        yield frame | {"choices": [], "usage": usage(completion)}


def usage(completion: Completion) -> dict[str, Any]:
    """Return what a reply used."""
    return {
        "prompt_tokens": completion.input_tokens,
        "completion_tokens": completion.output_tokens,
        "total_tokens": completion.input_tokens + completion.output_tokens,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def _choice(
    index: int, delta: dict[str, Any], finish_reason: str | None = None
) -> dict[str, Any]:
    return {
        "index": index,
        "delta": delta,
        "logprobs": None,
        "finish_reason": finish_reason,
    }


def _cut(text: str, most_tokens: int) -> str:
    """Shorten a text to so many tokens, between two characters."""
    return text.encode()[: most_tokens * _BYTES_PER_TOKEN].decode(errors="ignore")
