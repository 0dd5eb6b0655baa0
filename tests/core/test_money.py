"""Amounts: read strictly, summed exactly, never rounded behind anyone's back."""

from __future__ import annotations

import decimal
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from orch_magic.core.errors import BadInput
from orch_magic.core.money import BudgetLevel, Spend, budget_status, passes
from orch_magic.core.values import (
    FINEST_USD,
    MOST_USD,
    Usd,
    add_usd,
    parse_usd,
    show_usd,
)
from orch_magic.core.work import SessionContext

amounts = st.one_of(
    st.decimals(0, MOST_USD - 1, places=6),
    st.decimals(0, 1, places=40),
    st.integers(0, 999_999_999).map(Decimal),
    st.floats(0, 1e6, allow_nan=False).filter(lambda f: f == 0 or f > 1e-20),
).map(parse_usd)

NO_AMOUNTS = (
    "abc", "", " ", "-1", "-0.01", "$-5", "nan", "sNaN", "inf", "-inf", "1e999",
    "1e9", "5,00", "1,000.00", "5 00", "1E-41", "0x10", "5$", "$", "½",
    float("nan"), float("inf"), -1, -0.5, Decimal("NaN"), Decimal(-1),
    True, False, None, b"5", [], {}, 5j,
)  # fmt: skip


@pytest.mark.parametrize("raw", NO_AMOUNTS, ids=repr)
def test_what_is_no_amount_is_refused_in_one_line_with_a_fix(raw: object) -> None:
    with pytest.raises(BadInput) as caught:
        parse_usd(raw)
    assert "\n" not in str(caught.value)
    assert caught.value.fix


@pytest.mark.parametrize(
    ("raw", "amount"),
    [
        ("5.00", "5"), ("$5", "5"),
        (" 7.50 ", "7.5"), (5, "5"), ("0", "0"), ("-0", "0"),
        (0.1, "0.1"), (1.2345678901234568e-05, "0.000012345678901234568"),
        (Decimal("0.30"), "0.3"), ("1e3", "1000"), ("0E-1000", "0"), ("1E-40", "1E-40"),
    ],
    ids=repr,
)  # fmt: skip
def test_an_amount_is_read_exactly(raw: object, amount: str) -> None:
    assert parse_usd(raw) == Decimal(amount)


def test_a_comma_is_answered_with_the_right_spelling() -> None:
    with pytest.raises(BadInput, match=r"Write a point: 5\.00"):
        parse_usd("5,00")


def test_a_callers_coarse_decimal_context_changes_no_amount() -> None:
    limit, gone = Decimal("12345.678901"), Decimal("0.000001")
    with decimal.localcontext() as context:
        context.prec = 3
        context.traps[decimal.Inexact] = True
        assert parse_usd("12345.678901") == limit
        assert add_usd(limit, gone) == Decimal("12345.678902")
        assert show_usd(Decimal("12345.678901")) == "$12,345.6789"
        status = budget_status(limit, gone)
    assert status.remaining_usd == Decimal("12345.678900")


@given(st.lists(amounts, max_size=50))
def test_a_sum_is_exact_and_knows_no_order(many: list[Decimal]) -> None:
    total = add_usd(*many)
    assert Fraction(total) == sum(map(Fraction, many))
    assert total == add_usd(*reversed(many))


@given(amounts)
def test_an_amount_survives_json(amount: Decimal) -> None:
    adapter = TypeAdapter(Usd)
    assert adapter.validate_json(adapter.dump_json(amount)) == amount
    context = SessionContext(session_cost=amount, budget_remaining=amount)
    again = SessionContext.model_validate_json(context.model_dump_json())
    assert again == context


@given(amounts, amounts, amounts)
def test_a_budgets_remainder_is_exact_whatever_was_spent(
    limit: Decimal, spent: Decimal, reserved: Decimal
) -> None:
    status = budget_status(limit, spent, reserved=reserved)
    left = Fraction(limit) - Fraction(spent) - Fraction(reserved)
    assert Fraction(status.remaining_usd or 0) == max(left, 0)
    gone = left <= 0 and (spent or reserved)
    assert (status.level is BudgetLevel.EXCEEDED) == bool(gone)


def test_thirds_of_the_limit_leave_a_remainder_too_small_to_see() -> None:
    third = Decimal(1) / 3
    status = budget_status(Decimal(1), add_usd(third, third, third))
    assert status.remaining_usd == Decimal("1E-28")
    assert status.level is BudgetLevel.WARNING


@pytest.mark.parametrize(
    ("limit", "spent", "level", "fraction"),
    [
        (None, "1000", "ok", 0.0),
        ("10", "0", "ok", 0.0),
        ("10", "7.99", "ok", 0.799),
        ("10", "8", "warning", 0.8),
        ("10", "9.99", "warning", 0.999),
        ("10", "10", "exceeded", 1.0),
        ("10", "15", "exceeded", 1.5),
        ("0", "0", "ok", 0.0),
        ("0", "0.01", "exceeded", 1.0),
        # in binary fractions 0.1 * 0.8 is not quite 0.08
        ("0.1", "0.08", "warning", 0.8),
    ],
)
def test_a_budget_warns_at_four_fifths_and_stops_at_the_limit(
    limit: str | None, spent: str, level: str, fraction: float
) -> None:
    status = budget_status(limit and Decimal(limit), Decimal(spent))
    assert (status.level, status.fraction) == (level, fraction)


def test_where_it_warns_can_be_chosen() -> None:
    status = budget_status(Decimal(10), Decimal(5), warning_fraction=0.5)
    assert status.level is BudgetLevel.WARNING


def test_reserved_money_counts_as_used() -> None:
    status = budget_status(Decimal(10), Decimal(4), reserved=Decimal(6))
    assert status.level is BudgetLevel.EXCEEDED
    assert status.remaining_usd == 0


def test_only_what_is_above_a_limit_passes_it() -> None:
    assert not passes(None, Decimal(10**6))
    assert not passes(Decimal(5), Decimal(5))
    assert passes(Decimal(5), add_usd(Decimal(5), FINEST_USD))


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("5", "$5.00"), ("0", "$0.00"), ("0E-30", "$0.00"), ("0.0123", "$0.0123"),
        ("1234567.5", "$1,234,567.50"), ("1E+3", "$1,000.00"), ("5.00004", "$5.00"),
        ("0.0000001", "$0.0000001"), ("4.999999", "$5.00"), ("0.012345678", "$0.0123"),
    ],
)  # fmt: skip
def test_an_amount_is_shown_as_people_write_it(amount: str, shown: str) -> None:
    assert show_usd(Decimal(amount)) == shown


@given(amounts)
def test_money_that_was_spent_is_never_shown_as_nothing(amount: Decimal) -> None:
    shown = show_usd(amount).removeprefix("$").replace(",", "")
    assert bool(Decimal(shown)) == bool(amount)
    assert abs(Decimal(shown) - amount) <= Decimal("0.00005")
    assert len(shown.partition(".")[2]) >= 2


@pytest.mark.parametrize("usd", ["-1", "nan", 1e400, True, None])
def test_a_spend_of_no_amount_is_no_value(usd: object) -> None:
    with pytest.raises(ValidationError):
        Spend(id="sp-1", usd=usd, at="2026-11-22T07:36:00Z")
