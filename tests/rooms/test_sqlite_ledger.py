"""The real ledger among real processes: shared, killed, forked, locked, refused."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from event_samples import EPIC, ONE_OF_EACH, cell_ran, note, opened, spent

from orch_magic.core.errors import LedgerDamaged, LedgerProblem
from orch_magic.core.events import Event
from orch_magic.core.fold import EpicState, replay
from orch_magic.ledger import file as ledger_file
from orch_magic.ledger import shortcuts
from orch_magic.ledger.sqlite import SqliteLedger

SAMPLES = Path(__file__).parents[1]

PRELUDE = """
import os, sys, threading
from pathlib import Path
from event_samples import EPIC, note, spent
from orch_magic.core.errors import LedgerProblem
from orch_magic.ledger.sqlite import SqliteLedger
ledger = SqliteLedger(Path(sys.argv[1]))
def write(text, durable=False):
    events = (note(text), spent("0.01", text))
    ledger.append(EPIC, lambda _: events, durable=durable)
"""


def run(script: str, path: Path, *args: str) -> subprocess.Popen[str]:
    """Start a process of its own that has the ledger at ``path``."""
    roots = [str(SAMPLES), *(root for root in sys.path if root)]
    return subprocess.Popen(
        [sys.executable, "-c", PRELUDE + script, str(path), *args],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(roots)},
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "orch" / "ledger.db"


@pytest.fixture
def ledger(path: Path) -> Iterator[SqliteLedger]:
    real = SqliteLedger(path)
    yield real
    real.close()


def write(ledger: SqliteLedger, *events: Event, durable: bool = False) -> EpicState:
    state, _ = ledger.append(EPIC, lambda _: events, durable=durable)
    return state


def texts(ledger: SqliteLedger) -> list[str]:
    return [event.text for event in ledger.events(EPIC, "note_added")]


def test_file_and_folder_are_made_on_first_use_and_not_before(path: Path) -> None:
    ledger = SqliteLedger(path)
    assert not path.parent.exists()
    write(ledger, opened())
    ledger.close()
    db = sqlite3.connect(path)
    assert db.execute("PRAGMA user_version").fetchone() == (1,)
    assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    db.close()


def test_several_processes_at_once_lose_nothing_and_keep_one_order(
    path: Path, ledger: SqliteLedger
) -> None:
    script = """
sys.stdin.readline()
for turn in range(40):
    write(f"{sys.argv[2]}-{turn}")
"""
    writers = [run(script, path, name) for name in "abcd"]
    for writer in writers:  # at the same moment, with no file there yet
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate()
        assert writer.returncode == 0
    written = texts(ledger)
    for name in "abcd":
        mine = [text for text in written if text.startswith(name)]
        assert mine == [f"{name}-{turn}" for turn in range(40)]
    state = ledger.state(EPIC)
    assert state.spend_count == len(written) == 160
    assert state.spent_usd == Decimal("1.60")
    assert state == replay(EPIC, ledger.events(EPIC))
    assert ledger.verify(EPIC) == ()


@pytest.mark.parametrize("durable", ["durable", ""])
def test_what_a_killed_process_had_acknowledged_is_all_there(
    path: Path, ledger: SqliteLedger, durable: str
) -> None:
    script = """
turn = 0
while True:
    write(str(turn), durable=bool(sys.argv[2]))
    print(turn, flush=True)
    turn += 1
"""
    writer = run(script, path, durable)
    for _ in range(50):
        writer.stdout.readline()
    writer.send_signal(signal.SIGKILL)
    rest, _ = writer.communicate()
    acknowledged = 50 + sum(
        1 for line in rest.splitlines(keepends=True) if "\n" in line
    )
    written = texts(ledger)
    assert written == [str(turn) for turn in range(len(written))]
    assert acknowledged <= len(written) <= acknowledged + 1
    assert ledger.state(EPIC).spend_count == len(written)
    assert ledger.verify(EPIC) == ()
    assert write(ledger, note("life goes on")).notes[-1].text == "life goes on"


def test_a_process_that_dies_while_it_decides_holds_nobody_up(
    path: Path, ledger: SqliteLedger
) -> None:
    script = """
def decide(_):
    print("deciding", flush=True)
    sys.stdin.readline()
ledger.append(EPIC, decide)
"""
    writer = run(script, path)
    writer.stdout.readline()
    writer.kill()
    writer.communicate()
    assert write(ledger, opened()).exists


def test_a_forked_child_and_its_parent_both_write_on(
    path: Path, ledger: SqliteLedger
) -> None:
    script = """
write("before")
child = os.fork()
for turn in range(20):
    write(f"{'parent' if child else 'child'} {turn}")
if child:
    _, status = os.waitpid(child, 0)
    sys.exit(status)
