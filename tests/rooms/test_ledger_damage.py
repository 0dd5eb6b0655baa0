"""Damage to the ledger's file: noticed, set aside, and mined for what is left."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from event_samples import EPIC, ONE_OF_EACH, note, opened, spent

from orch_magic.core.errors import LedgerDamaged, LedgerProblem
from orch_magic.core.events import Event
from orch_magic.ledger.rescue import salvage, set_aside
from orch_magic.ledger.schema import CHECKED_BELOW_BYTES
from orch_magic.ledger.sqlite import SqliteLedger

PAGE = 4096
EVENTS = (opened(), *(note(f"note {n} " + "x" * 500) for n in range(200)))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A ledger of 201 events on some fifty pages, with nobody using it."""
    path = tmp_path / "ledger.db"
    ledger = SqliteLedger(path)
    ledger.append(EPIC, lambda _: EVENTS)
    ledger.close()
    assert path.stat().st_size > 30 * PAGE
    return path


@pytest.fixture
def ledger(path: Path) -> Iterator[SqliteLedger]:
    ledger = SqliteLedger(path)
    yield ledger
    ledger.close()


def scribble(path: Path, at: int, length: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(b"\xa5" * length)


def page_of(path: Path, text: str) -> int:
    """Where the page begins on which some text stands."""
    return path.read_bytes().index(text.encode()) // PAGE * PAGE


def no_header(path: Path) -> None:
    scribble(path, 0, 100)


def no_database(path: Path) -> None:
    path.write_text("these are my notes on SQLite\n" * 100)


def no_first_page(path: Path) -> None:
    scribble(path, 100, PAGE - 100)


def no_middle_page(path: Path) -> None:
    scribble(path, page_of(path, "note 100 "), PAGE)


def cut_in_half(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def cut_within_a_page(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 1000)


def no_table(path: Path) -> None:
    run_sql(path, "DROP TABLE events")


def no_beats(path: Path) -> None:
    run_sql(path, "DROP TABLE beats")


def no_event_in_a_row(path: Path) -> None:
    run_sql(path, "UPDATE events SET body = 'garbage' WHERE seq = 100")


def half_an_event_in_a_row(path: Path) -> None:
    run_sql(path, "UPDATE events SET body = substr(body, 1, 50) WHERE seq = 100")


def run_sql(path: Path, statement: str) -> None:
    db = sqlite3.connect(path)
    with db:
        db.execute(statement)
    db.close()


EVERY_DAMAGE = [
    no_header,
    no_database,
    no_first_page,
    no_middle_page,
    cut_in_half,
    cut_within_a_page,
    no_table,
    no_beats,
    no_event_in_a_row,
    half_an_event_in_a_row,
]


def use(ledger: SqliteLedger) -> None:
    """Everything a ledger is used for; the first use that meets damage raises."""
    list(ledger.events(EPIC))
    ledger.state(EPIC)
    ledger.last_beat("sess-1")
    ledger.append(EPIC, lambda _: (note("new"),))


def use_twice(ledger: SqliteLedger) -> None:
    """As a kernel does, and the next one, which finds what a cache had hidden."""
    use(ledger)
    ledger.close()
    use(ledger)


@pytest.mark.parametrize("damage", EVERY_DAMAGE)
def test_damage_is_told_in_one_line_and_a_new_ledger_can_be_made(
    path: Path, ledger: SqliteLedger, damage: Callable[[Path], None]
) -> None:
    damage(path)
    with pytest.raises(LedgerDamaged) as caught:
        use(ledger)
    line = str(caught.value)
    assert str(path) in line
    assert "\n" not in line
    assert "set aside and rebuilt" in line
    broken = path.read_bytes()
    aside = set_aside(path, "2026")
    assert aside == path.with_name("ledger.damaged-2026.db")
    assert aside.read_bytes() == broken
    assert not path.exists()
    found = salvage(aside)
    assert is_in_order(found)
    for event in found:
        ledger.append(EPIC, lambda _, event=event: (event,), durable=False)
    assert list(ledger.events(EPIC)) == found
    assert ledger.verify(EPIC) == ()


@pytest.mark.parametrize("damage", EVERY_DAMAGE)
def test_damage_that_comes_while_the_file_is_open_is_noticed_too(
    path: Path, damage: Callable[[Path], None]
) -> None:
    ledger = SqliteLedger(path)
    use(ledger)
    ledger._file.connection().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    ledger._file.connection().execute("PRAGMA shrink_memory")
    damage(path)
    ledger._file.connection().execute("PRAGMA cache_size = 0")
    with pytest.raises(LedgerDamaged):
        use_twice(ledger)
    ledger.close()


def is_in_order(events: list[Event]) -> bool:
    remaining = iter(EVENTS)
    return all(event in remaining for event in events)


def test_all_but_the_broken_page_is_salvaged(path: Path) -> None:
    no_middle_page(path)
    found = salvage(path)
    assert is_in_order(found)
    assert found[0] == EVENTS[0]
    assert found[-1] == EVENTS[-1]
    assert len(EVENTS) - 10 < len(found) < len(EVENTS)


def test_all_but_the_broken_event_is_salvaged(path: Path) -> None:
    no_event_in_a_row(path)
    assert salvage(path) == [*EVENTS[:99], *EVENTS[100:]]


@pytest.mark.parametrize("damage", [no_header, no_database, no_table])
def test_where_nothing_can_be_read_nothing_is_salvaged(
    path: Path, damage: Callable[[Path], None]
) -> None:
    damage(path)
    assert salvage(path) == []


def test_where_no_file_is_nothing_is_salvaged_or_made(tmp_path: Path) -> None:
    assert salvage(tmp_path / "gone.db") == []
    assert list(tmp_path.iterdir()) == []


def test_every_kind_of_event_is_salvaged_as_it_was(tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path / "ledger.db")
    ledger.append(EPIC, lambda _: ONE_OF_EACH)
    ledger.append("other", lambda _: (spent("1", epic_id="other"),))
    ledger.close()
    run_sql(tmp_path / "ledger.db", "DROP TABLE beats")
    found = salvage(set_aside(tmp_path / "ledger.db", "now"))
    assert found == [*ONE_OF_EACH, spent("1", epic_id="other")]


def test_what_stands_in_the_log_alone_is_salvaged_too(path: Path) -> None:
    """A killed process leaves its newest events in the log beside the file."""
    script = f"""
import os, sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parents[1])!r})
from event_samples import EPIC, note
from orch_magic.ledger.sqlite import SqliteLedger
ledger = SqliteLedger(Path(sys.argv[1]))
ledger.append(EPIC, lambda _: (note("in the log"),))
ledger._file.connection().execute("DROP TABLE beats")
os._exit(0)
"""
    env = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    subprocess.run([sys.executable, "-c", script, path], check=True, env=env)
    assert path.with_name("ledger.db-wal").stat().st_size
    assert salvage(set_aside(path, "now")) == [*EVENTS, note("in the log")]


def test_nothing_that_was_set_aside_before_is_overwritten(path: Path) -> None:
    kept = path.with_name("ledger.damaged-now.db")
    kept.write_text("an older one")
    path.with_name("ledger.damaged-now-2.db-wal").write_text("the log of another")
    no_header(path)
    assert set_aside(path, "now").name == "ledger.damaged-now-3.db"
    assert kept.read_text() == "an older one"


def test_of_two_processes_that_met_the_same_damage_one_sets_it_aside(
    path: Path,
) -> None:
    first, second = SqliteLedger(path), SqliteLedger(path)
    no_header(path)
    for ledger in (first, second):
        with pytest.raises(LedgerDamaged):
            ledger.state(EPIC)
    set_aside(path, "first")
    first.append(EPIC, lambda _: (opened(),))
    with pytest.raises(LedgerProblem, match="another process has mended it"):
        set_aside(path, "second")
    assert second.state(EPIC).exists
    first.close()
    second.close()


def test_a_process_that_still_had_the_damaged_file_open_goes_on_with_the_new_one(
    path: Path,
) -> None:
    bystander = SqliteLedger(path)
    assert bystander.state(EPIC).exists
    run_sql(path, "DROP TABLE beats")
    set_aside(path, "now")
    fresh = SqliteLedger(path)
    fresh.append(EPIC, lambda _: (note("a new beginning"),))
    assert [n.text for n in bystander.state(EPIC).notes] == ["a new beginning"]
    bystander.append(EPIC, lambda _: (note("together"),))
    assert len(fresh.state(EPIC).notes) == 2
    bystander.close()
    fresh.close()


def test_an_empty_file_is_a_new_ledger(path: Path, ledger: SqliteLedger) -> None:
    os.truncate(path, 0)
    assert ledger.epics() == ()
    state, _ = ledger.append(EPIC, lambda _: (opened(),))
    assert state.exists


def test_without_its_log_the_file_is_what_it_was_before(path: Path) -> None:
    """The log may hold the newest events; without it what is left is sound."""
    script = f"""
import os, sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parents[1])!r})
from event_samples import EPIC, note
from orch_magic.ledger.sqlite import SqliteLedger
SqliteLedger(Path(sys.argv[1])).append(EPIC, lambda _: (note("in the log"),))
os._exit(0)
"""
    env = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    subprocess.run([sys.executable, "-c", script, path], check=True, env=env)
    path.with_name("ledger.db-wal").unlink()
    ledger = SqliteLedger(path)
    assert tuple(ledger.events(EPIC)) == EVENTS
    assert ledger.verify(EPIC) == ()
    ledger.append(EPIC, lambda _: (note("goes on"),))
    ledger.close()


def test_a_large_file_opens_without_a_check_and_verify_still_finds_its_damage(
    tmp_path: Path,
) -> None:
    path = tmp_path / "ledger.db"
    ledger = SqliteLedger(path)
    big = tuple(note(f"note {n} " + "x" * 100_000) for n in range(90))
    ledger.append(EPIC, lambda _: (opened(), *big), durable=False)
    ledger.append("other", lambda _: (opened("other"),))
    ledger.close()
    assert path.stat().st_size > CHECKED_BELOW_BYTES
    scribble(path, page_of(path, "note 50 "), PAGE)
    assert ledger.state("other").exists
    with pytest.raises(LedgerDamaged):
        ledger.state(EPIC)
    assert_verify_finds_it(ledger)
    ledger.close()


def assert_verify_finds_it(ledger: SqliteLedger) -> None:
    try:
        lines = ledger.verify("other")
    except LedgerDamaged:
        return
    assert lines
