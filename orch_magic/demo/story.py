"""``orch demo``: the quickstart notebook, end to end, crash included.

In a temporary repository, with real kernels and real HTTP; a small provider on
127.0.0.1 answers, and its own bill is held against the ledger at the end.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any

from orch_magic import api
from orch_magic.demo.kernel import Kernel, KernelDied
from orch_magic.demo.provider import Provider, ServedCall

INPUT_USD_PER_MTOK = Decimal("0.15")
OUTPUT_USD_PER_MTOK = Decimal("0.60")
"""gpt-4o-mini, as its provider's price page had it in 2026; the ledger's figure comes
from the price list, this one is by hand."""

EPIC = "rag-eval"
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")

CRASH = "crash"
"""The tag of the cell that kills its kernel."""


def main(argv: list[str] | None = None) -> int:
    """Run the demo.

    Args:
        argv: the words behind ``orch demo``.

    Returns:
        0 where everything was as promised, else 1.
    """
    parser = argparse.ArgumentParser(
        prog="orch demo",
        description="The quickstart notebook end to end: start, work, kill -9, resume.",
    )
    parser.add_argument("--keep", metavar="FOLDER", help="make the repository there")
    asked = parser.parse_args(argv)
    with ExitStack() as stack:
        if asked.keep:
            folder = Path(asked.keep)
            folder.mkdir(parents=True, exist_ok=True)
        else:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        provider = stack.enter_context(Provider())
        return _tell(folder, provider)


def quickstart() -> Path:
    """Return where the quickstart notebook is: in the wheel, or in the checkout."""
    packed = Path(str(files("orch_magic.demo"))) / "quickstart.ipynb"
    checkout = Path(__file__).parents[2] / "notebooks" / "quickstart.ipynb"
    return packed if packed.exists() else checkout


def _tell(folder: Path, provider: Provider) -> int:
    import nbformat

    read: Any = nbformat.read  # it has no types
    _make_project(folder)
    environment = {
        **os.environ,
        "OPENAI_BASE_URL": provider.base_url,
        "OPENAI_API_KEY": "demo",
    }
    cells = [
        cell
        for cell in read(quickstart(), as_version=4).cells
        if cell.cell_type == "code"
    ]
    crash = next(i for i, cell in enumerate(cells) if CRASH in _tags(cell))
    _say("A kernel works in the evening.")
    died = _run(folder, environment, cells[: crash + 1])
    _say("The kernel was killed inside that cell. A new one, the next morning.")
    _run(folder, environment, cells[crash + 1 :])
    return _check(folder, provider.bill, died=died)


def _run(folder: Path, environment: dict[str, str], cells: Iterable[Any]) -> bool:
    """Run cells in a new kernel; say whether it died."""
    with Kernel(folder, environment) as kernel:
        for cell in cells:
            print("".join(f"  | {line}\n" for line in cell.source.splitlines()))
            try:
                kernel.run(cell.source, show=_show)
            except KernelDied:
                return True
    return False


def _check(folder: Path, bill: tuple[ServedCall, ...], *, died: bool) -> int:
    """Hold the ledger against the provider's bill and the promises of the story."""
    status = api.status(epic=EPIC, cwd=folder)
    sound = api.verify(epic=EPIC, cwd=folder)
    billed = sum(
        (
            call.input_tokens * INPUT_USD_PER_MTOK
            + call.output_tokens * OUTPUT_USD_PER_MTOK
        )
        / 1_000_000
        for call in bill
    )
    promises = {
        "the kernel was killed in the middle of a cell": died,
        "the session after it is number 2": status.session.number == 2,
        f"the ledger has what the provider billed: ${billed}": (
            status.budget.spent_usd == billed
        ),
        f"no call was paid twice: {len(bill)} calls": len(bill) == 3,
        f"{sound.checkpoints} checkpoints, all sound": sound.is_sound,
    }
    _say("What was promised:")
    for promise, kept in promises.items():
        print(f"  {'kept  ' if kept else 'BROKEN'}  {promise}")
    return 0 if all(promises.values()) else 1


def _make_project(folder: Path) -> None:
    (folder / "README.md").write_text("# rag-eval\n\nWhich chunk size is best?\n")
    for words in (
        ("init", "-q"),
        ("add", "README.md"),
        ("commit", "-q", "-m", "An experiment begins"),
    ):
        subprocess.run(
            [
                "git",
                "-c",
                "user.name=orch demo",
                "-c",
                "user.email=demo@localhost",
                *words,
            ],
            cwd=folder,
            check=True,
        )


def _tags(cell: Any) -> list[str]:
    tags: list[str] = cell.metadata.get("tags", [])
    return tags


def _say(line: str) -> None:
    print(f"\n=== {line}\n", flush=True)


def _show(text: str) -> None:
    if not sys.stdout.isatty():
        text = _COLOUR.sub("", text)
    sys.stdout.write("".join(f"{line}\n" for line in text.rstrip().splitlines()))
    sys.stdout.write("\n")
    sys.stdout.flush()
