"""Whether a commit on the user's branch would be in the way right now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orch_magic.repository.copies import ROOT
from orch_magic.repository.running import Repository, run_git

_UNFINISHED = {
    "MERGE_HEAD": "A merge is not finished.",
    "CHERRY_PICK_HEAD": "A cherry-pick is not finished.",
    "REVERT_HEAD": "A revert is not finished.",
    "BISECT_LOG": "A bisect is not finished.",
    "rebase-merge": "A rebase is not finished.",
    "rebase-apply": "A rebase or an am is not finished.",
    "sequencer": "A row of picks or reverts is not finished.",
    "index.lock": "Another Git command holds the index.",
}


@dataclass(frozen=True)
class Head:
    """What HEAD is."""

    ref: str
    """The branch's full name; empty where HEAD is detached."""
    commit: str
    """Full id; empty where the branch has no commit yet."""

    @property
    def branch(self) -> str:
        """The branch's name, as people say it."""
        return self.ref.removeprefix("refs/heads/")


def read_head(repository: Repository) -> Head:
    """Say what HEAD is."""
    both = ["rev-parse", "HEAD", "--symbolic-full-name", "HEAD"]
    ran = run_git(repository, both, check=False)
    if not ran.code:
        commit, ref = ran.text.split("\n")
        return Head("" if ref == "HEAD" else ref, commit)
    branch = run_git(repository, ["symbolic-ref", "--quiet", "HEAD"], check=False)
    return Head(branch.text, "")


def why_not(repository: Repository, head: Head, paths: Sequence[str]) -> str:
    """Say in one line why files can't be committed on the branch now.

    Args:
        repository: where.
        head: what HEAD is.
        paths: of the files, from the top of the work tree.

    Returns:
        The reason; empty where they can.
    """
    if repository.top is None:
        return "A bare repository has no branch that is worked on."
    return _unready(repository, head) or _unwanted(repository, paths)


def _unready(repository: Repository, head: Head) -> str:
    for name, reason in _UNFINISHED.items():
        if (repository.git_dir / name).exists():
            return reason
    if not head.ref:
        return "HEAD is detached: no branch is checked out."
    return "" if head.commit else f"The branch {head.branch} has no commit yet."


def _unwanted(repository: Repository, paths: Sequence[str]) -> str:
    if (repository.home / ROOT).is_symlink():
        return f"{ROOT} is a symbolic link."
    listed = "".join(f"{path}\n" for path in paths).encode()
    asked = ["check-ignore", "--stdin"]
    if run_git(repository, asked, input=listed, check=False).out:
        return f"{ROOT} is ignored by Git, see .gitignore."
    return ""
