"""When a checkpoint is due."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from orch_magic.core.policy import CheckpointPolicy, Occasion

OCCASIONS: tuple[Occasion, ...] = ("start", "error", "issue")


def test_the_promise_is_fifteen_minutes() -> None:
    policy = CheckpointPolicy()
    assert not policy.due_by_time(15 * 60 - 0.001)
    assert policy.due_by_time(15 * 60)


def test_the_interval_can_be_a_fraction_of_a_minute() -> None:
    policy = CheckpointPolicy(interval_minutes=0.05)
    assert not policy.due_by_time(2.9)
    assert policy.due_by_time(3)


@pytest.mark.parametrize("minutes", [0, -1, float("nan")])
def test_an_interval_of_no_length_is_refused(minutes: float) -> None:
    with pytest.raises(ValidationError):
        CheckpointPolicy(interval_minutes=minutes)


def test_by_itself_start_and_errors_ask_for_one_and_a_done_issue_does_not() -> None:
    policy = CheckpointPolicy()
    wanted = {o: policy.wants(o) for o in OCCASIONS}
    assert wanted == {"start": True, "error": True, "issue": False}


@pytest.mark.parametrize(
    ("occasion", "flag"),
    [("start", "on_start"), ("error", "on_error"), ("issue", "on_issue_done")],
)
def test_each_occasion_has_its_switch_and_only_that(
    occasion: Occasion, flag: str
) -> None:
    switches = ("on_start", "on_error", "on_issue_done")
    only = CheckpointPolicy(**{name: name == flag for name in switches})
    assert [o for o in OCCASIONS if only.wants(o)] == [occasion]


def test_the_cost_threshold_is_reached_at_four_fifths_of_the_limit() -> None:
    policy = CheckpointPolicy()
    assert not policy.crosses(0.7999, crossed_before=False)
    assert policy.crosses(0.8, crossed_before=False)
    assert policy.crosses(3.0, crossed_before=False)


@given(st.floats(0, 100))
def test_a_threshold_that_was_crossed_before_is_not_crossed_again(
    fraction: float,
) -> None:
    assert not CheckpointPolicy().crosses(fraction, crossed_before=True)


@given(st.floats(0, 100), st.booleans())
def test_without_a_threshold_nothing_crosses_it(
    fraction: float, crossed_before: bool
) -> None:
    policy = CheckpointPolicy(cost_threshold=None)
    assert not policy.crosses(fraction, crossed_before=crossed_before)


@pytest.mark.parametrize("threshold", [0, -0.1, 1.01, 80])
def test_a_threshold_is_a_share_and_nothing_else(threshold: float) -> None:
    with pytest.raises(ValidationError):
        CheckpointPolicy(cost_threshold=threshold)
