"""The publisher on real repositories: when it commits, waits, and what it leaves."""

from __future__ import annotations

import subprocess

import pytest
from checkpoint_samples import checkpoint

from orch_magic.core.errors import BadInput
from orch_magic.repository import index, publisher
from orch_magic.repository.discovery import discover
from orch_magic.repository.publisher import GitPublisher
from orch_magic.repository.store import GitStore

FILE = ".orchestration/checkpoints/demo/{}.json"
ONE, TWO, THREE = (checkpoint(number).id for number in (1, 2, 3))


@pytest.fixture
def saved(repo):
    """A repository with three checkpoints, none of them published."""
    store = GitStore(discover(repo.top))
    for number in (1, 2, 3):
        store.save(checkpoint(number), f"# {number}\n")
    return repo


def publish(repo, *ids: str, message: str = "orch(demo): checkpoints"):
    return GitPublisher(discover(repo.top)).publish("demo", ids, message)


def test_one_commit_carries_all_that_is_owed(saved):
    before = saved.git("rev-parse", "HEAD")
    publication = publish(saved, ONE, TWO, THREE)
    assert publication.published == (ONE, TWO, THREE)
    assert (publication.branch, publication.deferred) == ("main", "")
    assert saved.git("rev-parse", "HEAD") == publication.commit
    assert saved.git("rev-parse", "HEAD~1") == before
    changed = saved.git("show", "--format=", "--name-only", "HEAD").split("\n")
    assert changed == [FILE.format(id_) for id_ in (ONE, TWO, THREE)]
    assert saved.git("status", "--porcelain") == ""
    saved.git("fsck", "--strict")


def test_git_log_shows_the_subject_and_the_ids(saved):
    publish(saved, ONE, TWO, message="orch(demo): two checkpoints")
    message = saved.git("log", "-1", "--format=%B").splitlines()
    assert message[0] == "orch(demo): two checkpoints"
    assert f"Orch-Checkpoint: {ONE}" in message
    assert f"Orch-Checkpoint: {TWO}" in message


def test_what_the_branch_already_has_makes_no_new_commit(saved):
    first = publish(saved, ONE, TWO)
    again = publish(saved, ONE, TWO)
    assert again.published == (ONE, TWO)
    assert again.commit == first.commit == saved.git("rev-parse", "HEAD")
    more = publish(saved, TWO, THREE)
    assert more.published == (TWO, THREE)
    assert saved.git("show", "--format=", "--name-only", "HEAD") == FILE.format(THREE)


def test_staged_work_stays_staged_and_is_in_no_commit_of_ours(saved):
    saved.write("README.md", "# Changed\n")
    saved.write("new.py", "x = 1\n")
    saved.git("add", "README.md", "new.py")
    saved.write("README.md", "# Changed again\n")
    staged = saved.git("diff", "--cached", "--", ".", ":(exclude).orchestration")
    publish(saved, ONE)
    assert saved.git("diff", "--cached") == staged
    assert saved.git("status", "--porcelain").split("\n") == [
        "MM README.md",
        "A  new.py",
        f"?? {FILE.format(TWO)}",
        f"?? {FILE.format(THREE)}",
    ]
    assert saved.git("show", "--format=", "--name-only", "HEAD") == FILE.format(ONE)


def conflict(repo) -> None:
    repo.git("checkout", "-q", "-b", "side")
    repo.write("README.md", "# Side\n")
    repo.git("commit", "-q", "-a", "-m", "side")
    repo.git("checkout", "-q", "main")
    repo.write("README.md", "# Main\n")
    repo.git("commit", "-q", "-a", "-m", "main")


def merge(repo) -> None:
    conflict(repo)
    repo.git("merge", "side", check=False)


def rebase(repo) -> None:
    conflict(repo)
    repo.git("rebase", "side", check=False)


def cherry_pick(repo) -> None:
    conflict(repo)
    repo.git("cherry-pick", "side", check=False)


def revert(repo) -> None:
    conflict(repo)
    repo.write("README.md", "# More\n")
    repo.git("commit", "-q", "-a", "-m", "more")
    repo.git("revert", "HEAD~1", check=False)


def apply_mail(repo) -> None:
    conflict(repo)
    patch = repo.git("format-patch", "-1", "--stdout", "side")
    repo.write(".git/side.patch", patch + "\n")
    repo.git("am", ".git/side.patch", check=False)


def bisect(repo) -> None:
    repo.git("bisect", "start")


def detached(repo) -> None:
    repo.git("checkout", "-q", "--detach")


def locked(repo) -> None:
    repo.write(".git/index.lock", "")


def ignored(repo) -> None:
    repo.write(".gitignore", ".orchestration/\n")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (merge, "merge"),
        (rebase, "rebase"),
        (cherry_pick, "cherry-pick"),
        (revert, "revert"),
        (apply_mail, "am is not"),
        (bisect, "bisect"),
        (detached, "detached"),
        (locked, "index"),
        (ignored, "ignored"),
    ],
)
def test_in_such_a_state_it_waits_says_why_and_touches_nothing(saved, make, reason):
    make(saved)
    before = (saved.git("for-each-ref"), (saved.top / ".git/index").read_bytes())
    publication = publish(saved, ONE)
    assert reason in publication.deferred
    assert "\n" not in publication.deferred
    assert (publication.commit, publication.published) == (None, ())
    after = (saved.git("for-each-ref"), (saved.top / ".git/index").read_bytes())
    assert after == before


