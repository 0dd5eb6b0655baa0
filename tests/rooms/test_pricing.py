"""Replies are priced to the last digit, or not at all.

Every figure here is worked out by hand from the price lists of the providers.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal, localcontext
from typing import Any

import anthropic.types
import httpx
import openai.types
import openai.types.chat
import openai.types.responses
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orch_magic.core.errors import BadInput, UnpricedModel
from orch_magic.core.money import Usage
from orch_magic.metering.pricing import DeclaredPrice, GenaiPricer

AT = datetime(2026, 11, 22, 7, 36, tzinfo=UTC)


def chat(model: str, prompt: int, completion: int, **more: Any) -> dict:
    usage = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        **more.pop("usage", {}),
    }
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1763797000,
        "model": model,
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "logprobs": None,
                "message": {"role": "assistant", "content": "Hi", "refusal": None},
            }
        ],
        "usage": usage,
        **more,
    }


def message(model: str = "claude-sonnet-4-5-20250929", **usage: Any) -> dict:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [{"type": "text", "text": "Hi"}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": usage,
    }


def responses(model: str = "gpt-4o", output: tuple = (), **more: Any) -> dict:
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1763797000,
        "model": model,
        "output": list(output),
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": {
            "input_tokens": 1000,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": 100,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 1100,
        },
        **more,
    }


CACHED_CHAT = chat(
    "gpt-4o-2024-08-06",
    2006,
    300,
    usage={"prompt_tokens_details": {"cached_tokens": 1920}},
)
CACHED_MESSAGE = message(
    input_tokens=100,
    output_tokens=400,
    cache_read_input_tokens=10_000,
    cache_creation_input_tokens=2000,
    cache_creation={
        "ephemeral_5m_input_tokens": 1500,
        "ephemeral_1h_input_tokens": 500,
    },
)
EMBEDDINGS = {
    "object": "list",
    "data": [{"object": "embedding", "index": 0, "embedding": [0.1, 0.2]}],
    "model": "text-embedding-3-small",
    "usage": {"prompt_tokens": 8, "total_tokens": 8},
}
GEMINI = {
    "candidates": [{"content": {"parts": [{"text": "Hi"}], "role": "model"}}],
    "modelVersion": "gemini-2.5-flash",
    "usageMetadata": {
        "promptTokenCount": 1000,
        "candidatesTokenCount": 200,
        "thoughtsTokenCount": 300,
        "totalTokenCount": 1500,
    },
}


@pytest.mark.parametrize(
    ("reply", "usd", "tokens"),
    [
        # 1200 x 0.15 + 350 x 0.60
        pytest.param(chat("gpt-4o-mini", 1200, 350), "0.00039", (1200, 350), id="mini"),
        # 86 x 2.50 + 1920 x 1.25 + 300 x 10
        pytest.param(CACHED_CHAT, "0.005615", (2006, 300), id="cached"),
        # 100 x 2 + 1500 x 8: the reasoning is in the 1500 already
        pytest.param(
            chat(
                "o3",
                100,
                1500,
                usage={"completion_tokens_details": {"reasoning_tokens": 1024}},
            ),
            "0.0122",
            (100, 1500),
            id="reasoning",
        ),
        # 100 x 3 + 1500 x 3.75 + 500 x 6 + 10000 x 0.30 + 400 x 15
        pytest.param(CACHED_MESSAGE, "0.017925", (12_100, 400), id="anthropic cache"),
        # above 200,000 tokens the whole call has another price: 200001 x 6 + 10 x 22.50
        pytest.param(
            message(input_tokens=200_001, output_tokens=10),
            "1.200231",
            (200_001, 10),
            id="long context",
        ),
        # 8 x 0.02
        pytest.param(EMBEDDINGS, "0.00000016", (8, 0), id="embeddings"),
        # 1000 x 2.50 + 100 x 10
        pytest.param(responses(), "0.0035", (1000, 100), id="responses"),
        # 1000 x 0.30 + (200 + 300) x 2.50
        pytest.param(GEMINI, "0.00155", (1000, 500), id="gemini"),
        # 1000 x 0.15 + 100 x 0.60
        pytest.param(
            chat("mistral-small-latest", 1000, 100),
            "0.00021",
            (1000, 100),
            id="mistral",
        ),
        # 1000 x 0.59 + 100 x 0.79
        pytest.param(
            chat("llama-3.3-70b-versatile", 1000, 100, x_groq={"id": "req_1"}),
            "0.000669",
            (1000, 100),
            id="groq",
        ),
    ],
)
def test_a_reply_is_priced_to_the_last_digit(
    reply: dict, usd: str, tokens: tuple[int, int]
) -> None:
    usage, price = GenaiPricer().read(reply, AT)

    assert price == Decimal(usd)
    assert (usage.input_tokens, usage.output_tokens) == tokens
    assert usage.price_list.startswith("genai-prices ")
    assert usage.raw == reply.get("usage", reply.get("usageMetadata"))


@pytest.mark.parametrize(
    ("kind", "reply", "usd"),
    [
        (openai.types.chat.ChatCompletion, CACHED_CHAT, "0.005615"),
        (openai.types.responses.Response, responses(), "0.0035"),
        (openai.types.CreateEmbeddingResponse, EMBEDDINGS, "0.00000016"),
        (anthropic.types.Message, CACHED_MESSAGE, "0.017925"),
    ],
)
def test_an_sdk_object_costs_what_its_json_costs(
    kind: Any, reply: dict, usd: str
) -> None:
    pricer = GenaiPricer()
    forms = [
        kind.model_validate(reply),
        kind.model_construct(**reply),
        json.dumps(reply),
        json.dumps(reply).encode(),
        httpx.Response(200, json=reply),
    ]

    assert {pricer.read(form, AT)[1] for form in forms} == {Decimal(usd)}
    assert {pricer.read(form, AT)[0].model for form in forms} == {reply["model"]}


def test_googles_sdk_spells_its_fields_in_its_own_way() -> None:
    as_dumped = {
        "model_version": "gemini-2.5-flash",
        "usage_metadata": {
            "prompt_token_count": 1000,
            "candidates_token_count": 200,
            "thoughts_token_count": 300,
            "cached_content_token_count": None,
        },
    }

    usage, price = GenaiPricer().read(as_dumped, AT)

    assert (usage.provider, price) == ("google", Decimal("0.00155"))


def test_the_last_part_of_a_stream_is_a_reply() -> None:
    chunk = chat("gpt-4o-mini", 1200, 350, object="chat.completion.chunk", choices=[])
    done = {"type": "response.completed", "response": responses()}

    assert GenaiPricer().read(chunk, AT)[1] == Decimal("0.00039")
    assert GenaiPricer().read(done, AT)[1] == Decimal("0.0035")


def test_a_call_costs_what_it_cost_on_its_day() -> None:
    reply = chat("o3", 100, 1500)

    then = GenaiPricer().read(reply, datetime(2025, 6, 1, tzinfo=UTC))
    now = GenaiPricer().read(reply, AT)

    assert then[1] == Decimal("0.061")
    assert now[1] == Decimal("0.0122")
    assert then[0].unit_prices["output_mtok"] == "40"


def test_the_unit_prices_kept_are_those_that_applied() -> None:
    short, _ = GenaiPricer().read(message(input_tokens=10, output_tokens=10), AT)
    long, _ = GenaiPricer().read(message(input_tokens=200_001, output_tokens=10), AT)

    assert short.unit_prices["input_mtok"] == "3"
    assert long.unit_prices["input_mtok"] == "6"


def test_a_usage_survives_json() -> None:
    odd = chat("gpt-4o-mini", 1, 1, usage={"queue_time": float("nan"), "x": Decimal(1)})

    usage, _ = GenaiPricer().read(odd, AT)

    assert Usage.model_validate_json(usage.model_dump_json()) == usage


@pytest.mark.parametrize(
    ("reply", "usd"),
    [
        # 1000 x 4.25 + 100 x 17
        (chat("gpt-4o", 1000, 100, service_tier="priority"), "0.00595"),
        (chat("gpt-4o", 1000, 100, service_tier="default"), "0.0035"),
        # 1000 x 1.50 + 100 x 7.50
        (
            message(input_tokens=1000, output_tokens=100, service_tier="batch"),
            "0.00225",
        ),
        # 1000 x 0.075 + 1000 x 0.30
        (
            {
                "custom_id": "request-1",
                "response": {
                    "status_code": 200,
                    "body": chat("gpt-4o-mini", 1000, 1000),
                },
                "error": None,
            },
            "0.000375",
        ),
    ],
)
def test_the_terms_of_a_call_set_its_price(reply: dict, usd: str) -> None:
    assert GenaiPricer().read(reply, AT)[1] == Decimal(usd)


@pytest.mark.parametrize(
    ("reply", "at"),
    [
        (chat("gpt-4o", 1000, 100, service_tier="scale"), AT),
        # the list knows this price since October only
        (
            chat("gpt-4o", 1000, 100, service_tier="priority"),
            datetime(2026, 1, 1, tzinfo=UTC),
        ),
        (message(input_tokens=1, output_tokens=1, inference_geo="us"), AT),
    ],
)
def test_terms_that_have_no_price_are_not_taken_for_the_standard(
    reply: dict, at: datetime
) -> None:
    with pytest.raises(UnpricedModel, match=r"with .* is not known\. Give the amount"):
        GenaiPricer().read(reply, at)


def test_web_searches_are_paid_for() -> None:
    output = (
        {"type": "web_search_call", "id": "ws_1", "action": {"type": "search"}},
        {"type": "web_search_call", "id": "ws_2", "action": {"type": "search"}},
        {"type": "web_search_call", "id": "ws_3", "action": {"type": "open_page"}},
    )
    paid = message(
        input_tokens=10,
        output_tokens=10,
        server_tool_use={"web_search_requests": 2},
    )

    # 0.0035 for the tokens and 2 x 10 / 1000
    assert GenaiPricer().read(responses(output=output), AT)[1] == Decimal("0.0235")
    assert GenaiPricer().read(paid, AT)[1] == Decimal("0.02018")


@pytest.mark.parametrize(
    "reply",
    [
        responses(output=({"type": "code_interpreter_call", "id": "ci_1"},)),
        chat("gpt-4o-search-preview", 10, 10),
        GEMINI | {"candidates": [{"groundingMetadata": {"webSearchQueries": ["x"]}}]},
        # listed, without a price for searches
        responses("gpt-4-turbo", output=({"type": "web_search_call"},)),
    ],
)
def test_a_reply_that_cost_more_than_it_tells_is_not_priced_in_part(
    reply: dict,
) -> None:
    with pytest.raises(UnpricedModel, match=r"orch\.spend\(usd=…\)"):
        GenaiPricer().read(reply, AT)


def test_openrouter_says_itself_what_it_took() -> None:
    reply = chat(
        "openai/gpt-4o-mini",
        1200,
        350,
        id="gen-1763797000-abc",
        provider="OpenAI",
        usage={"cost": 0.00041},
    )

    usage, price = GenaiPricer().read(reply, AT)

    assert price == Decimal("0.00041")
    assert (usage.provider, usage.price_list) == (
        "openrouter",
        "reported by openrouter",
    )


def test_with_a_key_of_ones_own_openrouters_fee_is_not_all() -> None:
    own = {"cost": 0.00002, "is_byok": True}
    reply = chat("openai/gpt-4o-mini", 1200, 350, id="gen-1", usage=own)

    with pytest.raises(UnpricedModel, match="your own key"):
        GenaiPricer().read(reply, AT)

    own["cost_details"] = {"upstream_inference_cost": 0.00039}
    reply = chat("openai/gpt-4o-mini", 1200, 350, id="gen-1", usage=own)
    assert GenaiPricer().read(reply, AT)[1] == Decimal("0.00041")


def test_an_unknown_model_is_refused_with_the_line_that_declares_its_price() -> None:
    with pytest.raises(UnpricedModel) as caught:
        GenaiPricer().read(chat("qwen-of-mine", 10, 5), AT)

    assert str(caught.value) == (
        "The price of qwen-of-mine is not known. Declare it: %orch price qwen-of-mine "
        "--input USD_PER_MTOK --output USD_PER_MTOK"
    )


@pytest.mark.parametrize("model", ["gpt-99", "claude-fake", "my-claude-thing", "o5"])
def test_a_name_that_sounds_known_is_not_guessed_at(model: str) -> None:
    with pytest.raises(UnpricedModel):
        GenaiPricer().read(chat(model, 10, 5), AT)


def test_a_model_listed_without_any_price_is_not_free() -> None:
    with pytest.raises(UnpricedModel, match="input tokens"):
        GenaiPricer().read(chat("qwen-3-coder-480b", 9, 9), AT, provider="cerebras")


def test_a_declared_price_wins_over_the_list() -> None:
    price = DeclaredPrice(
        model="gpt-4o-mini", input_usd_per_mtok="1", output_usd_per_mtok="4.5"
    )
    pricer = GenaiPricer({"gpt-4o-mini": price})

    for model in ("gpt-4o-mini", "gpt-4o-mini-2024-07-18"):
        usage, usd = pricer.read(chat(model, 10, 5), AT)
        assert usd == Decimal("0.0000325")
        assert usage.price_list == "declared"
        assert usage.unit_prices == {"input_mtok": "1", "output_mtok": "4.5"}


def test_a_price_may_be_declared_at_any_time() -> None:
    declared: dict[str, DeclaredPrice] = {}
    pricer = GenaiPricer(declared)
    with pytest.raises(UnpricedModel):
        pricer.read(chat("mine", 10, 5), AT)

    declared["mine"] = DeclaredPrice(
        model="mine", input_usd_per_mtok="1", output_usd_per_mtok="2"
    )

    assert pricer.read(chat("mine", 10, 5), AT)[1] == Decimal("0.00002")


def test_a_declared_model_may_be_free_and_its_tokens_still_count() -> None:
    price = DeclaredPrice(
        model="llama3:8b", input_usd_per_mtok="0", output_usd_per_mtok="0"
    )

    usage, usd = GenaiPricer({"llama3:8b": price}).read(chat("llama3:8b", 10, 5), AT)

    assert usd == 0
    assert (usage.provider, usage.input_tokens) == ("unknown", 10)


def test_a_declared_price_does_not_hide_what_it_does_not_cover() -> None:
    price = DeclaredPrice(
        model="gpt-4o", input_usd_per_mtok="1", output_usd_per_mtok="1"
    )
    searched = responses(output=({"type": "web_search_call"},))

    with pytest.raises(UnpricedModel, match="used web searches"):
        GenaiPricer({"gpt-4o": price}).read(searched, AT)


def test_the_caller_may_say_who_served_it_and_what() -> None:
    reply = chat("prod-deployment", 1200, 350)

    usage, price = GenaiPricer().read(reply, AT, provider="azure", model="gpt-4o-mini")

    assert (usage.model, usage.provider) == ("prod-deployment", "azure")
    assert price == Decimal("0.00039")
    with pytest.raises(BadInput, match="Did you mean openai"):
        GenaiPricer().read(reply, AT, provider="opnai")


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        ({}, "no field of it says what was used"),
        (chat("gpt-4o", 1, 1) | {"usage": None}, "it is a chat.completion"),
        ({"error": {"message": "Rate limit"}}, r"it is an error \(Rate limit\)"),
        (
            {"object": "chat.completion.chunk", "choices": [], "usage": None},
            "a part of a stream",
        ),
        ({"type": "message_start", "message": message()}, "it is a message_start"),
    ],
)
def test_a_reply_without_usage_is_refused_with_the_way_out(
    reply: dict, why: str
) -> None:
    with pytest.raises(BadInput, match=f"The reply has no usage: .*{why}") as caught:
        GenaiPricer().read(reply, AT)
    assert caught.value.fix == "Give the amount yourself: orch.spend(usd=…)"


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens": -1, "completion_tokens": 1},
        {"prompt_tokens": 1.5, "completion_tokens": 1},
        {"prompt_tokens": "many", "completion_tokens": 1},
        {"prompt_tokens": True, "completion_tokens": 1},
        {"prompt_tokens": 10, "completion_tokens": None},
        {
            "prompt_tokens": 10,
            "completion_tokens": 1,
            "prompt_tokens_details": {"cached_tokens": 11},
        },
        {"prompt_tokens": 10**30, "completion_tokens": 1},
    ],
)
def test_usage_that_can_not_be_right_is_refused(usage: dict) -> None:
    with pytest.raises(BadInput):
        GenaiPricer().read(chat("gpt-4o", 1, 1) | {"usage": usage}, AT)


@pytest.mark.parametrize(
    "garbage",
    [None, 5, "no json", b"\xff", "[1, 2]", "[" * 100_000, [], object(), AT, str],
)
def test_garbage_is_refused_in_one_line(garbage: object) -> None:
    with pytest.raises(BadInput) as caught:
        GenaiPricer().read(garbage, AT)
    assert "\n" not in str(caught.value)


def test_a_reply_that_was_not_awaited_is_named() -> None:
    async def ask() -> dict:
        return chat("gpt-4o-mini", 1, 1)

    with pytest.raises(BadInput, match="Await it first"):
        GenaiPricer().read(ask(), AT)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["usage", "choices", "model", "type", "prompt_tokens", "cost"]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_nothing_but_our_own_errors_comes_out_whatever_goes_in(reply: object) -> None:
    try:
        _, usd = GenaiPricer().read(reply, AT)
    except (BadInput, UnpricedModel):
        return
    assert usd >= 0


def test_the_callers_decimal_context_rounds_nothing() -> None:
    with localcontext(prec=2):
        _, price = GenaiPricer().read(CACHED_MESSAGE, AT)

    assert price == Decimal("0.017925")
