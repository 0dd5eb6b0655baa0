"""A notebook that was run and saved says how it stood, with no widget alive."""

from __future__ import annotations

import sys

import nbformat  # noqa: TID253 - a test may be slow to load
import pytest
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from nbclient import NotebookClient

WIDGET = "application/vnd.jupyter.widget-view+json"


class _ThisPython(KernelSpecManager):
    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=argv, display_name="Python", language="python")


def _run(project, *cells: str):
    """Run a notebook as papermill and CI do, and read it again from its file."""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell) for cell in cells]
    )
    client = NotebookClient(
        notebook,
        timeout=60,
        store_widget_state=False,
        resources={"metadata": {"path": str(project.top)}},
    )
    client.create_kernel_manager()
    client.km._kernel_spec_manager = _ThisPython()
    client.km.kernel_spec_manager = _ThisPython()
    client.execute(env=project.environment)
    path = project.top / "saved.ipynb"
    nbformat.write(notebook, path)
    return nbformat.read(path, as_version=4)


@pytest.fixture
def saved(project):
    return _run(
        project,
        "%load_ext orch_magic\n"
        "%orch start --epic x --budget 5.00 --no-baseline --publish never",
        "%orch status",
        "import orch_magic as orch\nkept = orch.spend('1.25', note='a call')",
        "%orch note 512 is best\n%orch brief",
        "orch.spend('2.8225')",
    )


def _html(cell) -> str:
    return "".join(
        output.data.get("text/html", "")
        for output in cell.outputs
        if output.output_type in {"display_data", "execute_result"}
    )


def test_the_amounts_are_in_the_saved_html_as_they_were_at_the_end(saved):
    assert "widgets" not in saved.metadata
    start, status, _, brief, spent = saved.cells
    for card in (start, status):
        assert "$4.0725" in _html(card), "kept true until the end"
        assert "$5.00" in _html(card)
    assert "512 is best" in _html(brief)
    assert "$2.8225" in _html(spent)


def test_each_card_has_words_for_a_reader_without_html(saved):
    for cell in saved.cells:
        for output in cell.outputs:
            if output.output_type == "display_data":
                assert output.data["text/plain"].strip()
                assert "<orch_magic" not in output.data["text/plain"]


def test_each_live_card_has_its_twin_beside_it(saved):
    for cell in (saved.cells[0], saved.cells[1], saved.cells[3]):
        live = [o for o in cell.outputs if WIDGET in o.get("data", {})]
        twins = [
            o
            for o in cell.outputs
            if "orch-twin-" in o.get("data", {}).get("text/html", "")
        ]
        assert len(live) == len(twins) >= 1


def test_the_saved_notebook_is_valid_and_small(saved, project):
    nbformat.validate(saved)
    per_card = (project.top / "saved.ipynb").stat().st_size / 6
    assert per_card < 20_000
