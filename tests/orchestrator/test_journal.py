"""The work written down, and what comes of it in the next brief."""

from __future__ import annotations

import pytest

from orch_magic.core.errors import BadInput, UnknownEpic
from orch_magic.core.work import Failure
from orch_magic.orchestrator import journal, reading


def _fail(world, message="boom"):
    failure = Failure(error="ValueError", message=message, cell="In [3]: f()")
    return journal.cell_ran(world, "ab", 0.1, failure)


def test_everything_written_down_is_in_the_brief(world, start):
    start(world)
    journal.note(world, "x", "chunks of 400")
    journal.decide(world, "x", "use BM25", "names matter", ())
    journal.block(world, "x", "no key")
    journal.issue(world, "x", "rag-1", "tune it", "in-progress", "")
    journal.task(world, "x", {"current_step": "sweep", "progress_percent": 40})
    context = reading.brief(world, "x").context
    assert context.agent_notes == "chunks of 400"
    assert context.decisions[0].rationale == "names matter"
    assert context.blockers == ("no key",)
    assert context.issues_updated[0].to_status == "in-progress"
    assert context.current_task.issue_id == "rag-1"
    assert context.current_task.progress_percent == 40


def test_an_issue_that_is_done_is_no_longer_the_task(world, start):
    start(world)
    journal.issue(world, "x", "rag-1", "tune it", "in-progress", "")
    journal.issue(world, "x", "rag-1", "", "done", "works")
    state = world.ledger.state("x")
    assert state.task is None
    assert state.issues[0].title == "tune it"
    assert state.issues[0].from_status == "in-progress"


def test_an_issue_done_makes_a_checkpoint_only_if_asked(world, start):
    start(world, settings={"checkpoint_on_issue_done": True})
    journal.issue(world, "x", "rag-1", "", "done", "")
    assert world.store.list("x")[0].reason == "issue rag-1 done"


def test_a_failing_cell_makes_a_checkpoint_and_the_same_again_does_not(world, start):
    start(world)
    assert _fail(world) is not None
    assert _fail(world) is None
    assert _fail(world, "other") is not None
    failures = world.ledger.state("x").failures
    assert [failure.times for failure in failures] == [2, 1]


def test_a_failing_cell_whose_checkpoint_fails_too_raises_nothing(world, start):
    start(world)
    world.store.trouble = "The disk is full."
    assert _fail(world) is None
    assert "disk is full" in world.ledger.state("x").checkpoint_trouble


def test_cells_are_counted_for_the_session_that_runs(world, start):
    start(world)
    for _ in range(3):
        journal.cell_ran(world, "ab", 0.5, None)
    cells = world.ledger.state("x").cells
    assert (cells.run, cells.seconds) == (3, 1.5)


def test_a_blocker_is_cleared_by_the_beginning_of_its_text(world, start):
    start(world)
    journal.block(world, "x", "no key for the archive")
    journal.unblock(world, "x", "no key")
    assert world.ledger.state("x").blockers == ()
    with pytest.raises(BadInput, match="0 blockers"):
        journal.unblock(world, "x", "no key")


@pytest.mark.parametrize("verb", [journal.note, journal.block])
def test_an_empty_text_is_refused(world, start, verb):
    start(world)
    with pytest.raises(BadInput, match="empty"):
        verb(world, "x", "  ")


def test_an_unknown_epic_is_named_with_the_known_ones(world, start):
    start(world)
    with pytest.raises(UnknownEpic, match=r"no epic y here \(known: x\)"):
        journal.note(world, "y", "lost")


def test_a_task_needs_an_issue_and_sound_figures(world, start):
    start(world)
    with pytest.raises(BadInput, match="no current task"):
        journal.task(world, "x", {"current_step": "sweep"})
    journal.issue(world, "x", "rag-1", "", "in-progress", "")
    with pytest.raises(BadInput, match="less than or equal to 100"):
        journal.task(world, "x", {"progress_percent": 140})
