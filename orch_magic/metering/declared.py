"""Prices that a person declared, kept in a small JSON file of the project."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from orch_magic.core.errors import BadInput
from orch_magic.metering.pricing import DeclaredPrice

_PRICES: TypeAdapter[dict[str, DeclaredPrice]] = TypeAdapter(dict[str, DeclaredPrice])


class DeclaredPrices(Mapping[str, DeclaredPrice]):
    """The declared prices by model, read anew from their file for each look-up.

    Another process may declare a price at any time.
    """

    def __init__(self, path: Path) -> None:
        """Take the file; it need not be there yet."""
        self._path = path

    def declare(
        self, model: str, input_usd_per_mtok: Decimal, output_usd_per_mtok: Decimal
    ) -> None:
        """Declare what a model costs, in US dollars per million tokens, for good."""
        price = DeclaredPrice(
            model=model,
            input_usd_per_mtok=input_usd_per_mtok,
            output_usd_per_mtok=output_usd_per_mtok,
        )
        self._write({**self._read(), model: price})

    def __getitem__(self, model: str) -> DeclaredPrice:
        return self._read()[model]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())

    def _read(self) -> dict[str, DeclaredPrice]:
        try:
            return _PRICES.validate_json(self._path.read_bytes())
        except FileNotFoundError:
            return {}
        except ValidationError:
            raise BadInput(
                f"{self._path} holds no prices that can be read.",
                "Move it away and declare them again: %orch price MODEL …",
            ) from None

    def _write(self, prices: dict[str, DeclaredPrice]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self._path.parent, suffix=".json")
        with os.fdopen(handle, "wb") as file:
            file.write(_PRICES.dump_json(prices, indent=2))
        Path(name).replace(self._path)
