"""The benchmarks' own machinery: a broken promise can't pass. Nothing is timed here."""

from __future__ import annotations

import importlib
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def table(monkeypatch):
    monkeypatch.syspath_prepend(ROOT)
    return importlib.import_module("benchmarks.table")


def ask(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_a_figure_beyond_its_promise_is_broken_and_shown_so(table):
    promise = table.Promise(1.3, "x")
    slow = table.Row("start", "40 ms", "peer 20 ms", 2.0, "x", promise)
    quick = table.Row("start", "10 ms", "peer 20 ms", 0.5, "x", promise)
    assert (slow.verdict, quick.verdict) == ("BROKEN", "kept")
    assert table.is_broken([table.Section("a", (quick,)), table.Section("b", (slow,))])
    assert not table.is_broken([table.Section("a", (quick,))])
    text = table.as_text(table.Section("b", (slow,), ("seen twice",)))
    assert "=== b" in text
    assert "40 ms" in text
    assert "peer 20 ms" in text
    assert "2x" in text
    assert "< 1.3x" in text
    assert "BROKEN" in text
    assert "seen twice" in text


def test_the_limit_itself_is_kept_only_where_it_says_so(table):
    assert table.Promise(1.0, may_be_equal=True).holds(1.0)
    assert not table.Promise(1.0).holds(1.0)
    assert table.NONE.holds(0)
    assert not table.NONE.holds(1)


def test_a_promise_that_nobody_measured_is_broken(table):
    row = table.Row("forgotten", promise=table.NONE)
    assert row.verdict == "BROKEN"
    assert table.Row("only to be read", figure=9.0).verdict == ""


def test_a_figure_that_is_no_number_keeps_no_promise(table):
    row = table.Row("start", figure=float("nan"), promise=table.Promise(1.0))
    assert row.verdict == "BROKEN"


@pytest.mark.parametrize("way", [["-m", "benchmarks"], ["benchmarks"]])
def test_list_names_all_four(way):
    listed = ask(*way, "--list")
    assert listed.returncode == 0, listed.stderr
    assert listed.stdout.split() == ["start-up", "cell", "checkpoint", "crash"]


def test_an_unknown_name_is_refused_with_the_known_ones():
    refused = ask("-m", "benchmarks", "--only", "speed")
    assert refused.returncode == 2
    assert "start-up" in refused.stderr


def test_the_exit_code_says_that_a_promise_is_broken(monkeypatch, capsys, table):
    main = importlib.import_module("benchmarks.__main__")
    section = table.Section("cell", (table.Row("slow", promise=table.NONE, figure=1),))
    cell = importlib.import_module("benchmarks.cell")
    monkeypatch.setattr(cell, "measure", lambda run: section)
    assert main.main(["--short", "--only", "cell", "--seed", "7"]) == 1
    assert "seed 7" in capsys.readouterr().out


def test_the_books_see_a_lost_spend_a_wrong_cost_and_a_number_used_twice(monkeypatch):
    monkeypatch.syspath_prepend(ROOT)
    books = importlib.import_module("benchmarks.crash_books").Books(Decimal(10))
    told = importlib.import_module("benchmarks.crash_log").Told

    def began(number, parent, usd, spends):
        facts = {"number": number, "id": f"s{number}", "parent": parent, "usd": usd}
        left = str(Decimal(10) - Decimal(usd))
        return told("began", {**facts, "remaining": left, "spends": spends})

    def spent(word, usd):
        return told(word, {"usd": usd})

    first = (began(1, None, "0", 0), spent("spent", "2"), spent("spending", "1"))
    books.enter(first)
    books.enter_death(first)
    books.enter((began(2, "s1", "3", 2),))  # the one in flight is there: that's right
    assert not books.lost_spends + books.wrong_costs + books.wrong_sessions
    books.enter((began(2, "s1", "2", 1),))
    assert len(books.lost_spends) == 1
    assert len(books.wrong_costs) == 1
    assert len(books.wrong_sessions) == 1