"""
    process = run(script, path)
    process.communicate()
    assert process.returncode == 0
    written = texts(ledger)
    assert written[0] == "before"
    for name in ("parent", "child"):
        mine = [text for text in written if text.startswith(name)]
        assert mine == [f"{name} {turn}" for turn in range(20)]
    assert ledger.verify(EPIC) == ()


def test_a_child_that_outlives_its_parent_loses_nothing(
    path: Path, ledger: SqliteLedger
) -> None:
    script = """
write("parent")
sees_the_end, end = os.pipe()
if os.fork():
    os._exit(0) if sys.argv[2] == "hard" else sys.exit(0)
os.close(end)
write("child 1")
os.read(sees_the_end, 1)  # until the parent is gone
write("child 2")
print("done", flush=True)
"""
    for way in ("hard", "soft"):
        process = run(script, path, way)
        output, _ = process.communicate()
        assert output == "done\n"
    assert texts(ledger) == ["parent", "child 1", "child 2"] * 2
    assert ledger.verify(EPIC) == ()


def test_a_fork_waits_until_other_threads_have_finished_their_writes(
    path: Path, ledger: SqliteLedger
) -> None:
    script = """
stop = threading.Event()
def work():
    turn = 0
    while not stop.is_set():
        write(f"thread {turn}")
        turn += 1
thread = threading.Thread(target=work)
thread.start()
for number in range(10):
    child = os.fork()
    if not child:
        write(f"child {number}")
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
stop.set()
thread.join()
"""
    process = run(script, path)
    process.communicate(timeout=60)
    assert process.returncode == 0
    children = [text for text in texts(ledger) if text.startswith("child")]
    assert children == [f"child {number}" for number in range(10)]
    threads = [text for text in texts(ledger) if text.startswith("thread")]
    assert threads == [f"thread {turn}" for turn in range(len(threads))]
    assert ledger.verify(EPIC) == ()


def test_a_file_deleted_under_us_is_made_again(
    path: Path, ledger: SqliteLedger
) -> None:
    write(ledger, opened(), note("old"))
    shutil.rmtree(path.parent)
    assert not ledger.state(EPIC).exists
    assert [n.text for n in write(ledger, note("new")).notes] == ["new"]
    assert texts(ledger) == ["new"]


def test_a_file_deleted_under_us_leaves_nothing_behind_in_its_log(
    path: Path, ledger: SqliteLedger
) -> None:
    write(ledger, opened(), note("old"))
    path.unlink()
    assert [n.text for n in write(ledger, note("new")).notes] == ["new"]
    assert ledger.verify(EPIC) == ()


def test_a_file_replaced_with_its_log_under_us_is_the_one_we_read(
    path: Path, tmp_path: Path, ledger: SqliteLedger
) -> None:
    write(ledger, opened(), note("ours"))
    other = SqliteLedger(tmp_path / "other.db")
    write(other, opened(), note("theirs"))
    other.close()
    path.with_name("ledger.db-wal").unlink()
    path.with_name("ledger.db-shm").unlink()
    (tmp_path / "other.db").replace(path)
    assert [n.text for n in ledger.state(EPIC).notes] == ["theirs"]


@pytest.mark.parametrize(("durable", "level"), [(True, 2), (False, 1)])
def test_durable_is_a_commit_forced_onto_the_disk(
    ledger: SqliteLedger, durable: bool, level: int
) -> None:
    levels = []

    def decide(_: EpicState) -> tuple[Event, ...]:
        db = ledger._file.connection()
        levels.extend(db.execute("PRAGMA synchronous").fetchone())
        return (opened(),)

    ledger.append(EPIC, decide, durable=not durable)
    ledger.append(EPIC, decide, durable=durable)
    assert levels[1] == level


def test_a_locked_file_is_waited_for_and_then_told_in_one_line(
    path: Path, ledger: SqliteLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_file, "BUSY_SECONDS", 0.01)
    write(ledger, opened())
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(LedgerProblem, match="locked by another program"):
        write(ledger, note("not now"))
    assert ledger.state(EPIC).exists  # reading goes on
    other.execute("ROLLBACK")
    other.close()
    assert write(ledger, note("now")).notes


def test_a_full_disk_is_told_in_one_line_and_nothing_is_lost(
    ledger: SqliteLedger,
) -> None:
    write(ledger, opened(), note("safe"))
    db = ledger._file.connection()
    (pages,) = db.execute("PRAGMA page_count").fetchone()
    db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(LedgerProblem, match="disk is full") as caught:
        write(ledger, note("x" * 100_000))
    assert not isinstance(caught.value, LedgerDamaged)
    db.execute("PRAGMA max_page_count = 1000000")
    assert [n.text for n in write(ledger, note("more")).notes] == ["safe", "more"]
    assert ledger.verify(EPIC) == ()


def test_without_permission_there_is_one_line_that_says_what_to_change() -> None:
    script = """
if os.geteuid() == 0:  # nothing is forbidden to root
    os.setegid(65534)
    os.seteuid(65534)
for act in (lambda: ledger.state(EPIC), lambda: write("x")):
    try:
        act()
    except LedgerProblem as problem:
        print(type(problem).__name__, problem)
