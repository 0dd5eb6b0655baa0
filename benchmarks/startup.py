"""Start-up: what importing the package and loading the extension cost.

Fresh interpreters, interleaved. Imports are timed inside the interpreter, so that
its own start does not flatter the ratio; the extension is timed from outside, from
the start of the process to its end.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.places import Run, make_repository
from benchmarks.rounds import Contender, extra, in_ms, interleave, ratio, seconds_of
from benchmarks.table import NONE, Promise, Row, Section

_TIMED = """
import time
began = time.perf_counter()
{line}
print(time.perf_counter() - began)
"""

_IMPORTS = {
    "package": "import orch_magic",
    "pydantic": "import pydantic",
    "verbs": "from orch_magic import start",
    "model": "from pydantic import BaseModel",
}

_SHELL = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
{lines}
shell.run_cell("x = 1")
"""

_SHELLS = {
    "bare": "",
    "loaded": "shell.run_line_magic('load_ext', 'orch_magic')",
    "used": "shell.run_cell('%load_ext orch_magic\\n%orch epics')",
}

_HEAVY = ("IPython", "git", "genai_prices")
_LOADED = f"""
import sys, orch_magic
print(*[name for name in {_HEAVY} if name in sys.modules])
"""


def measure(run: Run) -> Section:
    """Measure it."""
    top = make_repository(run.room("project"))
    imports = {name: _import_of(line, top) for name, line in _IMPORTS.items()}
    shells = {name: _shell_with(lines, top) for name, lines in _SHELLS.items()}
    for contender in (*imports.values(), *shells.values()):
        contender(-1)  # compiles what is not compiled yet
    rounds = run.choose(short=15, long=41)
    few = rounds // 5
    took = interleave(rounds, _some(imports, "package", "pydantic"))
    took |= interleave(few, _some(imports, "verbs", "model"))
    shell = interleave(rounds // 3, _some(shells, "loaded", "bare"))
    first = interleave(few, _some(shells, "used", "bare"))
    loaded = _python(_LOADED, top).split()
    return Section(
        "start-up",
        (
            Row(
                "import orch_magic",
                ours=in_ms(took["package"]),
                peer=f"import pydantic {in_ms(took['pydantic'])}",
                figure=ratio(took["package"], took["pydantic"]),
                unit="x",
                promise=Promise(1.3, "x"),
            ),
            Row(
                "  of IPython, git, genai_prices it loads",
                ours=", ".join(loaded) or "none",
                figure=len(loaded),
                promise=NONE,
            ),
            Row(
                "  and its verbs, at their first use",
                ours=in_ms(took["verbs"]),
                peer=f"pydantic.BaseModel {in_ms(took['model'])}",
                figure=ratio(took["verbs"], took["model"]),
                unit="x",
            ),
            Row(
                "%load_ext in a fresh shell",
                ours=in_ms(shell["loaded"]),
                peer=f"bare shell {in_ms(shell['bare'])}",
                figure=extra(shell["loaded"], shell["bare"]) * 1000,
                unit=" ms more",
                promise=Promise(150, " ms more"),
            ),
            Row(
                "  and a first %orch line (epics)",
                ours=in_ms(first["used"]),
                peer=f"bare shell {in_ms(first['bare'])}",
                figure=extra(first["used"], first["bare"]) * 1000,
                unit=" ms more",
            ),
        ),
    )


def _some(contenders: dict[str, Contender], *names: str) -> dict[str, Contender]:
    return {name: contenders[name] for name in names}


def _import_of(line: str, top: Path) -> Contender:
    program = _TIMED.format(line=line)
    return lambda _: float(_python(program, top))


def _shell_with(lines: str, top: Path) -> Contender:
    program = _SHELL.format(lines=lines)
    return lambda _: seconds_of(lambda: _python(program, top))


def _python(program: str, top: Path) -> str:
    ran = subprocess.run(
        [sys.executable, "-c", program],
        cwd=top,
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout
