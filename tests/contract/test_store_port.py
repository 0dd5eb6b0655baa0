"""What every checkpoint store promises, held against each one that we have."""

from __future__ import annotations

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from checkpoint_samples import BEGAN, checkpoint

from orch_magic.core.errors import BadInput, UnknownCheckpoint
from orch_magic.repository.discovery import discover
from orch_magic.repository.store import GitStore
from orch_magic.testing import MemoryStore


@pytest.fixture(params=["memory", "git"])
def store(request, repo):
    return MemoryStore() if request.param == "memory" else GitStore(discover(repo.top))


def test_what_was_saved_is_found_again_exactly(store):
    record = checkpoint(1)
    entry = store.save(record, "# Brief\n")
    found = store.latest("demo")
    assert found.record == record
    assert found.entry == entry
    assert found.skipped == ()


def test_the_entry_says_what_the_record_says(store):
    entry = store.save(checkpoint(3, reason="asked\nfor  it"), "# Brief\n")
    assert entry.id == checkpoint(3).id
    assert entry.at == BEGAN + timedelta(minutes=3)
    assert entry.spent_usd == Decimal("0.3")
    assert entry.reason == "asked for it"
    assert entry.commit


def test_the_newest_is_the_one_saved_last_whatever_the_clock_said(store):
    store.save(checkpoint(5), "")
    store.save(checkpoint(2), "")
    assert store.latest("demo").record.id == checkpoint(2).id
    assert [e.id for e in store.list("demo")] == [checkpoint(2).id, checkpoint(5).id]


def test_the_list_is_newest_first_and_can_be_cut(store):
    saved = [store.save(checkpoint(n), "") for n in range(1, 6)]
    assert store.list("demo") == tuple(reversed(saved))
    assert store.list("demo", 2) == (saved[4], saved[3])


def test_a_checkpoint_is_loaded_by_its_id_or_its_beginning(store):
    for number in (1, 2, 13):
        store.save(checkpoint(number), "")
    assert store.load("demo", checkpoint(2).id).record == checkpoint(2)
    assert store.load("demo", "20261122T000013").record == checkpoint(13)


def test_a_beginning_that_fits_several_is_refused_with_their_names(store):
    store.save(checkpoint(1), "")
    store.save(checkpoint(2), "")
    with pytest.raises(UnknownCheckpoint) as caught:
        store.load("demo", "2026")
    assert "fits 2 checkpoints" in str(caught.value)
    assert checkpoint(2).id in str(caught.value)


@pytest.mark.parametrize("asked", ["nope", "", "--all", "../x"])
def test_an_unknown_id_is_one_line_with_the_next_step(store, asked):
    with pytest.raises(UnknownCheckpoint, match="orch list --epic demo"):
        store.load("demo", asked)


def test_epics_do_not_mix(store):
    store.save(checkpoint(1, "one"), "")
    store.save(checkpoint(2, "two"), "")
    assert store.epics() == ("one", "two")
    assert store.latest("one").record.epic_id == "one"
    assert [entry.id for entry in store.list("two")] == [checkpoint(2).id]


def test_an_epic_without_checkpoints_has_none(store):
    assert store.latest("demo") is None
    assert store.list("demo") == ()
    assert store.verify("demo") == ()
    assert store.epics() == ()


def test_deleting_leaves_nothing_and_other_epics_alone(store):
    store.save(checkpoint(1, "one"), "")
    store.save(checkpoint(2, "two"), "")
    assert store.delete("one")
    assert store.latest("one") is None
    assert store.epics() == ("two",)
    assert store.delete("one") == ""


def test_after_deleting_a_new_line_begins(store):
    store.save(checkpoint(1), "")
    store.delete("demo")
    store.save(checkpoint(2), "")
    assert [entry.id for entry in store.list("demo")] == [checkpoint(2).id]


def test_sound_checkpoints_have_no_problems(store):
    for number in range(1, 4):
        store.save(checkpoint(number), "")
    assert store.verify("demo") == ()


@pytest.mark.parametrize("name", ["../evil", "a/b", "", "-x", "x" * 65, "a.lock"])
def test_a_name_that_is_no_epic_is_refused_at_the_door(store, name):
    for verb in (store.latest, store.list, store.delete, store.verify):
        with pytest.raises(BadInput):
            verb(name)
    with pytest.raises(BadInput):
        store.load(name, "x")


def test_threads_that_save_at_once_lose_nothing(store):
    def save(numbers):
        for number in numbers:
            store.save(checkpoint(number), "")

    threads = [
        threading.Thread(target=save, args=(range(t * 10, t * 10 + 5),))
        for t in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    listed = {entry.id for entry in store.list("demo")}
    assert listed == {checkpoint(t * 10 + n).id for t in range(4) for n in range(5)}
    assert store.verify("demo") == ()
