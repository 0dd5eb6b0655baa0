"""Answers as cards of static HTML: no script, nothing fetched, readable without style.

A card needs no kernel: the saved notebook keeps it as it was last true.
"""

from __future__ import annotations

from orch_magic.core.values import Value

# Importing these tells `body_of` about every answer there is.
from orch_magic.faces.views import html_lists, html_sessions  # noqa: F401
from orch_magic.faces.views.html_parts import body_of
from orch_magic.faces.views.style import STYLE


def as_html(value: Value) -> str:
    """Write an answer as one HTML element with its style."""
    kind = type(value).__name__.lower()
    return (
        f'<div class="orch orch-is-{kind} tex2jax_ignore mathjax_ignore">'
        f"{STYLE}{body_of(value)}</div>"
    )
