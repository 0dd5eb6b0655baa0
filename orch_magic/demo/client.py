"""The client of the quickstart: a real provider where there is a key, else ours."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from orch_magic.demo.provider import Provider

if TYPE_CHECKING:
    from openai import OpenAI

_running: list[Provider] = []


def client() -> OpenAI:
    """Return an OpenAI client.

    With ``OPENAI_API_KEY`` in the environment it talks to that account (at
    ``OPENAI_BASE_URL``, if set); without, to a small provider started on 127.0.0.1.
    """
    from openai import OpenAI

    if os.environ.get("OPENAI_API_KEY"):
        return OpenAI()
    if not _running:
        _running.append(Provider().__enter__())
    return OpenAI(base_url=_running[0].base_url, api_key="demo")
