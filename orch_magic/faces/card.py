"""A card: one answer on a notebook's screen.

It is two outputs: a live widget, and a static twin in plain HTML that the page hides
while the widget is there. A notebook that is reopened without its kernel, or
converted, shows the twin.
"""

from __future__ import annotations

import secrets
from typing import Any

from orch_magic import api
from orch_magic.core.errors import OrchError
from orch_magic.core.reports import Started, Status
from orch_magic.core.values import Value
from orch_magic.faces.views import as_html, as_text

_HIDE_TWIN = """<style>
:root:has(.orch-live-{uid}) .orch-twin-{uid} {{display: none}}
.jp-OutputArea:has(.orch-twin-{uid})
  .jp-OutputArea-output.jupyter-widgets:not(:has(*)) {{display: none}}
</style>"""


class Card:
    """An answer on a notebook's screen: a live widget and its static twin."""

    def __init__(self, answer: Value) -> None:
        self._answer = answer
        self._uid = secrets.token_hex(6)
        self._widget: Any = None
        self._twin: Any = None

    @property
    def can_change(self) -> bool:
        """Whether what it shows may change while it is on the screen."""
        return isinstance(self._answer, Status | Started)

    def display(self) -> None:
        """Put both outputs into the running cell."""
        import ipywidgets
        from IPython import display as ipython

        display: Any = ipython.display
        self._widget = ipywidgets.HTML(as_html(self._answer))
        self._widget.add_class(f"orch-live-{self._uid}")
        bundle = self._widget._repr_mimebundle_()
        view, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        plain = {"text/plain": "orch: shown below", "text/html": "<span></span>"}
        display({**view, **plain}, metadata=metadata, raw=True)
        self._twin = display(self._twin_bundle(), raw=True, display_id=True)

    def refresh(self) -> None:
        """Show the answer as it would be now."""
        try:
            self._answer = _as_of_now(self._answer)
        except OrchError:
            return  # the epic can't be read just now: the last true state stays
        self._widget.value = as_html(self._answer)
        self._twin.update(self._twin_bundle(), raw=True)

    def _twin_bundle(self) -> dict[str, str]:
        hide = _HIDE_TWIN.format(uid=self._uid)
        body = as_html(self._answer)
        return {
            "text/html": f'<div class="orch-twin-{self._uid}">{hide}{body}</div>',
            "text/plain": as_text(self._answer),
        }


def _as_of_now(answer: Value) -> Value:
    if isinstance(answer, Status):
        return api.status(epic=answer.epic_id)
    if isinstance(answer, Started):
        now = api.status(epic=answer.session.epic_id)
        same = now.session.id == answer.session.id
        session = now.session if same else answer.session
        return answer.model_copy(update={"session": session, "budget": now.budget})
    return answer
