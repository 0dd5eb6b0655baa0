"""How an answer shows itself: text in a terminal, a card in a notebook."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from IPython.core.interactiveshell import InteractiveShell

from orch_magic.faces.late import here_if_loaded

if TYPE_CHECKING:
    from orch_magic.core.values import Value
    from orch_magic.faces.card import Card

MOST_CARDS = 20
"""How many of the newest cards are kept true."""

_VALUE = ("orch_magic.core.values", "Value")


class Display:
    """Shows answers in one shell, and keeps the cards on its screen true."""

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self._cards: deque[Card] = deque(maxlen=MOST_CARDS)
        self._shown: tuple[Any, ...] = ()
        """The glance at the held epic that the cards show."""

    def install(self) -> None:
        """Have the shell show our answers."""
        self._formatter.for_type_by_name(*_VALUE, self.show)

    def uninstall(self) -> None:
        """Leave the shell as it was; the cards stay, as they are."""
        self._formatter.pop(".".join(_VALUE), None)
        self._cards.clear()

    def show(self, answer: Value) -> None:
        """Show an answer."""
        if not hasattr(self._shell, "kernel"):
            from orch_magic.faces.views import as_text

            print(as_text(answer))
            return
        from orch_magic.faces.card import Card

        card = Card(answer)
        card.display()
        if card.can_change:
            self._cards.append(card)

    def refresh(self) -> None:
        """Bring the cards up to date, if anything they show has changed."""
        here = here_if_loaded()
        if here is None or not self._cards:
            return
        from orch_magic.core.errors import OrchError

        try:
            glance = here.glance()
        except OrchError:
            return  # the ledger can't be read just now: the last true state stays
        if glance == self._shown:
            return
        self._shown = glance
        for card in tuple(self._cards):
            card.refresh()

    @property
    def _formatter(self) -> Any:
        formatter: Any = self._shell.display_formatter
        return formatter.ipython_display_formatter
