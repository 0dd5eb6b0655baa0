"""Clean places to measure in: no user's settings, repositories of a known size."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orch_magic

FILES = 20
"""How many files a small repository has."""

_FOREIGN = ("GIT_", "ORCH_", "OPENAI_", "ANTHROPIC_", "IPYTHON", "JUPYTER")


@dataclass(frozen=True)
class Run:
    """How to measure, and where."""

    folder: Path
    short: bool
    seed: int

    def choose(self, *, short: int, long: int) -> int:
        """Return the size that fits."""
        return short if self.short else long

    def room(self, name: str) -> Path:
        """Return a new folder."""
        path = self.folder / name
        path.mkdir(parents=True)
        return path


@contextmanager
def clean_world(home: Path) -> Iterator[None]:
    """Keep the user's home, configuration and keys out of this process for a while."""
    before = dict(os.environ)
    home.mkdir(parents=True)
    (home / ".gitconfig").write_text(
        "[user]\n\tname = Bench\n\temail = bench@localhost\n"
        "[init]\n\tdefaultBranch = main\n"
    )
    os.environ.clear()
    os.environ.update(_without_the_users(before, home))
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def make_repository(top: Path, files: int = FILES) -> Path:
    """Make a repository with one commit of some small files."""
    top.mkdir(parents=True, exist_ok=True)
    for number in range(files):
        (top / f"step_{number:03d}.py").write_text(f"STEP = {number}\n" * 20)
    git(top, "init", "-q")
    git(top, "add", "-A")
    git(top, "commit", "-q", "-m", "An experiment begins")
    return top


def git(top: Path, *words: str) -> str:
    """Run a Git command of the user's and return what it says."""
    ran = subprocess.run(
        ["git", *words], cwd=top, capture_output=True, text=True, check=True
    )
    return ran.stdout.strip()


def fsck(top: Path) -> list[str]:
    """Return what `git fsck` complains of, a line each."""
    words = ["git", "fsck", "--full", "--no-dangling", "--no-progress"]
    ran = subprocess.run(words, cwd=top, capture_output=True, text=True, check=False)
    said = (ran.stdout + ran.stderr).splitlines()
    return said or (["git fsck failed"] if ran.returncode else [])


def _without_the_users(inherited: Mapping[str, str], home: Path) -> dict[str, str]:
    kept = {k: v for k, v in inherited.items() if not k.startswith(_FOREIGN)}
    # Compiled modules are kept, as on anybody's machine: both sides load them.
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return {
        **kept,
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "IPYTHONDIR": str(home / ".ipython"),
        "JUPYTER_CONFIG_DIR": str(home / ".jupyter"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "PYTHONPATH": str(_source()),
    }


def _source() -> Path:
    """Return the folder that holds this package and the one it measures."""
    return Path(orch_magic.__file__).resolve().parent.parent
