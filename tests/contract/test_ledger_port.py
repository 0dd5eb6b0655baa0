"""What every ledger promises, held against each one that we have."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from event_samples import (
    AT,
    EPIC,
    FAILURE,
    ONE_OF_EACH,
    budget,
    cell_ran,
    note,
    opened,
    spent,
    started,
)

from orch_magic.core import events as ev
from orch_magic.core.errors import BadInput, LedgerProblem
from orch_magic.core.events import Event
from orch_magic.core.fold import EpicState, replay
from orch_magic.core.ports import Ledger
from orch_magic.core.work import CurrentTask
from orch_magic.ledger.sqlite import SqliteLedger
from orch_magic.testing import MemoryLedger


@pytest.fixture(params=["memory", "sqlite"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    if request.param == "memory":
        yield MemoryLedger()
        return
    real = SqliteLedger(tmp_path / "orch" / "ledger.db")
    yield real
    real.close()


def write(ledger: Ledger, *events: Event) -> EpicState:
    state, _ = ledger.append(events[0].epic_id, lambda _: events)
    return state


def test_an_epic_that_nothing_happened_to_does_not_exist(ledger: Ledger) -> None:
    assert ledger.state(EPIC) == EpicState(epic_id=EPIC)
    assert ledger.epics() == ()
    assert list(ledger.events(EPIC)) == []
    assert ledger.verify(EPIC) == ()


def test_an_append_gives_the_state_after_and_the_events_written(ledger: Ledger) -> None:
    events = (opened(), started(), spent("0.10"))
    state, written = ledger.append(EPIC, lambda _: events)
    assert written == events
    assert state == replay(EPIC, events) == ledger.state(EPIC)


def test_every_kind_of_event_comes_back_as_it_was_in_its_order(ledger: Ledger) -> None:
    for event in ONE_OF_EACH:
        write(ledger, event)
    assert tuple(ledger.events(EPIC)) == ONE_OF_EACH
    assert ledger.state(EPIC) == replay(EPIC, ONE_OF_EACH)
    assert ledger.verify(EPIC) == ()


def test_events_can_be_asked_for_by_kind(ledger: Ledger) -> None:
    write(ledger, *ONE_OF_EACH, spent("2", "sp-2"))
    assert [e.kind for e in ledger.events(EPIC, "spent")] == ["spent", "spent"]
    assert list(ledger.events(EPIC, "never_heard_of")) == []


def test_events_asked_for_are_those_of_that_moment(ledger: Ledger) -> None:
    write(ledger, opened())
    asked = ledger.events(EPIC)
    write(ledger, note("later"))
    assert list(asked) == [opened()]


def test_a_decision_sees_all_that_was_written_before(ledger: Ledger) -> None:
    seen = []

    def decide(state: EpicState) -> tuple[Event, ...]:
        seen.append(state.spend_count)
        return (spent("1"),)

    for _ in range(3):
        ledger.append(EPIC, decide)
    assert seen == [0, 1, 2]


@pytest.mark.parametrize("durable", [True, False])
def test_durable_or_not_what_was_appended_is_there(
    ledger: Ledger, durable: bool
) -> None:
    ledger.append(EPIC, lambda _: (cell_ran(FAILURE),), durable=durable)
    assert ledger.state(EPIC).cells.failed == 1


@pytest.mark.parametrize(
    "error",
    [ValueError("no"), KeyboardInterrupt(), OSError("no disk"), BadInput("no", "do")],
    ids=repr,
)
def test_where_a_decision_raises_nothing_is_written_and_the_error_goes_through(
    ledger: Ledger, error: BaseException
) -> None:
    write(ledger, opened())

    def decide(_: EpicState) -> tuple[Event, ...]:
        raise error

    with pytest.raises(type(error)) as caught:
        ledger.append(EPIC, decide)
    assert caught.value is error
    assert list(ledger.events(EPIC)) == [opened()]
    assert write(ledger, note("it still works")).notes


def test_a_decision_for_nothing_writes_nothing(ledger: Ledger) -> None:
    state, written = ledger.append(EPIC, lambda _: ())
    assert (state.exists, written) == (False, ())
    assert ledger.epics() == ()


def test_all_events_of_a_decision_are_written_or_none(ledger: Ledger) -> None:
    write(ledger, opened())
    wrong = (spent("1"), note("hello", epic_id="other"))
    with pytest.raises(BadInput, match="other"):
        ledger.append(EPIC, lambda _: wrong)
    assert list(ledger.events(EPIC)) == [opened()]
    assert ledger.state(EPIC).spent_usd == 0


def test_what_can_not_be_kept_is_refused_before_it_is_written(ledger: Ledger) -> None:
    with pytest.raises(BadInput, match="can't be kept"):
        write(ledger, cell_ran(seconds=float("inf")))
    assert ledger.state(EPIC) == EpicState(epic_id=EPIC)


@pytest.mark.parametrize("name", ["", "../up", "two words", "x" * 65])
def test_a_name_that_no_epic_can_have_is_refused(ledger: Ledger, name: str) -> None:
    with pytest.raises(BadInput, match="can't be an epic's name"):
        ledger.state(name)
    with pytest.raises(BadInput, match="can't be an epic's name"):
        ledger.append(name, lambda _: ())


def test_epics_know_nothing_of_one_another(ledger: Ledger) -> None:
    write(ledger, opened("one"), spent("1", epic_id="one"))
    write(ledger, opened("two"), spent("2", epic_id="two"))
    assert ledger.state("one").spent_usd == 1
    assert ledger.state("two").spent_usd == 2
    assert [event.epic_id for event in ledger.events("one")] == ["one", "one"]


def test_epics_come_in_the_order_of_their_newest_event(ledger: Ledger) -> None:
    for epic in ("a", "b", "c", "a"):
        write(ledger, opened(epic))
    assert ledger.epics() == ("a", "c", "b")


def test_a_decision_may_look_but_not_write(ledger: Ledger) -> None:
    forbidden: list[Callable[[], object]] = [
        lambda: ledger.append(EPIC, lambda _: (opened(),)),
        lambda: ledger.beat("sess-1", AT),
    ]
    for write_inside in forbidden:

        def decide(
            state: EpicState, write_inside: Callable[[], object] = write_inside
        ) -> tuple[Event, ...]:
            assert ledger.state(EPIC) == state
            write_inside()
            return ()

        with pytest.raises(LedgerProblem, match="Return the events instead"):
            ledger.append(EPIC, decide)
    assert not ledger.state(EPIC).exists
    assert write(ledger, opened()).exists


def test_the_last_beat_of_a_session_is_the_one_that_counts(ledger: Ledger) -> None:
    assert ledger.last_beat("sess-1") is None
    ledger.beat("sess-1", AT)
    ledger.beat("sess-2", AT + timedelta(hours=1))
    ledger.beat("sess-1", AT + timedelta(seconds=5))
    assert ledger.last_beat("sess-1") == AT + timedelta(seconds=5)
    assert ledger.last_beat("sess-2") == AT + timedelta(hours=1)


def test_a_beat_is_no_event(ledger: Ledger) -> None:
    ledger.beat("sess-1", AT)
    assert ledger.epics() == ()


def test_money_is_exact_to_the_last_digit(ledger: Ledger) -> None:
    write(ledger, opened(), budget("1"))
    for number in range(30):
        write(ledger, spent("0.1", f"sp-{number}"))
        write(ledger, spent("1E-40", f"tiny-{number}"))
    assert ledger.state(EPIC).spent_usd == Decimal("3" + "." + "0" * 38 + "30")


def test_fields_that_nobody_knows_are_the_same_in_state_and_replay(
    ledger: Ledger,
) -> None:
    task = CurrentTask.model_validate({"issueId": "cs-1", "price": Decimal("1.50")})
    write(ledger, ev.TaskSet(epic_id=EPIC, at=AT, task=task))
    assert ledger.state(EPIC) == replay(EPIC, ledger.events(EPIC))
    assert ledger.verify(EPIC) == ()


def test_several_threads_lose_nothing_and_keep_one_order(ledger: Ledger) -> None:
    threads, each = 4, 25
    seen: list[int] = []
    ready = threading.Barrier(threads)

    def work(number: int) -> None:
        ready.wait()
        for turn in range(each):

            def decide(state: EpicState, turn: int = turn) -> tuple[Event, ...]:
                seen.append(state.spend_count)
                return (spent("0.01", f"{number}-{turn}"),)

            ledger.append(EPIC, decide, durable=False)

    workers = [threading.Thread(target=work, args=(n,)) for n in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert seen == list(range(threads * each))
    ids = [event.spend.id for event in ledger.events(EPIC, "spent")]
    assert len(set(ids)) == threads * each
    for number in range(threads):
        mine = [id_ for id_ in ids if id_.startswith(f"{number}-")]
        assert mine == [f"{number}-{turn}" for turn in range(each)]
    assert ledger.state(EPIC).spent_usd == threads * each * Decimal("0.01")
