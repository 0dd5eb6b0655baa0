"""`python -m benchmarks`: run them, print a table, say whether the promises hold.

Exit code 0 where all are kept, 1 where one is broken.
"""

from __future__ import annotations

import argparse
import importlib
import platform
import random
import sys
import tempfile
import time
from pathlib import Path

if not __package__:  # started as `python benchmarks`: its folder is on the path
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from benchmarks.places import Run, clean_world
from benchmarks.table import Section, as_text, is_broken

MODULES = {
    "start-up": "benchmarks.startup",
    "cell": "benchmarks.cell",
    "checkpoint": "benchmarks.checkpoint",
    "crash": "benchmarks.crash",
}
"""By name; each has ``measure(run) -> Section``. Loaded when they are run."""


def main(argv: list[str] | None = None) -> int:
    """Run what is asked for and return the exit code."""
    asked = _parse(argv)
    if asked.list:
        print("\n".join(MODULES))
        return 0
    names = asked.only or list(MODULES)
    seed = random.SystemRandom().randrange(10**6) if asked.seed is None else asked.seed
    form = "short" if asked.short else "long"
    print(f"{form} form, seed {seed}, Python {platform.python_version()}\n", flush=True)
    sections: list[Section] = []
    with tempfile.TemporaryDirectory(
        prefix="orch-bench-", dir=asked.folder, ignore_cleanup_errors=True
    ) as name:
        folder = Path(name)
        with clean_world(folder / "home"):
            for benchmark in names:
                module = importlib.import_module(MODULES[benchmark])
                run = Run(folder / benchmark, short=asked.short, seed=seed)
                began = time.monotonic()
                sections.append(module.measure(run))
                print(as_text(sections[-1]), flush=True)
                took = time.monotonic() - began
                print(f"({benchmark} took {took:.0f} s)\n", file=sys.stderr, flush=True)
    broken = is_broken(sections)
    print("A promise is BROKEN." if broken else "All promises are kept.")
    return int(broken)


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure what the README promises, beside its peers.",
    )
    parser.add_argument("--short", action="store_true", help="under a minute, for CI")
    parser.add_argument("--list", action="store_true", help="name them and stop")
    parser.add_argument(
        "--only", metavar="NAME", action="append", choices=MODULES, help="just this one"
    )
    parser.add_argument("--seed", type=int, help="of the random moments")
    parser.add_argument(
        "--folder", metavar="PATH", help="where to work: its disk is what is measured"
    )
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
