"""Find the repository that a folder belongs to, or say in one line why not.

GitPython finds it and reads the user's name. It is closed at once: a `git.Repo`
holds pipes that threads must not share.
"""

from __future__ import annotations

import configparser
import os
import re
import shutil
from pathlib import Path
from typing import Any

from orch_magic.core.errors import RepositoryProblem
from orch_magic.repository.running import Repository, run_in

OLDEST_GITPYTHON = (3, 1, 60)
"""Older ones carry two dozen security advisories."""

NO_NAME, NO_ADDRESS = "orch_magic", "orch@localhost"
"""Who commits where Git knows no user."""


def discover(start: Path, *, init: bool = False) -> Repository:
    """Find the repository at a folder or above it.

    Args:
        start: the folder.
        init: whether to make a repository there if there is none.

    Raises:
        RepositoryProblem: where there is no repository, no Git, a GitPython that
            is too old, or no permission; each in one line with its fix.
    """
    start = Path(os.path.abspath(start))  # noqa: PTH100 - keeps symlinks as given
    if not start.is_dir():
        raise RepositoryProblem(f"There is no folder {start}.", "Check --cwd.")
    git = _load_gitpython()
    try:
        repo = git.Repo(start, search_parent_directories=True, expand_vars=False)
    except git.exc.InvalidGitRepositoryError:
        _refuse_hidden(start)
        if not init:
            raise RepositoryProblem(
                f"No Git repository at {start} or above.",
                "Run: git init, or add --init",
            ) from None
        run_in(start, ["git", "init", "--quiet"])
        return discover(start)
    except OSError as trouble:
        raise RepositoryProblem(
            f"The Git repository at {start} can't be read: {trouble.strerror}.",
            "Check who owns the .git folder.",
        ) from trouble
    with repo:
        is_bare, git_dir = repo.bare, Path(repo.git_dir)
        asked = ["--git-common-dir", *([] if is_bare else ["--show-toplevel"])]
        # GitPython believes GIT_WORK_TREE and GIT_COMMON_DIR of the environment
        # and does not ask who owns the folder. Git does, and is not told of them.
        common, *top = run_in(start, ["git", "rev-parse", *asked]).text.split("\n")
        return Repository(
            top=Path(top[0]) if top else None,
            git_dir=git_dir.resolve(),
            common_dir=(start / common).resolve(),
            identity=_identity(repo),
        )


def _load_gitpython() -> Any:
    # Importing GitPython without a Git binary fails with a page of advice.
    if shutil.which("git") is None:
        raise RepositoryProblem(
            "Git is not installed, or not on PATH.",
            "Install it from https://git-scm.com/downloads",
        )
    import git

    version = tuple(int(part) for part in re.findall(r"\d+", git.__version__)[:3])
    if version < OLDEST_GITPYTHON:
        oldest = ".".join(map(str, OLDEST_GITPYTHON))
        raise RepositoryProblem(
            f"GitPython {git.__version__} is too old to be safe.",
            f"Run: pip install -U 'GitPython>={oldest}'",
        )
    return git


def _refuse_hidden(start: Path) -> None:
    """Say so where a repository may be there, but can't be seen."""
    for name in ("GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY"):
        if os.environ.get(name):
            raise RepositoryProblem(
                f"No Git repository can be seen at {start}, because the environment "
                f"sets {name}.",
                f"Run: unset {name}",
            )
    for folder in (start, *start.parents):
        inside = folder / ".git"
        try:
            is_there = inside.is_dir()
        except PermissionError:
            is_there = True
        if is_there and not os.access(inside, os.R_OK | os.X_OK):
            raise RepositoryProblem(
                f"Permission denied: {inside}.", "Check who owns the .git folder."
            )


def _identity(repo: Any) -> str:
    name, address = "", ""
    try:
        with repo.config_reader() as config:
            name = str(config.get_value("user", "name", ""))
            address = str(config.get_value("user", "email", ""))
    except (configparser.Error, OSError):
        # GitPython reads fewer dialects than Git; a checkpoint needs no name.
        name = address = ""
    # Git's own rule: what would end the field early is left out.
    name, address = (
        re.sub(r"[<>\r\n\0]", "", part).strip() for part in (name, address)
    )
    return f"{name or NO_NAME} <{address or NO_ADDRESS}>"
