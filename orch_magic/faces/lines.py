"""Every ``%orch`` line of a cell shows its answer, not only the last one.

IPython shows the value of a cell's last expression. A line that is a statement of its
own is marked, so that the magic shows its answer there and then; ``s = %orch status``
is none, and shows nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from orch_magic.faces.magics import SHOWN


class ShowEachLine(ast.NodeTransformer):
    """Marks the ``%orch`` lines among a cell's statements."""

    def visit(self, node: ast.AST) -> ast.AST:
        """Mark the lines of a cell."""
        if isinstance(node, ast.Module):
            for statement in _statements(node):
                _mark(statement)
        return node


def magic_arguments(statement: ast.stmt) -> list[ast.expr]:
    """Return the arguments of a line magic's call; empty for anything else.

    The magic's name is the first. IPython writes ``%name line`` as
    ``get_ipython().run_line_magic("name", "line")``.
    """
    value = statement.value if isinstance(statement, ast.Expr | ast.Assign) else None
    if (
        isinstance(value, ast.Call)
        and isinstance(value.func, ast.Attribute)
        and value.func.attr == "run_line_magic"
    ):
        return value.args
    return []


def _statements(block: ast.AST) -> Iterator[ast.stmt]:
    """Walk all statements, also those in loops and conditions; no expressions."""
    for name in ("body", "handlers", "orelse", "finalbody", "cases"):
        for inner in getattr(block, name, ()):
            if isinstance(inner, ast.stmt):
                yield inner
            yield from _statements(inner)


def _mark(statement: ast.stmt) -> None:
    if not isinstance(statement, ast.Expr):
        return
    match magic_arguments(statement):
        case [ast.Constant("orch"), ast.Constant(str(line)) as argument]:
            argument.value = f"{SHOWN} {line}"
