"""The price list: the only file that knows genai-prices.

It counts what a reply used in the way its provider counts, and prices the count as
of a day. What the list can't price in full it does not price at all.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from orch_magic.core.errors import BadInput, UnpricedModel
from orch_magic.metering.reply import GIVE_AMOUNT, Reply, Shape
from orch_magic.metering.tools import billed_calls

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, Provider, Usage


class _Form(NamedTuple):
    """Where the list keeps how replies of one shape are counted."""

    home: str
    """The provider whose form it is; counts for those who have copied it."""
    flavours: tuple[str, ...]
    mark: str
    """A field that tells this form from the others kept under the same name."""


_FORMS: dict[Shape, _Form] = {
    "chat": _Form("openai", ("chat", "default"), "prompt_tokens"),
    "responses": _Form("openai", ("responses", "default"), "input_tokens"),
    "embeddings": _Form("openai", ("embeddings",), "prompt_tokens"),
    "messages": _Form("anthropic", ("anthropic", "default"), "cache_read_input_tokens"),
    "gemini": _Form("google", ("default",), "promptTokenCount"),
}


class Count(NamedTuple):
    """What a reply used."""

    input_tokens: int
    """All of them, whether cached or not."""
    output_tokens: int
    """All of them, reasoning included."""
    beside_tokens: tuple[str, ...]
    """What else was used, such as ``web_searches``."""
    quantities: Usage
    """Everything, in the list's own units."""


class Priced(NamedTuple):
    """What a reply cost."""

    usd: Decimal
    unit_prices: dict[str, str]
    """US dollars per unit, as they applied to this reply."""


class PriceList:
    """The prices that genai-prices carries."""

    def __init__(self) -> None:
        import genai_prices
        from genai_prices.data_snapshot import get_snapshot

        self.name = f"genai-prices {genai_prices.__version__}"
        self._snapshot = get_snapshot()

    def provider_of(self, reply: Reply, model: str, named: str = "") -> str:
        """Say who served a reply; empty where nobody can tell.

        Args:
            reply: what came back.
            model: the model's name.
            named: the provider's name, where the caller knows it.

        Raises:
            BadInput: where the list has no provider of that name.
        """
        if named:
            return self._named(named)
        if _is_openrouter(reply):
            return "openrouter"
        if "x_groq" in reply.body:
            return "groq"
        try:
            return self._snapshot.find_provider(model.lower(), None, None).id
        except LookupError:
            form = _FORMS.get(reply.shape)
        # Some of a provider's models have names that claim nobody.
        return form.home if form and self._model(form.home, model) else ""

    def count(self, reply: Reply, provider: str) -> Count:
        """Count what a reply used.

        Args:
            reply: what came back.
            provider: who served it; empty where nobody can tell.

        Raises:
            BadInput: where its usage is incomplete or contradicts itself.
        """
        owner, flavour = self._form_of(reply, provider)
        try:
            _, used = self._provider(owner).extract_usage(
                reply.body, api_flavor=flavour
            )
            for unit, calls in billed_calls(reply).items():
                if not vars(used).get(unit):
                    setattr(used, unit, calls)
            tokens = [_whole(used.input_tokens), _whole(used.output_tokens)]
        except ValueError as error:
            raise _contradiction(error) from error
        beside = tuple(_beside_tokens(used))
        return Count(tokens[0], tokens[1], beside, used)

    def price(
        self, reply: Reply, count: Count, provider: str, model: str, at: datetime
    ) -> Priced | None:
        """Price what a reply used, as of a day; None where the list has no such model.

        Args:
            reply: what came back.
            count: what it used.
            provider: who served it.
            model: the model's name.
            at: when it was asked for.

        Raises:
            BadInput: where its usage contradicts itself.
            UnpricedModel: where the list does not price all that was used, or not
                on the terms it was served on.
        """
        info = self._model(provider, model)
        if info is None:
            return None
        served_by = self._provider(provider)
        if reply.terms and not _prices_terms(info, served_by, reply, at):
            terms = ", ".join(f"{k} {v}" for k, v in reply.terms.items())
            raise UnpricedModel(
                f"The price of {model} with {terms} is not known.", GIVE_AMOUNT
            )
        try:
            sum_ = info.calc_price(
                count.quantities,
                served_by,
                genai_request_timestamp=at,
                price_context=reply.terms or None,
            )
        except ValueError as error:
            raise _contradiction(error) from error
        prices = {k: v for k, v in vars(sum_.model_price).items() if v is not None}
        if missing := list(_not_priced(count.quantities, prices)):
            what = ", ".join(missing).replace("_", " ")
            raise UnpricedModel(
                f"The price of {model}'s {what} is not known.", GIVE_AMOUNT
            )
        return Priced(
            sum_.total_price,
            {k: str(_at_size(v, count.input_tokens)) for k, v in prices.items()},
        )

    def _named(self, name: str) -> str:
        try:
            return self._snapshot.find_provider(None, name, None).id
        except LookupError:
            known = [provider.id for provider in self._snapshot.providers]
        near = difflib.get_close_matches(name, known, n=1)
        fix = f"Did you mean {near[0]}?" if near else f"Known: {', '.join(known)}"
        raise BadInput(f"No provider is called {name!r}.", fix)

    def _provider(self, provider_id: str) -> Provider:
        return self._snapshot.find_provider(None, provider_id, None)

    def _model(self, provider_id: str, model: str) -> ModelInfo | None:
        if not provider_id:
            return None
        return self._provider(provider_id).find_model(
            model, all_providers=self._snapshot.providers
        )

    def _form_of(self, reply: Reply, provider: str) -> tuple[str, str]:
        """Say whose count fits a reply, and under what name the list keeps it."""
        form = _FORMS.get(reply.shape)
        if form is None:
            if provider:  # its own form, which we need not know
                return provider, "default"
            raise BadInput("The reply's usage has a form nobody knows.", GIVE_AMOUNT)
        for owner in filter(None, (provider, form.home)):
            kept = {
                extractor.api_flavor
                for extractor in self._provider(owner).extractors or ()
                if any(mapping.path == form.mark for mapping in extractor.mappings)
            }
            for flavour in form.flavours:
                if flavour in kept:
                    return owner, flavour
        raise BadInput(f"{self.name} can't count a {reply.shape} reply.", GIVE_AMOUNT)