def test_after_the_rebase_one_commit_makes_up_for_all(saved):
    rebase(saved)
    assert publish(saved, ONE).deferred
    assert publish(saved, ONE, TWO).deferred
    saved.write("README.md", "# Both\n")
    saved.git("add", "README.md")
    saved.git("-c", "core.editor=true", "rebase", "--continue")
    count = int(saved.git("rev-list", "--count", "HEAD"))
    assert publish(saved, ONE, TWO, THREE).published == (ONE, TWO, THREE)
    assert int(saved.git("rev-list", "--count", "HEAD")) == count + 1


def test_an_unborn_branch_and_a_bare_repository_wait(empty_repo, tmp_path):
    GitStore(discover(empty_repo.top)).save(checkpoint(1), "")
    assert "no commit yet" in publish(empty_repo, ONE).deferred
    bare = tmp_path / "bare.git"
    subprocess.run(["git", "init", "-q", "--bare", str(bare)], check=True)
    GitStore(discover(bare)).save(checkpoint(1), "")
    publication = GitPublisher(discover(bare)).publish("demo", [ONE], "one")
    assert "bare" in publication.deferred


def test_a_symbolic_link_in_the_place_of_our_folder_waits(repo, tmp_path):
    (tmp_path / "outside").mkdir()
    (repo.top / ".orchestration").symlink_to(tmp_path / "outside")
    GitStore(discover(repo.top)).save(checkpoint(1), "")
    assert "symbolic link" in publish(repo, ONE).deferred


def test_a_file_that_is_gone_is_brought_back_from_the_ref(saved):
    saved.git("clean", "-q", "-fdx")
    assert publish(saved, ONE).published == (ONE,)
    assert saved.git("status", "--porcelain") == ""
    assert (saved.top / FILE.format(ONE)).exists()


def test_a_file_that_is_no_record_any_more_is_not_published(saved):
    saved.write(FILE.format(ONE), "{ broken")
    publish(saved, ONE)
    assert saved.git("show", f"HEAD:{FILE.format(ONE)}").startswith('{\n  "id"')
    assert FILE.format(ONE) not in saved.git("status", "--porcelain")


def test_a_checkpoint_nobody_has_is_not_said_to_be_published(saved):
    assert "nowhere" in publish(saved, "nowhere").deferred
    assert publish(saved, "nowhere", ONE).published == (ONE,)


def test_attributes_and_filters_apply_so_that_status_is_clean(saved):
    saved.write(".gitattributes", "*.json filter=upper text eol=crlf\n")
    saved.commit("attributes")
    saved.git("config", "filter.upper.clean", "tr a-z A-Z")
    saved.git("config", "filter.upper.smudge", "cat")
    publish(saved, ONE)
    assert FILE.format(ONE) not in saved.git("status", "--porcelain")
    assert '"EPICID"' in saved.git("show", f"HEAD:{FILE.format(ONE)}")


def test_a_linked_work_tree_publishes_on_its_own_branch(saved, tmp_path):
    saved.git("worktree", "add", "-q", str(tmp_path / "linked"), "-b", "other")
    linked = discover(tmp_path / "linked")
    publication = GitPublisher(linked).publish("demo", [ONE], "one")
    assert publication.branch == "other"
    status = subprocess.run(
        ["git", "status", "--porcelain"],
        cwd=tmp_path / "linked",
        capture_output=True,
        text=True,
        check=True,
    )
    assert status.stdout == ""
    assert saved.git("rev-parse", "main") != publication.commit


def test_an_index_that_was_locked_in_between_is_made_up_for_next_time(
    saved, monkeypatch
):
    """The user's own `git add` comes between our commit and our entry."""
    monkeypatch.setattr(index, "_PAUSE_SECONDS", 0)
    lock, write_commit = saved.top / ".git/index.lock", publisher.write_commit

    def write_and_lock(*args, **options):
        written = write_commit(*args, **options)
        lock.touch()
        return written

    monkeypatch.setattr(publisher, "write_commit", write_and_lock)
    assert publish(saved, ONE).published == (ONE,)
    lock.unlink()
    assert f"D  {FILE.format(ONE)}" in saved.git("status", "--porcelain")
    monkeypatch.setattr(publisher, "write_commit", write_commit)
    assert publish(saved, TWO).published == (TWO,)
    assert saved.git("status", "--porcelain") == f"?? {FILE.format(THREE)}"
    assert not (saved.top / ".git/orch/main.owed").exists()


def test_a_branch_that_moves_in_between_is_followed(saved, monkeypatch):
    store, moves = publisher.GitPublisher._store, iter([True, True, False])

    def store_and_move(self, paths):
        if next(moves, False):
            saved.git("commit", "-q", "--allow-empty", "-m", "the user's")
        return store(self, paths)

    monkeypatch.setattr(publisher.GitPublisher, "_store", store_and_move)
    assert publish(saved, ONE).published == (ONE,)
    subjects = saved.git("log", "--format=%s").split("\n")
    assert subjects == ["orch(demo): checkpoints", "the user's", "the user's", "first"]


def test_a_branch_that_git_has_locked_waits(saved, monkeypatch):
    monkeypatch.setattr(publisher, "_PAUSE_SECONDS", 0)
    saved.write(".git/refs/heads/main.lock", "")
    assert "main" in publish(saved, ONE).deferred
    assert (saved.top / ".git/refs/heads/main.lock").exists()


def test_a_split_index_and_an_old_format_stay_readable(saved):
    saved.git("update-index", "--split-index", "--index-version=4")
    assert publish(saved, ONE, TWO, THREE).published
    assert saved.git("status", "--porcelain") == ""


def test_a_name_that_is_no_epic_is_refused(repo):
    with pytest.raises(BadInput):
        GitPublisher(discover(repo.top)).publish("../x", ["a"], "m")
