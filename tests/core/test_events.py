"""Events: each kind survives JSON, exactly, and has a rule that folds it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, get_args

import pytest
from event_samples import AT, EPIC, FAILURE, ONE_OF_EACH, cell_ran, note, spent
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from orch_magic.core import events as ev
from orch_magic.core.errors import BadInput
from orch_magic.core.events import Event, read_event, write_event
from orch_magic.core.fold import EpicState, _changes, fold
from orch_magic.core.rows import rows_of

KINDS = get_args(get_args(Event)[0])
IDS = [f"{n}-{event.kind}" for n, event in enumerate(ONE_OF_EACH)]


def test_the_samples_have_every_kind() -> None:
    assert {type(event) for event in ONE_OF_EACH} == set(KINDS)


def test_no_two_kinds_share_a_name() -> None:
    names = [kind.model_fields["kind"].default for kind in KINDS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_has_a_rule_of_its_own(kind: type) -> None:
    assert _changes.dispatch(kind) is not _changes.dispatch(object)


@pytest.mark.parametrize("event", ONE_OF_EACH, ids=IDS)
def test_every_event_survives_json(event: Event) -> None:
    line = write_event(event)
    again = read_event(line)
    assert again == event
    assert type(again) is type(event)
    assert "\n" not in line
    assert write_event(again) == line


@pytest.mark.parametrize("event", ONE_OF_EACH, ids=IDS)
def test_the_first_event_of_any_kind_makes_the_epic_exist(event: Event) -> None:
    assert fold(EpicState(epic_id=EPIC), event).exists


def test_something_that_is_no_event_has_no_rule() -> None:
    anything: Any = "an event"
    with pytest.raises(TypeError, match="no rule for str"):
        fold(EpicState(epic_id=EPIC), anything)


@given(st.text())
def test_text_of_any_kind_survives_or_is_refused_before_it_is_kept(text: str) -> None:
    try:
        (row,) = rows_of(EPIC, [note(text)])
    except BadInput:
        assert any("\ud800" <= letter <= "\udfff" for letter in text)
    else:
        assert read_event(row.line).text == text


@given(st.decimals(0, 10**8, places=30))
def test_an_amount_in_an_event_keeps_every_digit(usd: Decimal) -> None:
    event = spent(str(usd))
    assert read_event(write_event(event)).spend.usd == usd


@pytest.mark.parametrize(
    "line",
    ["", "{}", "null", '{"kind": "never_heard_of"}', write_event(note("hello"))[:-5]],
)
def test_a_line_that_is_no_event_is_refused(line: str) -> None:
    with pytest.raises(ValidationError):
        read_event(line)


def test_rows_give_back_what_reading_them_would() -> None:
    rows = rows_of(EPIC, ONE_OF_EACH)
    assert [row.event for row in rows] == [read_event(row.line) for row in rows]


def test_an_event_of_another_epic_makes_no_row() -> None:
    with pytest.raises(BadInput, match="epic other can't be written to epic mine"):
        rows_of("mine", [note("hello", epic_id="other")])


def test_a_duration_without_end_makes_no_row() -> None:
    with pytest.raises(BadInput, match=r"can't be kept: cell_ran\.seconds"):
        rows_of(EPIC, [cell_ran(FAILURE, seconds=float("inf"))])


def test_a_value_that_json_has_no_form_for_makes_no_row() -> None:
    event = spent("1")
    usage = event.spend.usage.replace(raw={"reply": object()})
    strange = event.replace(spend=event.spend.replace(usage=usage))
    with pytest.raises(BadInput, match="spent event can't be kept"):
        rows_of(EPIC, [strange])


def test_an_event_names_its_moment_in_utc() -> None:
    event = ev.EpicOpened(epic_id=EPIC, at="2026-11-22T09:36:00.123456+02:00")
    assert event.at == AT
    assert '"2026-11-22T07:36:00.123456Z"' in write_event(event)


def test_an_event_without_a_time_zone_is_none() -> None:
    with pytest.raises(ValidationError):
        ev.EpicOpened(epic_id=EPIC, at="2026-11-22T09:36:00")
