"""The Git store on real repositories: the user's work, crashes, crowds and damage."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from checkpoint_samples import checkpoint

from orch_magic.core.errors import (
    CheckpointProblem,
    RecordUnreadable,
    RepositoryProblem,
)
from orch_magic.core.record import write_record
from orch_magic.repository import store as room
from orch_magic.repository import turns
from orch_magic.repository.discovery import discover
from orch_magic.repository.publisher import GitPublisher
from orch_magic.repository.store import GitStore

TESTS = Path(__file__).parent.parent
FILE = ".orchestration/checkpoints/demo/{}.json"


@pytest.fixture
def store(repo) -> GitStore:
    return GitStore(discover(repo.top))


def ids(store) -> list[str]:
    return [entry.id for entry in store.list("demo")]


def work_of(repo) -> dict[str, object]:
    """All that is the user's, to the byte, but for our own files."""
    files = {
        str(path.relative_to(repo.top)): path.read_bytes()
        for path in sorted(repo.top.rglob("*"))
        if path.is_file() and not {".git", ".orchestration"} & set(path.parts)
    }
    index = repo.git("ls-files", "-s", "-v", "--", ".", ":(exclude).orchestration")
    staged = repo.git("diff", "--cached", "--", ".", ":(exclude).orchestration")
    return {
        "files": files,
        "index": index,
        "staged": staged,
        "unstaged": repo.git("diff"),
        "head": repo.git("symbolic-ref", "HEAD", check=False),
        "untracked": repo.git(
            "ls-files",
            "-o",
            "--exclude-standard",
            "--",
            ".",
            ":(exclude).orchestration",
        ),
    }


def work_in_progress(repo) -> None:
    repo.write("a.txt", "one\n")
    repo.write("b.txt", "one\n")
    repo.commit("two files")
    repo.write("a.txt", "staged\n")
    repo.git("add", "a.txt")
    repo.write("a.txt", "staged and then changed\n")
    repo.write("b.txt", "changed\n")
    repo.write("c.txt", "new and staged\n")
    repo.git("add", "c.txt")
    repo.write("d.txt", "untracked\n")


# The user's own work ---------------------------------------------------------------


def test_staged_unstaged_and_untracked_work_stays_as_it_is(repo, store):
    work_in_progress(repo)
    before = work_of(repo)
    publisher = GitPublisher(discover(repo.top))
    for number in (1, 2):
        entry = store.save(checkpoint(number), "# Brief\n")
        publication = publisher.publish("demo", [entry.id], f"checkpoint {number}")
        assert publication.deferred == ""
        assert work_of(repo) == before


def test_a_save_alone_leaves_the_index_and_head_untouched_to_the_byte(repo, store):
    work_in_progress(repo)
    index, head = repo.top / ".git/index", repo.git("rev-parse", "HEAD")
    before = index.read_bytes()
    store.save(checkpoint(1), "# Brief\n")
    assert index.read_bytes() == before
    assert repo.git("rev-parse", "HEAD") == head
    assert repo.git("for-each-ref", "--format=%(refname)") == (
        "refs/heads/main\nrefs/orch/demo"
    )


def test_a_commit_holds_the_record_and_the_brief_and_nothing_else(repo, store):
    work_in_progress(repo)
    store.save(checkpoint(1), "# One\n")
    store.save(checkpoint(2), "# Two\n")
    assert repo.git("ls-tree", "-r", "--name-only", "orch/demo").split() == [
        "brief.md",
        "checkpoint.json",
    ]
    assert repo.git("show", "orch/demo:brief.md") == "# Two"
    assert repo.git("rev-list", "--count", "orch/demo") == "2"


