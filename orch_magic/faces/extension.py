"""Into a shell and out of it again: one magic, one matcher, one pair of hooks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from orch_magic.faces.completion import orch_matcher
from orch_magic.faces.display import Display
from orch_magic.faces.gate import BudgetGate
from orch_magic.faces.hooks import CellHooks
from orch_magic.faces.lines import ShowEachLine
from orch_magic.faces.magics import Orch, keep_settings, make_magics
from orch_magic.faces.notices import Notices

_HOME = "_orch_magic"
"""The attribute of the shell that holds what was put into it."""


@dataclass
class _Installed:
    """All that `load` has put into a shell."""

    magics: Orch
    display: Display
    hooks: CellHooks
    transformers: tuple[BudgetGate, ShowEachLine]
    notices: Notices


@dataclass
class _Face:
    """What the magics need of their shell."""

    display: Display
    notices: Notices

    def wake(self) -> None:
        from orch_magic import here  # noqa: F401 - from here on there is one to hear

        self.notices.connect()

    def show(self, answer: Any) -> None:
        self.display.show(answer)


def load(shell: InteractiveShell) -> None:
    """Put ``%orch`` into a shell; what an earlier load left is taken out first."""
    unload(shell)
    display = Display(shell)
    notices = Notices(display.refresh)
    installed = _Installed(
        magics=make_magics(shell, _Face(display, notices)),
        display=display,
        hooks=CellHooks(notices),
        transformers=(BudgetGate(notices.add), ShowEachLine()),
        notices=notices,
    )
    shell.register_magics(installed.magics)
    display.install()
    shell.events.register("pre_run_cell", installed.hooks.pre_run_cell)
    shell.events.register("post_run_cell", installed.hooks.post_run_cell)
    shell.ast_transformers.extend(installed.transformers)
    shell.Completer.custom_matchers.insert(0, orch_matcher)
    setattr(shell, _HOME, installed)


def unload(shell: InteractiveShell) -> None:
    """Take all of it out again; a running session goes on, kept by its thread."""
    installed: _Installed | None = getattr(shell, _HOME, None)
    if installed is None:
        return
    delattr(shell, _HOME)
    installed.notices.disconnect()
    shell.Completer.custom_matchers.remove(orch_matcher)
    for transformer in installed.transformers:
        shell.ast_transformers.remove(transformer)
    shell.events.unregister("post_run_cell", installed.hooks.post_run_cell)
    shell.events.unregister("pre_run_cell", installed.hooks.pre_run_cell)
    installed.display.uninstall()
    keep_settings(shell, installed.magics)
    shell.magics_manager.magics["line"].pop("orch", None)
    shell.magics_manager.registry.pop("Orch", None)
    configurables: Any = shell.configurables  # typed too narrowly
    if installed.magics in configurables:
        configurables.remove(installed.magics)
