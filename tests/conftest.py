"""Every test gets a world of its own: a home, a Git configuration, a clock."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import hypothesis
import pytest

from orch_magic.testing import FakeClock

# How long an example takes says more about the machine's load than about us.
hypothesis.settings.register_profile("no deadline", deadline=None)
hypothesis.settings.load_profile("no deadline")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(autouse=True)
def _own_world(tmp_path_factory, monkeypatch) -> None:
    """Keep the developer's home, Git configuration and API keys out of the tests."""
    home = tmp_path_factory.mktemp("home")
    for name in list(os.environ):
        if name.startswith(("GIT_", "OPENAI_", "ANTHROPIC_", "ORCH_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
    monkeypatch.setenv("IPYTHONDIR", str(home / ".ipython"))
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(home / ".jupyter"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    (home / ".gitconfig").write_text(
        "[user]\n\tname = Ada Lovelace\n\temail = ada@example.org\n"
        "[init]\n\tdefaultBranch = main\n"
    )


class Repository:
    """A real Git repository that a test can work in."""

    def __init__(self, top: Path) -> None:
        self.top = top

    def git(self, *args: str, check: bool = True) -> str:
        ran = subprocess.run(
            ["git", *args], cwd=self.top, capture_output=True, text=True, check=False
        )
        if check and ran.returncode:
            raise AssertionError(f"git {args} failed: {ran.stderr}")
        return ran.stdout.strip()

    def write(self, path: str, text: str) -> Path:
        file = self.top / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def commit(self, message: str = "work") -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def empty_repo(tmp_path) -> Repository:
    """A repository whose branch has no commit yet."""
    top = tmp_path / "project"
    top.mkdir()
    repo = Repository(top)
    repo.git("init", "-q")
    return repo


@pytest.fixture
def repo(empty_repo) -> Repository:
    """A repository with one commit."""
    empty_repo.write("README.md", "# An experiment\n")
    empty_repo.commit("first")
    return empty_repo
