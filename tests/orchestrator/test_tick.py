"""What the holder does by itself: on time, once, and again where it failed."""

from __future__ import annotations

from orch_magic.core.policy import RETRY_SECONDS
from orch_magic.core.reports import Saved, Trouble
from orch_magic.orchestrator import checkpointing, reading
from orch_magic.orchestrator.checkpointing import PUBLISH_AGAIN_SECONDS
from orch_magic.orchestrator.tick import tick

MINUTE = 60


def _count(world) -> int:
    return len(world.store.list("x"))


def test_a_checkpoint_comes_after_15_minutes_and_not_before(world, start, clock, told):
    start(world)
    clock.advance(14.9 * MINUTE)
    tick(world)
    assert _count(world) == 1
    clock.advance(0.1 * MINUTE)
    tick(world)
    tick(world)
    assert _count(world) == 2
    assert [type(report) for report in told] == [Saved]
    assert world.store.list("x")[0].reason == "15 minutes have passed"


def test_any_checkpoint_starts_the_15_minutes_anew(world, start, clock):
    start(world)
    clock.advance(14 * MINUTE)
    checkpointing.checkpoint(world, "x", "asked", "by hand")
    clock.advance(14 * MINUTE)
    tick(world)
    assert _count(world) == 2


def test_the_interval_is_kept_on_a_clock_that_never_jumps(world, start, clock):
    start(world)
    clock.set_back(3600)
    clock.advance(15 * MINUTE)
    tick(world)
    assert _count(world) == 2


def test_a_failed_checkpoint_is_told_shown_and_tried_again(world, start, clock, told):
    start(world)
    world.store.trouble = "The disk is full."
    clock.advance(15 * MINUTE)
    tick(world)
    assert isinstance(told[-1], Trouble)
    assert any("disk is full" in line for line in reading.status(world, "x").remarks)
    tick(world)
    assert len(told) == 1  # not before its time
    world.store.trouble = ""
    clock.advance(RETRY_SECONDS)
    tick(world)
    assert isinstance(told[-1], Saved)
    assert reading.status(world, "x").remarks == ()


def test_a_start_whose_checkpoint_fails_starts_all_the_same_and_says_so(world, start):
    world.store.trouble = "The disk is full."
    started = start(world)
    assert started.checkpoint is None
    assert any("disk is full" in line for line in started.remarks)


def test_a_deferred_publication_is_made_up_for_in_one_commit(
    project, world, start, clock
):
    project.publisher.deferred = "A rebase is under way."
    start(world)
    checkpointing.checkpoint(world, "x", "asked", "one")
    assert any("rebase" in line for line in reading.status(world, "x").remarks)
    project.publisher.deferred = ""
    clock.advance(PUBLISH_AGAIN_SECONDS)
    tick(world)
    ((subject, ids),) = project.publisher.commits
    assert len(ids) == 2
    assert "2 checkpoints" in subject
    assert reading.status(world, "x").remarks == ()


def test_a_publication_deferred_for_the_same_reason_is_one_event(
    project, world, start, clock
):
    project.publisher.deferred = "A rebase is under way."
    start(world)
    for _ in range(5):
        clock.advance(PUBLISH_AGAIN_SECONDS)
        tick(world)
    assert len(list(world.ledger.events("x", "publication_deferred"))) == 1


def test_the_holder_beats_so_that_others_know_it_lives(world, start, clock):
    started = start(world)
    clock.advance(7)
    tick(world)
    assert world.ledger.last_beat(started.session.id) == clock.now()
