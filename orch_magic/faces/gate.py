"""The gate: while the budget is spent no cell starts, but for ``%orch`` lines.

A callback that raises stops no cell in IPython; an AST transformer that raises a
subclass of `InputRejected` does.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from IPython.core.error import InputRejected

from orch_magic.faces.late import here_if_loaded
from orch_magic.faces.lines import magic_arguments

_OURS = {"orch", "load_ext", "reload_ext", "unload_ext", "config", "pinfo", "pinfo2"}
"""Line magics that spend nothing; a person may need them to lift the budget."""


class CellRefused(InputRejected):
    """A cell did not start: the budget is spent."""

    def _render_traceback_(self) -> list[str]:
        return [f"BudgetExceeded: {self}"]


class BudgetGate(ast.NodeTransformer):
    """Refuses whole cells; changes none.

    Args:
        tell: is given a line where the budget can't be read. The cell runs then:
            IPython drops a transformer that raises anything but `InputRejected`.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell

    def visit(self, node: ast.AST) -> ast.AST:
        """Let a cell through, or refuse it.

        Raises:
            CellRefused: where the budget of the session held here is spent.
        """
        if isinstance(node, ast.Module) and not _is_only_ours(node):
            why = self._why_not()
            if why:
                raise CellRefused(why)
        return node

    def _why_not(self) -> str:
        here = here_if_loaded()
        if here is None:
            return ""
        from orch_magic.core.errors import OrchError

        try:
            return str(here.why_no_cell_may_start())
        except OrchError as error:
            self._tell(f"the budget could not be checked: {error}")
            return ""


def _is_only_ours(cell: ast.Module) -> bool:
    return bool(cell.body) and all(_is_ours(line) for line in cell.body)


def _is_ours(line: ast.stmt) -> bool:
    """Whether a statement is ``%orch …`` or ``x = %orch …``."""
    match magic_arguments(line):
        case [ast.Constant(str(name)), *_]:
            return name in _OURS
    return False
