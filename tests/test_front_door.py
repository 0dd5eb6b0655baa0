"""The front door, README and the grammar say the same."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import orch_magic
from orch_magic import api
from orch_magic.faces.grammar import COMMANDS

HERE = Path(__file__).parents[1]
README = (HERE / "README.md").read_text(encoding="utf-8")


def test_every_public_name_is_there():
    for name in orch_magic.__all__:
        assert getattr(orch_magic, name) is not None
    assert set(orch_magic.__all__) == set(dir(orch_magic))


def test_an_unknown_name_is_an_attribute_error():
    assert not hasattr(orch_magic, "nonsense")


def test_importing_the_package_loads_nothing_heavy():
    heavy = ["IPython", "git", "genai_prices", "pydantic", "ipywidgets", "sqlite3"]
    assert _loaded("orch_magic", heavy) == []


def test_importing_the_verbs_loads_neither_ipython_nor_git_nor_prices():
    heavy = ["IPython", "git", "genai_prices", "ipywidgets", "nbformat"]
    assert _loaded("orch_magic.api", heavy) == []


def _loaded(module: str, among: list[str]) -> list[str]:
    """Say which of some modules a fresh Python has loaded after an import."""
    code = f"import sys, {module}; print(*(m for m in {among} if m in sys.modules))"
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return ran.stdout.split()


def test_readme_has_every_command_of_the_grammar_and_no_other():
    rows = re.findall(r"^\| `%?orch (\w+)", README, flags=re.MULTILINE)
    assert sorted(rows) == sorted(command.name for command in COMMANDS)


def test_readme_names_the_verb_of_each_command():
    for command in COMMANDS:
        row = re.search(rf"^\| `%orch {command.name}\b.*$", README, flags=re.MULTILINE)
        assert row is not None
        assert f"`{command.calls}(" in row[0], row[0]


def test_every_verb_has_a_docstring_that_begins_with_a_sentence():
    for command in COMMANDS:
        text = inspect.getdoc(getattr(api, command.calls))
        assert text is not None
        assert text.splitlines()[0].endswith("."), command.name


def test_the_changelog_knows_this_version():
    changelog = (HERE / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## [{orch_magic.__version__}]" in changelog


def test_every_file_that_readme_links_to_is_there():
    links = re.findall(r"\]\((?!http|#)([^)\s]+)\)", README)
    assert links
    for link in links:
        assert (HERE / link.split("#")[0]).exists(), link