def _is_openrouter(reply: Reply) -> bool:
    """OpenRouter numbers its replies ``gen-…`` and says what each has cost."""
    body, usage = reply.body, reply.usage
    return str(body.get("id", "")).startswith("gen-") or (
        "cost" in usage and ("provider" in body or "/" in reply.model)
    )


def _whole(tokens: Any) -> int:
    if tokens != int(tokens):
        raise ValueError(f"{tokens} is no number of tokens")
    return int(tokens)


def _dimensions() -> dict[str, set[tuple[str, str]]]:
    """Return what each unit measures; a wider unit measures fewer things."""
    from genai_prices.data_units import unit_data

    return {unit: set(it["dimensions"].items()) for unit, it in unit_data.items()}


def _beside_tokens(used: Usage) -> Iterator[str]:
    for unit, measures in _dimensions().items():
        if ("family", "tokens") not in measures and vars(used).get(unit):
            yield unit


def _not_priced(used: Usage, prices: dict[str, Any]) -> Iterator[str]:
    """Name the units that were used and that no price covers, not even a wider one."""
    from genai_prices.data_units import unit_data

    dimensions = _dimensions()
    priced = [
        dimensions[unit] for unit, it in unit_data.items() if it["price_key"] in prices
    ]
    for unit, measures in dimensions.items():
        if vars(used).get(unit) and not any(wider <= measures for wider in priced):
            yield unit


def _prices_terms(
    info: ModelInfo, provider: Provider, reply: Reply, at: datetime
) -> bool:
    """Whether the list has prices for exactly the reply's terms, on that day.

    Where it has none it would take the standard price without a word; and it takes
    terms for a provider's own models only.
    """
    return any(info is own for own in provider.models) and any(
        variant.when == reply.terms
        and (variant.constraint is None or variant.constraint.active(at))
        for variant in info.price_variants or ()
    )


def _at_size(price: Any, input_tokens: int) -> Any:
    """Return the unit price for a call of that size: long calls have their own."""
    steps = getattr(price, "tiers", None)
    if steps is None:
        return price
    reached = [step.price for step in steps if input_tokens > step.start]
    return reached[-1] if reached else price.base


def _contradiction(error: ValueError) -> BadInput:
    return BadInput(f"The reply's usage can't be right: {error}.", GIVE_AMOUNT)
