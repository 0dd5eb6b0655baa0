"""A cell: what a session adds to a trivial one, in a real shell.

Two shells in one process of its own, one with the extension and a running session
(hooks, gate, ledger, keeper), one without, each running one cell per round.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import redirect_stdout
from io import StringIO
from statistics import quantiles
from typing import Any

from benchmarks.places import Run, make_repository
from benchmarks.rounds import (
    Contender,
    Times,
    extra,
    in_ms,
    interleave,
    ratio,
    seconds_of,
)
from benchmarks.table import Promise, Row, Section

CELL = "x = 1"
BREATH_SECONDS = 0.005
LAST = 250
"""How many of the last cells show whether the cost grows."""


def measure(run: Run) -> Section:
    """Measure it."""
    cells = run.choose(short=500, long=3000)
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks.cell", str(cells)],
        cwd=make_repository(run.room("project")),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    times: Times = json.loads(ran.stdout)
    ours, bare = times["session"], times["bare"]
    peer = f"without the extension {in_ms(bare)}"
    return Section(
        "cell",
        (
            Row(
                f"a trivial cell under a session ({cells} cells)",
                ours=in_ms(ours),
                peer=peer,
                figure=extra(ours, bare) * 1000,
                unit=" ms more",
                promise=Promise(1, " ms more"),
            ),
            Row(
                "  of it the CPU's time, whatever else runs here",
                ours=in_ms(times["session cpu"]),
                peer=f"without the extension {in_ms(times['bare cpu'])}",
                figure=extra(times["session cpu"], times["bare cpu"]) * 1000,
                unit=" ms more",
            ),
            Row("  as a ratio", figure=ratio(ours, bare), unit="x"),
            Row(
                f"  the last {LAST} of them",
                ours=in_ms(ours[-LAST:]),
                peer=f"without the extension {in_ms(bare[-LAST:])}",
                figure=extra(ours[-LAST:], bare[-LAST:]) * 1000,
                unit=" ms more",
            ),
            Row(
                "  the slowest in a hundred",
                ours=f"{_slowest(ours):.3g} ms",
                peer=f"without the extension {_slowest(bare):.3g} ms",
                figure=_slowest(ours) - _slowest(bare),
                unit=" ms more",
            ),
        ),
    )


def _slowest(seconds: list[float]) -> float:
    return quantiles(seconds, n=100)[-1] * 1000


def _time_cells(cells: int) -> Times:
    """Run the cells in the current folder's repository."""
    from IPython.core.interactiveshell import InteractiveShell

    make_shell: Any = InteractiveShell  # it has no types
    bare, session = make_shell(), make_shell()
    with redirect_stdout(StringIO()):
        session.run_cell("%load_ext orch_magic").raise_error()
        session.run_cell("%orch start --epic bench --budget 5").raise_error()
        shells = {"session": session, "bare": bare}
        cpu: Times = {name: [] for name in shells}
        contenders = {
            name: _cell_in(shell, cpu[name]) for name, shell in shells.items()
        }
        interleave(20, contenders)
        times = interleave(cells, contenders)
        session.run_cell("status = %orch status").raise_error()
        session.run_cell("%orch complete").raise_error()
    counted = session.user_ns["status"].cells_run
    assert counted >= cells, f"only {counted} cells were counted"
    return {**times, "session cpu": cpu["session"], "bare cpu": cpu["bare"]}


def _cell_in(shell: Any, cpu: list[float]) -> Contender:
    def run_one(_: int) -> float:
        # IPython's own thread still writes the cell before to its history. No kernel
        # is handed two cells without a breath between, and neither are these.
        time.sleep(BREATH_SECONDS)
        began = time.thread_time()
        seconds = seconds_of(lambda: shell.run_cell(CELL, store_history=True))
        cpu.append(time.thread_time() - began)
        return seconds

    return run_one


if __name__ == "__main__":
    print(json.dumps(_time_cells(int(sys.argv[1]))))