def test_the_message_carries_what_a_list_needs(repo, store):
    store.save(checkpoint(4, git_commit="f" * 40), "")
    message = repo.git("log", "-1", "--format=%B", "orch/demo").splitlines()
    assert message[0] == f"orch(demo): checkpoint {checkpoint(4).id}"
    trailers = dict(line.split(": ", 1) for line in message[2:])
    raw = write_record(checkpoint(4, git_commit="f" * 40))
    assert trailers["Orch-Spent"] == "0.4"
    assert trailers["Orch-Limit"] == "5"
    assert trailers["Orch-Head"] == "f" * 40
    assert trailers["Orch-Bytes"] == str(len(raw))
    assert trailers["Orch-Reason"] == "reason 4"
    assert trailers["Orch-At"] == "2026-11-22T07:40:00.000Z"
    assert "Orch-Attempt" not in trailers


def test_no_hook_of_the_user_runs_and_failing_ones_are_no_obstacle(repo, store):
    ran = repo.top / "hook-ran"
    for hook in (
        "pre-commit",
        "commit-msg",
        "prepare-commit-msg",
        "post-commit",
        "reference-transaction",
        "post-index-change",
        "pre-auto-gc",
    ):
        path = repo.write(f".git/hooks/{hook}", f"#!/bin/sh\ntouch {ran}\nexit 1\n")
        path.chmod(0o755)
    entry = store.save(checkpoint(1), "")
    publisher = GitPublisher(discover(repo.top))
    assert publisher.publish("demo", [entry.id], "checkpoint").published
    assert not ran.exists()


def test_nobody_needs_a_name_in_git(repo):
    (Path(os.environ["HOME"]) / ".gitconfig").unlink()
    GitStore(discover(repo.top)).save(checkpoint(1), "")
    who = repo.git("log", "-1", "--format=%an <%ae>", "orch/demo")
    assert who == "orch_magic <orch@localhost>"


def test_the_user_is_the_author_where_git_knows_one(repo, store):
    store.save(checkpoint(1), "")
    who = repo.git("log", "-1", "--format=%an <%ae> %cn", "orch/demo")
    assert who == "Ada Lovelace <ada@example.org> Ada Lovelace"


def test_nothing_is_signed_even_if_signing_is_on_and_broken(repo, store):
    repo.git("config", "commit.gpgsign", "true")
    repo.git("config", "gpg.program", "/bin/false")
    entry = store.save(checkpoint(1), "")
    publisher = GitPublisher(discover(repo.top))
    assert publisher.publish("demo", [entry.id], "checkpoint").published


def test_a_branch_called_orch_is_no_obstacle(repo, store):
    repo.git("branch", "orch")
    store.save(checkpoint(1), "")
    assert ids(store) == [checkpoint(1).id]


def test_linked_work_trees_share_the_line_of_checkpoints(repo, store, tmp_path):
    repo.git("worktree", "add", "-q", str(tmp_path / "linked"), "-b", "other")
    linked = GitStore(discover(tmp_path / "linked"))
    store.save(checkpoint(1), "")
    linked.save(checkpoint(2), "")
    assert ids(store) == ids(linked) == [checkpoint(2).id, checkpoint(1).id]
    assert (tmp_path / "linked" / FILE.format(checkpoint(2).id)).is_file()


def test_inherited_git_variables_lead_nowhere_else(repo, store, tmp_path, monkeypatch):
    for name in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE", "GIT_OBJECT_DIRECTORY"):
        monkeypatch.setenv(name, str(tmp_path / "elsewhere"))
    store.save(checkpoint(1), "")
    assert ids(store) == [checkpoint(1).id]
    assert not (tmp_path / "elsewhere").exists()


def test_a_repository_without_a_commit_and_a_bare_one_can_hold_checkpoints(
    empty_repo, tmp_path
):
    subprocess.run(["git", "init", "-q", "--bare", tmp_path / "bare.git"], check=True)
    for top in (empty_repo.top, tmp_path / "bare.git"):
        store = GitStore(discover(top))
        store.save(checkpoint(1), "")
        store.save(checkpoint(2), "")
        assert ids(store) == [checkpoint(2).id, checkpoint(1).id]


def test_a_repository_of_sha256_is_as_good(tmp_path):
    top = tmp_path / "modern"
    subprocess.run(
        ["git", "init", "-q", "--object-format=sha256", str(top)], check=True
    )
    store = GitStore(discover(top))
    store.save(checkpoint(1), "")
    assert len(store.save(checkpoint(2), "").commit) == 64
    assert store.verify("demo") == ()


