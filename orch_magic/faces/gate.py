"""The gate: while the budget is spent no cell starts, but for ``%orch`` lines.

A callback that raises stops no cell in IPython; an AST transformer that raises a
subclass of `InputRejected` does.
"""

from __future__ import annotations

import ast

from IPython.core.error import InputRejected

from orch_magic import here

_OURS = {"orch", "load_ext", "reload_ext", "unload_ext"}
"""Line magics that a person needs to lift the budget."""


class CellRefused(InputRejected):
    """A cell did not start: the budget is spent."""

    def _render_traceback_(self) -> list[str]:
        return [f"BudgetExceeded: {self}"]


class BudgetGate(ast.NodeTransformer):
    """Refuses whole cells; changes none."""

    def visit(self, node: ast.AST) -> ast.AST:
        """Let a cell through, or refuse it.

        Raises:
            CellRefused: where the budget of the session held here is spent.
        """
        if isinstance(node, ast.Module) and not _is_only_ours(node):
            why = here.why_no_cell_may_start()
            if why:
                raise CellRefused(why)
        return node


def _is_only_ours(cell: ast.Module) -> bool:
    return bool(cell.body) and all(_is_ours(line) for line in cell.body)


def _is_ours(line: ast.stmt) -> bool:
    """Whether a statement is ``%orch …`` or ``x = %orch …``, as IPython writes it."""
    value = line.value if isinstance(line, ast.Expr | ast.Assign) else None
    return (
        isinstance(value, ast.Call)
        and isinstance(value.func, ast.Attribute)
        and value.func.attr == "run_line_magic"
        and bool(value.args)
        and isinstance(value.args[0], ast.Constant)
        and value.args[0].value in _OURS
    )
