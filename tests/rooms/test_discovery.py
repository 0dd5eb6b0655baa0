"""Finding the repository; and where that fails, one line that says what to do."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from orch_magic.core.errors import RepositoryProblem
from orch_magic.repository.discovery import discover


def test_the_top_is_found_from_any_folder_below(repo):
    (repo.top / "a/b").mkdir(parents=True)
    found = discover(repo.top / "a/b")
    assert found.top == repo.top
    assert found.git_dir == found.common_dir == repo.top / ".git"
    assert found.identity == "Ada Lovelace <ada@example.org>"


def test_a_relative_folder_will_do(repo, monkeypatch):
    (repo.top / "sub").mkdir()
    monkeypatch.chdir(repo.top)
    assert discover(Path("sub")).top == repo.top


def test_a_linked_work_tree_shares_the_common_folder(repo, tmp_path):
    repo.git("worktree", "add", "-q", str(tmp_path / "linked"), "-b", "other")
    found = discover(tmp_path / "linked")
    assert found.top == tmp_path / "linked"
    assert found.git_dir == repo.top / ".git/worktrees/linked"
    assert found.common_dir == repo.top / ".git"


def test_a_bare_repository_has_no_top(tmp_path):
    subprocess.run(["git", "init", "-q", "--bare", str(tmp_path / "b.git")], check=True)
    found = discover(tmp_path / "b.git")
    assert found.top is None
    assert found.home == found.common_dir == tmp_path / "b.git"


def test_no_repository_is_one_line_with_two_ways_out(tmp_path):
    with pytest.raises(RepositoryProblem) as caught:
        discover(tmp_path)
    assert caught.value.problem == f"No Git repository at {tmp_path} or above."
    assert caught.value.fix == "Run: git init, or add --init"


def test_init_makes_one_and_finds_one_that_is_there(tmp_path, repo):
    (tmp_path / "new").mkdir()
    assert discover(tmp_path / "new", init=True).top == tmp_path / "new"
    assert discover(repo.top, init=True).top == repo.top


def test_a_folder_that_is_not_there_is_one_line(tmp_path):
    with pytest.raises(RepositoryProblem, match=r"There is no folder .*nowhere"):
        discover(tmp_path / "nowhere")


def test_without_a_git_binary_the_line_says_how_to_get_it(repo, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(RepositoryProblem, match=r"not installed.*git-scm\.com"):
        discover(repo.top)


@pytest.mark.parametrize("version", ["3.1.59", "3.0.9", "2.1.11"])
def test_a_gitpython_with_known_holes_is_refused(repo, monkeypatch, version):
    import git

    monkeypatch.setattr(git, "__version__", version)
    with pytest.raises(RepositoryProblem, match=rf"{version}.*pip install -U"):
        discover(repo.top)


@pytest.mark.parametrize("version", ["3.1.60", "3.2", "4.0.0rc1"])
def test_a_newer_gitpython_is_taken(repo, monkeypatch, version):
    import git

    monkeypatch.setattr(git, "__version__", version)
    assert discover(repo.top).top == repo.top


def test_inherited_git_variables_lead_nowhere_else(repo, tmp_path, monkeypatch):
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "elsewhere"))
    found = discover(repo.top)
    assert (found.top, found.git_dir) == (repo.top, repo.top / ".git")


def test_a_variable_that_hides_the_repository_is_named(repo, tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_COMMON_DIR", str(tmp_path / "elsewhere"))
    with pytest.raises(RepositoryProblem, match="unset GIT_COMMON_DIR"):
        discover(repo.top)


def test_another_users_repository_is_one_line_with_gits_own_fix(repo):
    if os.name == "nt" or os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    for path in (repo.top, repo.top / ".git"):
        os.chown(path, 12345, 12345)
    with pytest.raises(RepositoryProblem) as caught:
        discover(repo.top)
    assert "another user owns" in caught.value.problem
    assert "git config --global --add safe.directory" in caught.value.fix
    assert "\n" not in str(caught.value)


def test_a_repository_that_may_not_be_entered_is_one_line(repo, monkeypatch):
    import git

    if os.name != "nt" and os.geteuid() != 0:
        (repo.top / ".git").chmod(0)
    else:  # root may enter everything, so the system is asked to say no

        def refuse(*_, **__):
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(git, "Repo", refuse)
    try:
        with pytest.raises(RepositoryProblem, match="Permission denied"):
            discover(repo.top)
    finally:
        (repo.top / ".git").chmod(0o755)


@pytest.mark.parametrize(
    ("config", "identity"),
    [
        ("", "orch_magic <orch@localhost>"),
        ("[user]\n\tname = Ada\n", "Ada <orch@localhost>"),
        ("[user]\n\tname = A <b> c\n\temail = x@y\n", "A b c <x@y>"),
        ("[user]\n\tname = 7\n\temail = x@y\n", "7 <x@y>"),
    ],
)
def test_whoever_git_knows_commits(repo, config, identity):
    (Path(os.environ["HOME"]) / ".gitconfig").write_text(config)
    assert discover(repo.top).identity == identity
