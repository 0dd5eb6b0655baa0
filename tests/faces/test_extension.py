"""Into a shell and out of it: once, whole, and light."""

from __future__ import annotations

import subprocess
import sys
import threading

from orch_magic.core.values import Value


def _things(ip) -> dict[str, object]:
    """All that an extension could leave in a shell."""
    formatter = ip.display_formatter.ipython_display_formatter
    return {
        "magics": sorted(ip.magics_manager.magics["line"]),
        "cell magics": sorted(ip.magics_manager.magics["cell"]),
        "registry": sorted(ip.magics_manager.registry),
        "matchers": list(ip.Completer.custom_matchers),
        "transformers": list(ip.ast_transformers),
        "callbacks": {k: list(v) for k, v in ip.events.callbacks.items()},
        "configurables": list(ip.configurables),
        "shown types": [t for t in formatter.type_printers if issubclass(t, Value)],
        "named types": list(formatter.deferred_printers),
        "attributes": sorted(vars(ip)),
        "namespace": sorted(ip.user_ns),
    }


def test_loading_twice_is_loading_once(ip):
    ip.run_line_magic("load_ext", "orch_magic")
    once = {name: len(things) for name, things in _things(ip).items()}
    ip.run_line_magic("reload_ext", "orch_magic")
    import orch_magic

    orch_magic.load_ipython_extension(ip)
    assert {name: len(things) for name, things in _things(ip).items()} == once


def test_unloading_leaves_nothing_behind(ip, project):
    ip.run_line_magic("unload_ext", "nothing_yet")  # IPython's own part of loading
    ip.run_cell("1")
    before = _things(ip)
    threads = threading.active_count()
    ip.run_line_magic("load_ext", "orch_magic")
    ip.run_cell("%orch start --epic x --no-baseline")
    ip.run_cell("%orch status")
    ip.run_cell("%orch pause")
    ip.run_line_magic("unload_ext", "orch_magic")
    assert _things(ip) == before
    assert threading.active_count() == threads


def test_unloading_keeps_what_others_put_into_the_shell(shell):
    def theirs(info):
        """Do nothing."""

    shell.ip.events.register("pre_run_cell", theirs)
    shell.run("%unload_ext orch_magic")
    assert theirs in shell.ip.events.callbacks["pre_run_cell"]
    assert "UsageError" in shell.run("%orch status").shown


def test_a_running_epic_survives_reload_and_unload(shell):
    shell.start("--budget 5.00")
    shell.run("%reload_ext orch_magic")
    assert "running · x" in shell.run("%orch status").shown
    shell.run("%unload_ext orch_magic")
    shell.run("%load_ext orch_magic")
    assert "running · x" in shell.run("%orch status").shown
    assert "session 1" in shell.run("%orch start --epic x").shown


def test_loading_loads_nothing_heavy():
    heavy = ["pydantic", "git", "ipywidgets", "nbformat", "genai_prices", "psutil"]
    heavy += ["sqlite3", "openai", "orch_magic.api", "orch_magic.here"]
    code = f"""
import sys
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config
shell = InteractiveShell(config=Config(HistoryManager={{"enabled": False}}))
bare = set(sys.modules)
shell.run_line_magic("load_ext", "orch_magic")
shell.run_cell("1 + 1", silent=True)
print(*(m for m in {heavy} if m in set(sys.modules) - bare))
"""
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert ran.stdout.split() == []