def test_an_id_that_is_no_file_name_is_refused(store):
    with pytest.raises(CheckpointProblem, match="checkpoint's id"):
        store.save(checkpoint(1, id="../../etc/passwd"), "")


# The file in the work tree ------------------------------------------------------------


def test_the_record_lies_in_the_work_tree_as_well(repo, store):
    store.save(checkpoint(1), "")
    file = repo.top / FILE.format(checkpoint(1).id)
    assert file.read_bytes() == write_record(checkpoint(1))
    assert store.last_file_problem == ""


def test_nothing_is_written_through_a_symbolic_link(repo, store, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (repo.top / ".orchestration").symlink_to(outside)
    store.save(checkpoint(1), "")
    assert "symbolic link" in store.last_file_problem
    assert list(outside.iterdir()) == []
    assert ids(store) == [checkpoint(1).id]


def test_a_file_that_can_not_be_written_is_said_and_the_checkpoint_is_safe(repo, store):
    repo.write(".orchestration", "a file is in the way\n")
    store.save(checkpoint(1), "")
    assert ".orchestration" in store.last_file_problem
    assert store.latest("demo").record == checkpoint(1)
    (repo.top / ".orchestration").unlink()
    store.save(checkpoint(2), "")
    assert store.last_file_problem == ""


def test_a_fresh_clone_goes_on_from_the_published_files(repo, store, tmp_path):
    entries = [store.save(checkpoint(n), "") for n in (1, 2, 3)]
    publisher = GitPublisher(discover(repo.top))
    publisher.publish("demo", [entry.id for entry in entries], "three")
    subprocess.run(
        ["git", "clone", "-q", str(repo.top), str(tmp_path / "clone")], check=True
    )
    clone = GitStore(discover(tmp_path / "clone"))
    # What counts is the time in the record: a clone makes all files equally young.
    os.utime(tmp_path / "clone" / FILE.format(checkpoint(1).id))
    found = clone.latest("demo")
    assert found.record == checkpoint(3)
    assert found.entry.commit is None
    assert clone.epics() == ("demo",)
    assert ids(clone) == [checkpoint(n).id for n in (3, 2, 1)]
    assert clone.load("demo", checkpoint(2).id).record == checkpoint(2)
    clone.save(checkpoint(4), "")
    assert ids(clone) == [checkpoint(n).id for n in (4, 3, 2, 1)]


def test_a_damaged_file_of_a_fresh_clone_is_named_and_skipped(repo, store):
    for number in (1, 2):
        store.save(checkpoint(number), "")
    repo.git("update-ref", "-d", "refs/orch/demo")
    shutil.rmtree(repo.top / ".git/orch")
    file = repo.top / FILE.format(checkpoint(2).id)
    file.write_bytes(file.read_bytes()[:200])
    found = store.latest("demo")
    assert found.record == checkpoint(1)
    assert checkpoint(2).id in found.skipped[0]
    with pytest.raises(RecordUnreadable):
        store.load("demo", checkpoint(2).id)
    assert checkpoint(2).id in store.verify("demo")[0]


def test_the_forerunners_files_are_read(repo, store):
    raw = (TESTS / "data/forerunner-checkpoint.json").read_text()
    repo.write(".orchestration/checkpoints/auth-refactor/ckpt-fapd8b8YqZ.json", raw)
    assert store.latest("auth-refactor").record.id == "ckpt-fapd8b8YqZ"
    assert store.load("auth-refactor", "ckpt").record.session_number == 2
    assert store.epics() == ("auth-refactor",)


# Deleting -----------------------------------------------------------------------------


def test_a_deleted_epic_comes_back_with_the_command_given(repo, store):
    for number in (1, 2):
        store.save(checkpoint(number), "")
    command = store.delete("demo")
    assert store.list("demo") == ()
    assert not (repo.top / FILE.format(checkpoint(1).id)).exists()
    subprocess.run(command, shell=True, cwd=repo.top, check=True)  # noqa: S602
    assert ids(store) == [checkpoint(2).id, checkpoint(1).id]
    assert store.verify("demo") == ()


def test_files_without_commits_come_back_as_well(repo, store):
    repo.write(FILE.format("ckpt-1"), write_record(checkpoint(1, id="ckpt-1")).decode())
    command = store.delete("demo")
    assert store.list("demo") == ()
    subprocess.run(command, shell=True, cwd=repo.top, check=True)  # noqa: S602
    assert ids(store) == ["ckpt-1"]


# Crowds -------------------------------------------------------------------------------

SAVER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from checkpoint_samples import checkpoint
from orch_magic.repository.discovery import discover
from orch_magic.repository.store import GitStore
store = GitStore(discover(Path.cwd()))
for number in range(int(sys.argv[2]), int(sys.argv[3])):
    print(store.save(checkpoint(number), "# Brief " + str(number)).id, flush=True)
"""


def saver(repo, first: int, last: int, **options) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", SAVER, str(TESTS), str(first), str(last)],
        cwd=repo.top,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": str(TESTS.parent)},
        **options,
    )


def test_processes_that_save_at_once_lose_nothing(repo, store):
    savers = [saver(repo, n * 100, n * 100 + 6) for n in range(3)]
    acknowledged = [line for s in savers for line in s.communicate()[0].split()]
    assert len(acknowledged) == 18
    assert set(ids(store)) == set(acknowledged)
    assert repo.git("rev-list", "--count", "orch/demo") == "18"
    assert store.verify("demo") == ()


def test_a_writer_without_our_lock_costs_a_retry_and_nothing_else(repo, store):
    """Another tool (a fetch, say) moves our ref between our look and our write."""
    store.save(checkpoint(1), "")
    stop = threading.Event()

    def meddle() -> None:
        while not stop.is_set():
            tip = repo.git("rev-parse", "orch/demo")
            tree = repo.git("rev-parse", "orch/demo^{tree}")
            new = repo.git("commit-tree", "-p", tip, "-m", "foreign", tree)
            repo.git("update-ref", "refs/orch/demo", new, tip, check=False)

    meddler = threading.Thread(target=meddle)
    meddler.start()
    try:
        for number in range(2, 8):
            store.save(checkpoint(number), "")
    finally:
        stop.set()
        meddler.join()
    assert ids(store) == [checkpoint(n).id for n in range(7, 0, -1)]


def test_one_who_waits_too_long_for_a_turn_is_told_who_holds_it(store, monkeypatch):
    monkeypatch.setattr(turns, "LOCK_SECONDS", 0.05)
    other = GitStore(store._repository)
    with other._turns.turn("demo"), pytest.raises(CheckpointProblem, match="demo"):
        store.save(checkpoint(1), "")


# Crashes ------------------------------------------------------------------------------


@pytest.mark.parametrize("whole_group", [True, False])
@pytest.mark.parametrize("saves", [1, 2, 4])
def test_what_was_acknowledged_survives_a_kill_and_the_next_save_works(
    repo, store, whole_group, saves
):
    process = saver(repo, 0, 100_000, start_new_session=True)
    acknowledged = [process.stdout.readline().strip() for _ in range(saves)]
    kill = os.killpg if whole_group else os.kill
    kill(process.pid, signal.SIGKILL)
    acknowledged += process.communicate()[0].split()
    assert set(acknowledged) <= set(ids(store))
    assert store.latest("demo").skipped == ()
    store.save(checkpoint(200_000), "")
    assert store.latest("demo").record.id == checkpoint(200_000).id
    assert store.verify("demo") == ()
    repo.git("fsck", "--strict")


def test_our_own_refs_lock_left_by_a_dead_git_is_removed_and_no_other(repo, store):
    store.save(checkpoint(1), "")
    (repo.top / ".git/orch/demo.intent").write_text("dead\n")
    (repo.top / ".git/refs/orch/demo.lock").touch()
    others = [repo.top / ".git" / name for name in ("index.lock", "HEAD.lock")]
    for lock in others:
        lock.touch()
    store.save(checkpoint(2), "")
    assert ids(store) == [checkpoint(2).id, checkpoint(1).id]
    assert not (repo.top / ".git/refs/orch/demo.lock").exists()
    assert not (repo.top / ".git/orch/demo.intent").exists()
    assert all(lock.exists() for lock in others)


def test_a_lock_that_nobody_of_us_left_is_respected(repo, store, monkeypatch):
    monkeypatch.setattr(room, "_ATTEMPTS", 3)
    store.save(checkpoint(1), "")
    foreign = repo.top / ".git/refs/orch/demo.lock"
    foreign.touch()
    with pytest.raises(CheckpointProblem, match=r"demo\.lock"):
        store.save(checkpoint(2), "")
    assert foreign.exists()
    assert ids(store) == [checkpoint(1).id]


def test_git_leaves_no_crash_report_beside_the_users_head(repo, store):
    store.save(checkpoint(1), "")
    assert list((repo.top / ".git").glob("fast_import_crash*")) == []


# Damage -------------------------------------------------------------------------------


def packs(repo) -> set[Path]:
    return set((repo.top / ".git/objects/pack").glob("*.pack"))


@pytest.fixture
def three(repo, store):
    """Three checkpoints, only in Git; returns the pack of the newest."""
    for number in (1, 2):
        store.save(checkpoint(number), "")
    before = packs(repo)
    store.save(checkpoint(3), "")
    shutil.rmtree(repo.top / ".orchestration")
    (pack,) = packs(repo) - before
    pack.chmod(0o644)
    pack.with_suffix(".idx").chmod(0o644)
    return pack


def cut_pack(pack: Path) -> None:
    pack.write_bytes(pack.read_bytes()[:40])


def flip_byte(pack: Path) -> None:
    content = bytearray(pack.read_bytes())
    for at in range(20, len(content) - 20, 7):
        content[at] ^= 0xFF
    pack.write_bytes(bytes(content))


def remove_pack(pack: Path) -> None:
    pack.unlink()
    pack.with_suffix(".idx").unlink()


def remove_index(pack: Path) -> None:
    pack.with_suffix(".idx").unlink()


@pytest.mark.parametrize("damage", [cut_pack, flip_byte, remove_pack, remove_index])
def test_behind_a_damaged_newest_checkpoint_the_one_before_is_found(
    repo, store, three, damage
):
    damage(three)
    found = store.latest("demo")
    assert found.record == checkpoint(2)
    assert any(checkpoint(3).id in line for line in found.skipped)
    assert any(checkpoint(3).id in line for line in store.verify("demo"))
    assert ids(store) == [checkpoint(2).id, checkpoint(1).id]
    with pytest.raises(RecordUnreadable, match=checkpoint(3).id):
        store.load("demo", checkpoint(3).id)


@pytest.mark.parametrize("damage", [cut_pack, flip_byte, remove_pack, remove_index])
def test_a_damaged_newest_checkpoint_is_not_in_the_way_of_the_next(
    repo, store, three, damage
):
    tip = repo.git("rev-parse", "refs/orch/demo")
    damage(three)
    store.save(checkpoint(4), "")
    assert ids(store) == [checkpoint(n).id for n in (4, 2, 1)]
    assert store.latest("demo").skipped == ()
    assert tip in (repo.top / ".git/orch/demo.broken").read_text()
    assert repo.git("rev-list", "--count", "orch/demo") == "3"


def test_what_git_lost_is_taken_from_the_file_if_it_is_the_very_same(repo, store):
    store.save(checkpoint(1), "")
    before = packs(repo)
    store.save(checkpoint(2), "")
    (pack,) = packs(repo) - before
    remove_pack(pack)
    found = store.latest("demo")
    assert found.record == checkpoint(2)
    assert "Its file in the work tree is whole" in found.skipped[-1]
    file = repo.top / FILE.format(checkpoint(2).id)
    file.write_text(file.read_text().replace("reason 2", "reason 9"))
    assert store.latest("demo").record == checkpoint(1)


@pytest.mark.parametrize("content", [None, "", "garbage\n"])
def test_a_ref_that_is_gone_or_garbage_costs_nothing(repo, store, three, content):
    ref = repo.top / ".git/refs/orch/demo"
    if content is None:
        ref.unlink()
    else:
        ref.write_text(content)
    found = store.latest("demo")
    assert found.record == checkpoint(3)
    assert "refs/orch/demo" in found.skipped[0]
    assert store.epics() == ("demo",)
    store.save(checkpoint(4), "")
    assert ids(store) == [checkpoint(n).id for n in (4, 3, 2, 1)]
    assert store.verify("demo") == ()


def test_a_torn_line_of_the_acknowledgements_is_no_obstacle(repo, store, three):
    acks = repo.top / ".git/orch/demo.acks"
    acks.write_bytes(acks.read_bytes()[:-30])
    store.save(checkpoint(4), "")
    acks_after = acks.read_text().splitlines()
    assert checkpoint(4).id in acks_after[-1]
    (repo.top / ".git/refs/orch/demo").unlink()
    assert store.latest("demo").record == checkpoint(4)


def test_a_record_that_git_gives_back_changed_is_not_believed(repo, store, three):
    blob = repo.git("rev-parse", "orch/demo:brief.md")
    tree = subprocess.run(
        ["git", "mktree"],
        input=f"100644 blob {blob}\tcheckpoint.json\n",
        cwd=repo.top,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    message = repo.git("log", "-1", "--format=%B", "orch/demo")
    forged = repo.git("commit-tree", "-p", "orch/demo~1", "-m", message, tree)
    repo.git("update-ref", "refs/orch/demo", forged)
    (repo.top / ".git/orch/demo.acks").unlink()
    found = store.latest("demo")
    assert found.record == checkpoint(2)
    assert "not what was saved" in found.skipped[0]


def test_damage_in_the_middle_is_passed_over_even_if_the_clock_goes_back(repo, store):
    store.save(checkpoint(10), "")
    before = packs(repo)
    store.save(checkpoint(9), "")
    (pack,) = packs(repo) - before
    store.save(checkpoint(8), "")
    shutil.rmtree(repo.top / ".orchestration")
    remove_pack(pack)
    store.save(checkpoint(7), "")
    assert ids(store) == [checkpoint(n).id for n in (7, 8, 10)]
    assert store.latest("demo").skipped == ()
    assert any("can't be followed" in line for line in store.verify("demo"))


def test_when_nothing_is_intact_there_is_no_newest_and_a_new_line_begins(repo, store):
    store.save(checkpoint(1), "")
    shutil.rmtree(repo.top / ".orchestration")
    for pack in packs(repo):
        remove_pack(pack)
    assert store.latest("demo") is None
    assert store.verify("demo")
    store.save(checkpoint(2), "")
    assert ids(store) == [checkpoint(2).id]


def test_a_record_of_a_newer_version_is_named_and_not_half_read(repo, store):
    store.save(checkpoint(1), "")
    store.save(checkpoint(2, schema_version=99), "")
    found = store.latest("demo")
    assert found.record == checkpoint(1)
    assert "Upgrade" in found.skipped[0]


@pytest.mark.skipif(os.name == "nt", reason="nobody owns a folder there")
def test_a_repository_of_another_user_is_one_line_with_gits_own_fix(repo, store):
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    store.save(checkpoint(1), "")
    (repo.top / ".git/orch/demo.acks").unlink()
    tip = (repo.top / ".git/refs/orch/demo").read_text()
    for path in (repo.top, repo.top / ".git"):
        os.chown(path, 12345, 12345)
    with pytest.raises(RepositoryProblem, match="--add safe") as caught:
        store.save(checkpoint(2), "")
    assert "\n" not in str(caught.value)
    assert (repo.top / ".git/refs/orch/demo").read_text() == tip
