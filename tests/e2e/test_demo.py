"""``orch demo``: the quickstart's story, told to its end."""

from __future__ import annotations

import nbformat  # noqa: TID253 - a test may be slow to load

from orch_magic.demo.story import quickstart


def test_the_demo_keeps_all_it_promises(project):
    ran = project.orch("demo")
    promises = ran.stdout.rpartition("What was promised:")[2].split("\n")
    kept = [line for line in promises if line.strip()]
    assert len(kept) == 5
    assert all(line.strip().startswith("kept") for line in kept)
    assert ran.stderr == ""
    assert "\x1b" not in ran.stdout
    for cell in nbformat.read(quickstart(), as_version=4).cells:
        if cell.cell_type == "code":
            for line in cell.source.splitlines():
                assert f"  | {line}\n" in ran.stdout
