"""What the workspace sees in real repositories, and that it changes nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from checkpoint_samples import checkpoint

from orch_magic.core.sessions import WorkspaceMark
from orch_magic.core.work import WorkspaceChanges
from orch_magic.repository import looking, workspace
from orch_magic.repository.discovery import discover
from orch_magic.repository.publisher import GitPublisher
from orch_magic.repository.store import GitStore
from orch_magic.repository.workspace import GitWorkspace

SINCE = datetime(2026, 11, 22, 8, tzinfo=UTC)


def look(repo) -> GitWorkspace:
    return GitWorkspace(discover(repo.top))


def seen(changes: WorkspaceChanges) -> dict[str, tuple[str, int | None, int | None]]:
    return {
        file.path: (str(file.change_type), file.lines_added, file.lines_removed)
        for file in changes.files
    }


def test_a_clean_repository_has_a_head_a_branch_and_nothing_dirty(repo):
    assert look(repo).mark() == WorkspaceMark(
        head=repo.git("rev-parse", "HEAD"), branch="main", dirty={}
    )


def test_every_kind_of_change_is_seen_with_its_lines(repo):
    repo.write("kept.txt", "a\nb\nc\n")
    repo.write("gone.txt", "a\nb\n")
    repo.write("old name.txt", "".join(f"line {n}\n" for n in range(20)))
    repo.commit()
    mark = look(repo).mark()
    repo.write("kept.txt", "a\nB\nc\nd\n")
    (repo.top / "gone.txt").unlink()
    repo.git("mv", "old name.txt", "ünïcode name.txt")
    repo.write("new.txt", "a\nb\nc")
    repo.write("staged.txt", "quite another thing\n")
    repo.git("add", "staged.txt")
    changes = look(repo).changes_since(mark)
    assert seen(changes) == {
        "kept.txt": ("modified", 2, 1),
        "gone.txt": ("deleted", 0, 2),
        "ünïcode name.txt": ("renamed", 0, 0),
        "new.txt": ("created", 3, 0),
        "staged.txt": ("created", 1, 0),
    }
    assert changes.dirty
    assert [file.summary for file in changes.files if file.summary] == [
        "renamed from old name.txt"
    ]


def test_committed_changes_count_as_well_and_their_commits_are_named(repo):
    mark = look(repo).mark()
    repo.write("a.py", "x = 1\n")
    first = repo.commit("add a")
    repo.write("a.py", "x = 2\n")
    second = repo.commit("change a")
    changes = look(repo).changes_since(mark)
    assert seen(changes) == {"a.py": ("created", 1, 0)}
    assert changes.commits == (f"{second[:7]} change a", f"{first[:7]} add a")
    assert (changes.head, changes.branch, changes.dirty) == (second, "main", False)


def test_our_own_commits_and_files_are_nobodys_work(repo):
    mark = look(repo).mark()
    entry = GitStore(discover(repo.top)).save(checkpoint(1), "")
    GitPublisher(discover(repo.top)).publish("demo", [entry.id], "orch(demo): one")
    GitStore(discover(repo.top)).save(checkpoint(2), "")
    repo.write("a.py", "x = 1\n")
    repo.git("add", "a.py")
    repo.git("commit", "-q", "-m", "orch(demo): mine, for all its subject")
    changes = look(repo).changes_since(mark)
    assert seen(changes) == {"a.py": ("created", 1, 0)}
    assert [line.split(" ", 1)[1] for line in changes.commits] == [
        "orch(demo): mine, for all its subject"
    ]
    assert not changes.dirty
    assert look(repo).mark().dirty == {}


def test_what_was_dirty_before_and_has_not_changed_is_left_out(repo):
    repo.write("README.md", "# Dirty before\n")
    repo.write("notes.txt", "before\n")
    repo.write("todo.txt", "before\n")
    repo.write("scratch.txt", "before\n")
    mark = look(repo).mark()
    assert set(mark.dirty) == {"README.md", "notes.txt", "todo.txt", "scratch.txt"}
    assert seen(look(repo).changes_since(mark)) == {}
    repo.write("README.md", "# Dirty before\nand after\n")
    repo.write("notes.txt", "after\n")
    (repo.top / "scratch.txt").unlink()
    assert seen(look(repo).changes_since(mark)) == {
        "README.md": ("modified", 2, 1),
        "notes.txt": ("modified", None, None),
        "scratch.txt": ("deleted", None, None),
    }


def test_what_was_dirty_before_stays_left_out_once_it_is_committed(repo):
    repo.write("notes.txt", "before\n")
    mark = look(repo).mark()
    repo.commit("the notes of yesterday")
    assert seen(look(repo).changes_since(mark)) == {}


def test_binary_and_very_large_files_have_no_lines(repo, monkeypatch):
    monkeypatch.setattr(looking, "BIG_BYTES", 1000)
    (repo.top / "image.bin").write_bytes(b"\0\1\2")
    repo.git("add", "image.bin")
    (repo.top / "other.bin").write_bytes(b"\0\1\2")
    repo.write("large.txt", "x\n" * 1000)
    assert seen(look(repo).changes_since(WorkspaceMark(head=None))) == {
        "README.md": ("created", 1, 0),
        "image.bin": ("created", None, None),
        "other.bin": ("created", None, None),
        "large.txt": ("created", None, None),
    }
    dirty = look(repo).mark().dirty
    assert dirty["large.txt"].startswith("2000-")


def test_long_lists_are_cut_and_the_rest_is_counted(repo, monkeypatch):
    monkeypatch.setattr(workspace, "MOST_LISTED", 3)
    mark = look(repo).mark()
    for number in range(5):
        repo.write(f"{number}.txt", "x\n")
    changes = look(repo).changes_since(mark)
    assert [file.path for file in changes.files] == ["0.txt", "1.txt", "2.txt"]
    assert changes.files_left_out == 2


def test_ignored_files_are_nobodys_business(repo):
    repo.write(".gitignore", "*.log\n")
    repo.commit()
    mark = look(repo).mark()
    repo.write("run.log", "x\n")
    assert seen(look(repo).changes_since(mark)) == {}


def test_a_branch_without_a_commit_is_compared_with_nothing(empty_repo):
    mark = look(empty_repo).mark()
    assert mark == WorkspaceMark(head=None, branch="main")
    empty_repo.write("a.txt", "x\n")
    empty_repo.git("add", "a.txt")
    empty_repo.write("b.txt", "x\n")
    changes = look(empty_repo).changes_since(mark)
    assert set(seen(changes)) == {"a.txt", "b.txt"}
    assert changes.head is None
    commit = empty_repo.commit("first")
    assert look(empty_repo).changes_since(mark).commits == (f"{commit[:7]} first",)


def test_a_detached_head_has_no_branch(repo):
    repo.git("checkout", "-q", "--detach")
    assert look(repo).mark().branch is None
    assert look(repo).changes_since(look(repo).mark()).branch is None


def test_a_mark_whose_commit_is_gone_is_compared_with_head(repo):
    mark = WorkspaceMark(head="1" * 40, branch="main")
    repo.write("README.md", "# Changed\n")
    changes = look(repo).changes_since(mark)
    assert seen(changes) == {"README.md": ("modified", 1, 1)}
    assert changes.commits == ()


def test_a_linked_work_tree_and_a_bare_repository_can_be_looked_at(repo, tmp_path):
    repo.git("worktree", "add", "-q", str(tmp_path / "linked"), "-b", "other")
    (tmp_path / "linked/new.txt").write_text("x\n")
    linked = GitWorkspace(discover(tmp_path / "linked"))
    assert linked.mark().branch == "other"
    assert set(linked.mark().dirty) == {"new.txt"}
    subprocess.run(
        ["git", "clone", "-q", "--bare", str(repo.top), str(tmp_path / "b.git")],
        check=True,
    )
    bare = GitWorkspace(discover(tmp_path / "b.git"))
    assert bare.mark() == look(repo).mark()
    assert bare.changes_since(bare.mark()).files == ()
    assert bare.last_test_run(SINCE) is None


def test_an_unfinished_merge_can_be_looked_at(repo):
    repo.git("checkout", "-q", "-b", "side")
    repo.write("README.md", "# Side\n")
    repo.commit("side")
    repo.git("checkout", "-q", "main")
    repo.write("README.md", "# Main\n")
    repo.commit("main")
    mark = look(repo).mark()
    repo.git("merge", "side", check=False)
    assert set(look(repo).mark().dirty) == {"README.md"}
    assert set(seen(look(repo).changes_since(mark))) == {"README.md"}


@pytest.mark.skipif(os.name == "nt", reason="names are text there")
def test_a_name_that_is_no_utf8_is_shown_as_well_as_it_can_be(repo):
    mark = look(repo).mark()
    (repo.top / os.fsdecode(b"caf\xe9.txt")).write_text("x\n")
    assert seen(look(repo).changes_since(mark)) == {"caf�.txt": ("created", 1, 0)}
    assert seen(look(repo).changes_since(look(repo).mark())) == {}


def test_links_and_nested_repositories_are_not_entered(repo, tmp_path):
    mark = look(repo).mark()
    (repo.top / "link").symlink_to(tmp_path)
    subprocess.run(["git", "init", "-q", str(repo.top / "nested")], check=True)
    assert seen(look(repo).changes_since(mark)) == {
        "link": ("created", None, None),
        "nested/": ("created", None, None),
    }


def test_the_users_settings_for_git_change_nothing(repo):
    for name, value in (
        ("diff.external", "false"),
        ("diff.renames", "copies"),
        ("status.showUntrackedFiles", "no"),
        ("status.relativePaths", "true"),
        ("log.showSignature", "true"),
        ("color.ui", "always"),
        ("core.quotePath", "true"),
        ("grep.patternType", "fixed"),
        ("diff.noprefix", "true"),
    ):
        repo.git("config", name, value)
    mark = look(repo).mark()
    GitStore(discover(repo.top)).save(checkpoint(1), "")
    GitPublisher(discover(repo.top)).publish("demo", [checkpoint(1).id], "ours")
    repo.write("ä.txt", "x\n")
    commit = repo.commit("mine")
    repo.write("b.txt", "x\n")
    changes = look(repo).changes_since(mark)
    assert seen(changes) == {"ä.txt": ("created", 1, 0), "b.txt": ("created", 1, 0)}
    assert changes.commits == (f"{commit[:7]} mine",)


def test_looking_does_not_write_the_index(repo):
    repo.write("README.md", "# First!\n")
    os.utime(repo.top / "README.md", (1, 1))
    before = (repo.top / ".git/index").read_bytes()
    look(repo).changes_since(look(repo).mark())
    assert (repo.top / ".git/index").read_bytes() == before


# Test runs ----------------------------------------------------------------------------

JUNIT = """<?xml version="1.0" encoding="utf-8"?><testsuites>
<testsuite name="pytest" errors="0" failures="1" skipped="1" tests="3" time="1.5">
<testcase classname="tests.test_a" name="test_good" time="0.1" />
<testcase classname="tests.test_a" name="test_bad" time="0.1"><failure/></testcase>
<testcase classname="tests.test_a" name="test_not" time="0.1"><skipped/></testcase>
</testsuite></testsuites>"""


def written_at(repo, path: str, text: str, minutes: float) -> None:
    moment = (SINCE + timedelta(minutes=minutes)).timestamp()
    os.utime(repo.write(path, text), (moment, moment))


@pytest.mark.parametrize(
    "path", ["junit.xml", "report.xml", "reports/unit.xml", "test-results/a.xml"]
)
def test_a_junit_report_written_since_is_read(repo, path):
    written_at(repo, path, JUNIT, 1)
    state = look(repo).last_test_run(SINCE)
    assert (state.passed, state.failed, state.skipped) == (1, 1, 1)
    assert state.failing_tests == ("tests.test_a::test_bad",)
    assert state.duration_ms == 1500


def test_a_report_from_before_the_session_is_not(repo):
    written_at(repo, "junit.xml", JUNIT, -1)
    assert look(repo).last_test_run(SINCE) is None


def test_the_newest_readable_report_wins(repo):
    written_at(repo, "junit.xml", JUNIT, 1)
    written_at(repo, "reports/new.xml", JUNIT.replace("<failure/>", ""), 2)
    written_at(repo, "report.xml", JUNIT[:200], 3)
    assert look(repo).last_test_run(SINCE).failed == 0


def test_without_a_report_pytests_cache_tells_what_failed(repo):
    cache = ".pytest_cache/v/cache/lastfailed"
    written_at(repo, cache, '{"tests/test_a.py::test_bad": true}', 1)
    state = look(repo).last_test_run(SINCE)
    assert (state.failed, state.failing_tests) == (1, ("tests/test_a.py::test_bad",))
    written_at(repo, cache, "{ broken", 2)
    assert look(repo).last_test_run(SINCE) is None
    shutil.rmtree(repo.top / ".pytest_cache")
    assert look(repo).last_test_run(SINCE) is None
