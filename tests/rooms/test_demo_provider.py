"""The demo's provider, asked by the real SDK over real HTTP."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import openai
import pytest

from orch_magic.core.errors import BadInput
from orch_magic.demo.answers import answer
from orch_magic.demo.provider import Provider
from orch_magic.metering.pricing import GenaiPricer

AT = datetime(2026, 11, 22, 7, 36, tzinfo=UTC)
QUESTION = "Which chunk size did best?"


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as running:
        yield running


@pytest.fixture
def client(provider: Provider) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(
        base_url=provider.base_url, api_key="demo", max_retries=0
    ) as made:
        yield made


def ask(client: openai.OpenAI, text: str = QUESTION, **more: Any) -> Any:
    messages = [{"role": "user", "content": text}]
    return client.chat.completions.create(
        model="gpt-4o-mini", messages=messages, **more
    )


def post(provider: Provider, body: bytes, **headers: str) -> tuple[int, dict]:
    """Ask without an SDK, which would not let bad input through."""
    where = urlsplit(provider.base_url)
    connection = http.client.HTTPConnection(where.netloc, timeout=20)
    headers = {"Authorization": "Bearer demo"} | headers
    connection.request("POST", "/v1/chat/completions", body, headers)
    response = connection.getresponse()
    answered = response.status, json.loads(response.read())
    connection.close()
    return answered


def billed(provider: Provider) -> list[tuple[str, int, int]]:
    return [(c.id, c.input_tokens, c.output_tokens) for c in provider.bill]


def seen(reply: Any) -> tuple[str, int, int]:
    return reply.id, reply.usage.prompt_tokens, reply.usage.completion_tokens


def test_the_sdk_reads_its_replies(client: openai.OpenAI, provider: Provider) -> None:
    reply = ask(client)

    assert reply.choices[0].message.content == answer(QUESTION)
    assert reply.choices[0].finish_reason == "stop"
    assert reply.model == "gpt-4o-mini"
    assert reply.usage.prompt_tokens_details.cached_tokens == 0
    assert reply.usage.total_tokens == 7 + 32
    assert billed(provider) == [seen(reply)]


def test_a_reply_costs_what_it_costs_by_hand(client: openai.OpenAI) -> None:
    reply = ask(client)

    usage, price = GenaiPricer().read(reply, AT)

    # 26 bytes are 7 tokens, the answer's 128 are 32: 7 x 0.15 + 32 x 0.60
    assert (usage.input_tokens, usage.output_tokens) == (7, 32)
    assert price == Decimal("0.00002025")


def test_the_same_question_gets_the_same_answer(client: openai.OpenAI) -> None:
    first, second = ask(client), ask(client)

    assert first.choices == second.choices
    assert first.usage == second.usage
    assert first.id != second.id


def test_a_stream_says_the_same_in_parts(
    client: openai.OpenAI, provider: Provider
) -> None:
    whole = ask(client)

    with ask(client, stream=True, stream_options={"include_usage": True}) as stream:
        parts = list(stream)

    text = "".join(p.choices[0].delta.content or "" for p in parts if p.choices)
    assert text == whole.choices[0].message.content
    assert parts[-1].choices == []
    assert parts[-1].usage == whole.usage
    assert all(part.usage is None for part in parts[:-1])
    assert billed(provider)[1] == seen(parts[-1])
    assert provider.bill[1].streamed


def test_a_stream_tells_its_usage_only_where_it_is_asked_to(
    client: openai.OpenAI, provider: Provider
) -> None:
    with ask(client, stream=True) as stream:
        parts = list(stream)

    assert all(part.choices and part.usage is None for part in parts)
    assert parts[-1].choices[0].finish_reason == "stop"
    assert len(provider.bill) == 1


def test_a_stream_left_halfway_is_still_billed(
    client: openai.OpenAI, provider: Provider
) -> None:
    with ask(client, stream=True) as stream:
        next(iter(stream))

    assert len(provider.bill) == 1
    assert ask(client).usage.prompt_tokens == 7


def test_limits_and_several_choices_are_kept_to(client: openai.OpenAI) -> None:
    reply = ask(client, max_completion_tokens=5, n=3)

    assert [choice.finish_reason for choice in reply.choices] == ["length"] * 3
    assert reply.usage.completion_tokens == 15


def test_tokens_are_bytes_over_four_rounded_up(client: openai.OpenAI) -> None:
    parts = [{"type": "text", "text": "日本"}, {"type": "text", "text": "é"}]
    reply = client.chat.completions.create(
        model="any-model",
        messages=[
            {"role": "system", "content": "abcd"},
            {"role": "user", "content": parts},
        ],
    )

    # 1 for the system's four bytes; 6 + a new line + 2 bytes make 3
    assert reply.usage.prompt_tokens == 1 + 3
    assert reply.model == "any-model"


def test_many_clients_are_served_at_once_and_the_bill_is_right(
    client: openai.OpenAI, provider: Provider
) -> None:
    questions = [f"Sum up item {'x' * n}" for n in range(40)]

    with ThreadPoolExecutor(16) as pool:
        replies = list(pool.map(lambda question: ask(client, question), questions))

    assert sorted(map(seen, replies)) == billed(provider)
    assert len({reply.id for reply in replies}) == 40


def test_the_async_client_is_served_as_well(provider: Provider) -> None:
    async def main() -> list[Any]:
        async with openai.AsyncOpenAI(
            base_url=provider.base_url, api_key="demo", max_retries=0
        ) as client:
            return await asyncio.gather(*(ask(client) for _ in range(10)))

    assert sorted(map(seen, asyncio.run(main()))) == billed(provider)


def test_it_lists_its_model_and_its_bill(
    client: openai.OpenAI, provider: Provider
) -> None:
    ask(client)

    assert [model.id for model in client.models.list()] == ["gpt-4o-mini"]
    assert client.models.retrieve("gpt-4o-mini").object == "model"
    bill = client.get("/../bill", cast_to=object)
    assert bill["data"] == [c.model_dump(by_alias=False) for c in provider.bill]


def test_the_bill_can_be_read_after_it_has_closed() -> None:
    with (
        Provider() as provider,
        openai.OpenAI(base_url=provider.base_url, api_key="demo") as client,
    ):
        ask(client)

    assert len(provider.bill) == 1


def test_a_provider_that_was_not_started_says_so() -> None:
    with pytest.raises(BadInput, match="with Provider"):
        _ = Provider().base_url


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "Invalid JSON"),
        (b"{", "Invalid JSON"),
        (b"[]", "the value: "),
        (b"[" * 100_000, "Invalid JSON"),
        (b"{}", "model: Field required"),
        (b'{"model": "", "messages": []}', "model: "),
        (b'{"model": "m", "messages": []}', "messages: "),
        (b'{"model": "m", "messages": [{"role": "robot"}]}', "messages.0.role: "),
        (b'{"model": "m", "messages": [{"role": "user", "content": 5}]}', "content"),
        (
            b'{"model": "m", "messages": [{"role": "user", "content": "\\ud800"}]}',
            "Invalid JSON",
        ),
        (b'{"model": "m", "messages": [{"role": "user"}], "n": 0}', "n: "),
        (b'{"model": "m", "messages": [{"role": "user"}], "stream": "yes"}', "stream"),
    ],
)
def test_bad_input_gets_openais_kind_of_answer(
    provider: Provider, body: bytes, why: str
) -> None:
    status, answered = post(provider, body)

    assert status == 400
    assert answered["error"]["type"] == "invalid_request_error"
    assert why in answered["error"]["message"]
    assert provider.bill == ()


def test_the_sdk_raises_its_own_errors(
    client: openai.OpenAI, provider: Provider
) -> None:
    with pytest.raises(openai.BadRequestError, match="messages"):
        client.chat.completions.create(model="gpt-4o-mini", messages=[])
    with pytest.raises(openai.NotFoundError, match="Unknown request"):
        client.embeddings.create(model="text-embedding-3-small", input="x")
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-none")


def test_a_key_is_asked_for(provider: Provider) -> None:
    status, answered = post(provider, b"{}", Authorization="Bearer ")

    assert status == 401
    assert answered["error"]["code"] == "invalid_api_key"


def test_no_request_is_too_broken_to_be_survived(
    provider: Provider, client: openai.OpenAI, capfd: pytest.CaptureFixture[str]
) -> None:
    where = urlsplit(provider.base_url)
    for said in (
        b"\x00\x01\x02\r\n\r\n",
        b"PUT / HTTP/1.1\r\n\r\n",
        b"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
        b"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
        b"POST /v1/chat/completions HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
    ):
        with socket.create_connection((where.hostname, where.port), 20) as line:
            line.sendall(said)
            heard = line.makefile("rb").read()
            assert b'"type": "invalid_request_error"' in heard
    for said in (b"", b"POST /v1/chat/comp"):
        with socket.create_connection((where.hostname, where.port), 20) as line:
            line.sendall(said)
            # A reset instead of a farewell.
            no_linger = struct.pack("ii", 1, 0)
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_linger)

    assert ask(client).usage.prompt_tokens == 7
    assert capfd.readouterr().err == ""


def test_it_runs_from_the_terminal_until_it_is_interrupted() -> None:
    command = [sys.executable, "-m", "orch_magic.demo.provider", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            base_url = json.loads(process.stdout.readline())["base_url"]
            with openai.OpenAI(base_url=base_url, api_key="demo") as client:
                assert ask(client).usage.prompt_tokens == 7
        finally:
            process.terminate()


def test_a_port_that_is_taken_is_one_line(provider: Provider) -> None:
    port = str(urlsplit(provider.base_url).port)
    for taken in (port, "70000"):
        ran = subprocess.run(
            [sys.executable, "-m", "orch_magic.demo.provider", "--port", taken],
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 2
        assert f"port {taken} can't be used" in ran.stderr
        assert "Traceback" not in ran.stderr


@pytest.mark.parametrize(
    ("prompt", "start"),
    [
        ("Grade this answer", "Score: 4 of 5"),
        ("What does rag-eval measure?", "rag-eval measures"),
        ("", "Ask me something"),
        ("Hello there", "In short, you say: Hello there. "),
        ("word " * 20, "In short, you say: word word"),
    ],
)
def test_it_has_an_answer_to_everything(prompt: str, start: str) -> None:
    assert answer(prompt).startswith(start)