"""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        mine = SqliteLedger(folder / "ledger.db")
        write(mine, opened())
        mine.close()
        (folder / "ledger.db").chmod(0o444)
        folder.chmod(0o555)
        for path in (folder / "ledger.db", folder / "new" / "ledger.db"):
            lines = run(script, path).communicate()[0].splitlines()
            assert lines, path
            for line in lines:
                assert line.startswith("LedgerProblem The ledger")
                assert f"Make {path.parent} and the files in it writable" in line
        folder.chmod(0o755)


def test_a_folder_that_can_not_be_made_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "orch").write_text("a file where a folder should be")
    with pytest.raises(LedgerProblem, match="can't be used: File exists"):
        SqliteLedger(tmp_path / "orch" / "ledger.db").state(EPIC)


def test_a_file_of_a_newer_version_is_refused_and_left_as_it_is(
    path: Path, ledger: SqliteLedger
) -> None:
    write(ledger, opened())
    ledger.close()
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 2")
    db.close()
    before = path.read_bytes()
    with pytest.raises(LedgerProblem, match="pip install -U orch-magic") as caught:
        write(ledger, note("hello"))
    assert not isinstance(caught.value, LedgerDamaged)
    assert path.read_bytes() == before


def test_an_event_of_a_newer_version_is_no_damage(
    path: Path, ledger: SqliteLedger
) -> None:
    write(ledger, opened())
    rewrite(path, '{"kind": "dreamt_of", "epicId": "auth-refactor"}')
    for act in (
        lambda: SqliteLedger(path).state(EPIC),
        lambda: list(ledger.events(EPIC)),
    ):
        with pytest.raises(LedgerProblem, match="A newer orch_magic wrote") as caught:
            act()
        assert not isinstance(caught.value, LedgerDamaged)


def rewrite(path: Path, body: str, seq: int = 1) -> None:
    """Change what stands in the file, as a stranger would."""
    db = sqlite3.connect(path)
    with db:
        db.execute("UPDATE events SET body = ? WHERE seq = ?", (body, seq))
    db.close()


# Shortcuts ----------------------------------------------------------------------


def test_a_long_epic_opens_from_its_shortcut_without_reading_every_event(
    path: Path, ledger: SqliteLedger
) -> None:
    for number in range(1200):
        write(ledger, note(f"{number}"), spent("0.01", f"{number}"))
    known = ledger.state(EPIC)
    rewrite(path, "no event", seq=7)
    again = SqliteLedger(path)
    assert again.state(EPIC) == known
    assert known.spent_usd == Decimal(12)
    again.close()


def test_one_decision_may_be_as_long_as_it_likes(
    path: Path, ledger: SqliteLedger
) -> None:
    state = write(ledger, *[cell_ran()] * 1500)
    again = SqliteLedger(path)
    assert again.state(EPIC) == state
    assert state.cells.run == 1500
    again.close()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE states SET body = 'garbage'",
        "UPDATE states SET body = '{}'",
        "UPDATE states SET body = replace(body, '\"exists\":true', '\"exists\":7')",
        'UPDATE states SET version = version + 1, body = \'{"epicId":"x"}\'',
        "UPDATE states SET seq = 999999",
        "DELETE FROM states",
    ],
)
def test_a_shortcut_that_can_not_be_used_costs_nothing_but_time(
    path: Path, ledger: SqliteLedger, change: str
) -> None:
    write(ledger, opened(), *[cell_ran()] * shortcuts.EVERY, note("after"))
    write(ledger, note("newest"))
    known = ledger.state(EPIC)
    db = sqlite3.connect(path)
    with db:
        db.execute(change)
    db.close()
    again = SqliteLedger(path)
    assert again.state(EPIC) == known
    assert again.verify(EPIC) == ()
    assert write(again, note("goes on")).notes[-1].text == "goes on"
    again.close()


def test_a_shortcut_that_lies_is_found_by_verify(
    path: Path, ledger: SqliteLedger
) -> None:
    state = write(ledger, opened(), *[cell_ran()] * shortcuts.EVERY)
    lie = state.replace(spent_usd="5", limit_usd="7")
    db = sqlite3.connect(path)
    with db:
        db.execute("UPDATE states SET body = ?", (lie.model_dump_json(),))
    db.close()
    again = SqliteLedger(path)
    lines = again.verify(EPIC)
    assert any(
        "kept state" in line and "limit_usd, spent_usd" in line for line in lines
    )
    again.close()


def test_the_rules_of_the_fold_have_not_changed_behind_the_shortcuts_back() -> None:
    """Where this fails the fold computes something else: raise shortcuts.VERSION."""
    state = replay(EPIC, ONE_OF_EACH).model_dump_json()
    digest = hashlib.sha256(state.encode()).hexdigest()[:16]
    assert {shortcuts.VERSION: digest} == {1: "ae19ee3ebd322522"}
