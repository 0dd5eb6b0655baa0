"""The `Pricer`: from a provider's reply to what it used and what that cost.

A price that its biller tells wins, then one that was declared, then the price list's.
Where none of them covers the whole reply nothing is priced, never a part of it and
never at 0 in silence.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, localcontext
from functools import cached_property
from typing import Any

import pydantic_core

from orch_magic.core.errors import BadInput, UnpricedModel
from orch_magic.core.money import Usage
from orch_magic.core.values import EXACT, Usd, Value, parse_usd
from orch_magic.metering.pricelist import Count, PriceList
from orch_magic.metering.reply import GIVE_AMOUNT, Reply, read_reply
from orch_magic.metering.tools import hidden_charges

_DATED = re.compile(r"-\d{4}-?\d{2}-?\d{2}")
"""How providers name the build of a model that served a call."""

_MTOK = 1_000_000


class DeclaredPrice(Value):
    """What a person says a model costs, in US dollars per million tokens."""

    model: str
    input_usd_per_mtok: Usd
    """For every input token, whether cached or not."""
    output_usd_per_mtok: Usd


class GenaiPricer:
    """The `Pricer` port over genai-prices and the prices declared."""

    def __init__(self, declared: Mapping[str, DeclaredPrice] | None = None) -> None:
        """Take the prices declared, by the model's name; they may change meanwhile."""
        self._declared = {} if declared is None else declared

    def read(
        self, response: Any, at: datetime, *, provider: str = "", model: str = ""
    ) -> tuple[Usage, Decimal]:
        """Return what a reply used and its price in US dollars.

        Args:
            response: a JSON object, an object of an SDK, or a response of an HTTP
                client.
            at: when the call was made; it is priced as of that day.
            provider: who served it, where the reply alone doesn't tell.
            model: the model, where the reply doesn't tell it or calls it by an alias.

        Raises:
            BadInput: where the reply has no usage that can be read.
            UnpricedModel: where nobody knows the whole price.
        """
        reply = read_reply(response)
        name = model or reply.model
        if not name:
            raise BadInput("The reply names no model.", GIVE_AMOUNT)
        with localcontext(EXACT):
            return self._price(reply, name, provider, at)

    @cached_property
    def _list(self) -> PriceList:
        return PriceList()  # loads genai-prices, which a session may never need

    def _price(
        self, reply: Reply, model: str, named: str, at: datetime
    ) -> tuple[Usage, Decimal]:
        provider = self._list.provider_of(reply, model, named)
        count = self._list.count(reply, provider)
        prices: dict[str, str] = {}
        source = f"reported by {provider}"
        usd = _reported(reply) if provider == "openrouter" else None
        if usd is None:
            if hidden := hidden_charges(reply):
                what = " and ".join(hidden)
                raise UnpricedModel(
                    f"What {model} charged for {what} is not in the reply.", GIVE_AMOUNT
                )
            if declared := self._declared_for(model):
                source = "declared"
                usd, prices = _at_declared(declared, count)
            else:
                source = self._list.name
                priced = self._list.price(reply, count, provider, model, at)
                if priced is None:
                    raise _unpriced(model)
                usd, prices = priced
        usage = Usage(
            model=reply.model or model,
            provider=provider or "unknown",
            input_tokens=count.input_tokens,
            output_tokens=count.output_tokens,
            raw=pydantic_core.to_jsonable_python(
                reply.usage, inf_nan_mode="null", fallback=str
            ),
            unit_prices=prices,
            price_list=source,
        )
        return usage, parse_usd(usd)

    def _declared_for(self, model: str) -> DeclaredPrice | None:
        """Find the price declared for a model, or for the one it is a build of."""
        plain = _DATED.sub("", model)
        return self._declared.get(model) or self._declared.get(plain)


def _reported(reply: Reply) -> Decimal | None:
    """Return what the reply says it has cost; None where it says nothing.

    With a key of one's own, OpenRouter's cost is its fee, and the model's provider
    sends a bill as well.
    """
    cost = reply.usage.get("cost")
    if cost is None:
        return None
    usd = parse_usd(cost)
    if reply.usage.get("is_byok"):
        details = reply.usage.get("cost_details")
        upstream = details.get("upstream_inference_cost") if details else None
        if upstream is None:
            raise UnpricedModel(
                "The reply tells OpenRouter's fee, not what your own key was charged.",
                GIVE_AMOUNT,
            )
        usd += parse_usd(upstream)
    return usd


def _at_declared(
    declared: DeclaredPrice, count: Count
) -> tuple[Decimal, dict[str, str]]:
    if count.beside_tokens:
        what = ", ".join(count.beside_tokens).replace("_", " ")
        raise UnpricedModel(
            f"{declared.model} used {what}, which its declared price does not cover.",
            GIVE_AMOUNT,
        )
    usd = (
        declared.input_usd_per_mtok * count.input_tokens
        + declared.output_usd_per_mtok * count.output_tokens
    ) / _MTOK
    return usd, {
        "input_mtok": str(declared.input_usd_per_mtok),
        "output_mtok": str(declared.output_usd_per_mtok),
    }


def _unpriced(model: str) -> UnpricedModel:
    return UnpricedModel(
        f"The price of {model} is not known.",
        f"Declare it: %orch price {shlex.quote(model)} "
        "--input USD_PER_MTOK --output USD_PER_MTOK",
    )
