"""Run Git: a list of arguments in, bytes out, one clear line where it fails.

We do not run Git through GitPython: its ``execute`` can add to the environment
but not take away, and an inherited GIT_DIR or GIT_INDEX_FILE (a notebook server
started from a hook, say) would point our commands at another repository or index.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from orch_magic.core.errors import OrchError, RepositoryProblem
from orch_magic.core.values import Value

TIMEOUT_SECONDS = 120.0
"""How long one Git command may take."""

SAFE_OPTIONS = (
    # The user's hooks are for the user's commits.
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.fsmonitor=false"),
)

DURABLE_OPTIONS = (
    # Without these Git syncs neither objects nor refs to the disk.
    *("-c", "core.fsync=all"),
    *("-c", "core.fsyncMethod=fsync"),
    # Never tidy up the user's repository in the middle of a save.
    *("-c", "gc.auto=0"),
    *("-c", "maintenance.auto=false"),
    # Large records take half the time, and hardly more room.
    *("-c", "core.compression=1"),
)


class Repository(Value):
    """Where a repository is, and who commits in it. Safe to share by threads."""

    top: Path | None
    """The top of the work tree; None in a bare repository."""
    git_dir: Path
    """Of this work tree: HEAD, the index and unfinished merges are here."""
    common_dir: Path
    """Shared by all work trees: refs, objects and our own files are here."""
    identity: str = "orch_magic <orch@localhost>"
    """Author and committer of our commits, ``Name <address>``."""

    @property
    def home(self) -> Path:
        """The folder that Git commands run in."""
        return self.top or self.git_dir

    @property
    def own_dir(self) -> Path:
        """The folder of our own files: locks, acknowledgements, the ledger."""
        return self.common_dir / "orch"


@dataclass(frozen=True)
class Ran:
    """How a Git command ended."""

    code: int
    out: bytes
    err: str
    pid: int

    @property
    def text(self) -> str:
        """Its output as text or paths, without the newline at the end."""
        return os.fsdecode(self.out).rstrip("\n")

    @property
    def why(self) -> str:
        """The last line of its complaint, without Git's prefix."""
        lines = [line.strip() for line in self.err.splitlines() if line.strip()]
        found = [line for line in lines if line.startswith(("fatal: ", "error: "))]
        said = (found or lines or [f"git ended with code {self.code}"])[-1]
        return re.sub(r"^(fatal|error|warning): ", "", said)


def run_git(
    repository: Repository,
    args: Sequence[str],
    *,
    input: bytes | None = None,  # noqa: A002 - as subprocess calls it
    durable: bool = False,
    check: bool = True,
    error: type[OrchError] = RepositoryProblem,
) -> Ran:
    """Run a Git command in a repository.

    Args:
        repository: where.
        args: the command, without ``git``.
        input: what it reads.
        durable: whether what it writes must survive a power cut.
        check: whether a failure is an error.
        error: the kind of error.

    Raises:
        OrchError: where it fails, with Git's own line.
    """
    options = SAFE_OPTIONS + (DURABLE_OPTIONS if durable else ())
    command = ["git", *options, *args]
    return run_in(repository.home, command, input=input, check=check, error=error)


def run_in(
    folder: Path,
    command: Sequence[str],
    *,
    input: bytes | None = None,  # noqa: A002 - as subprocess calls it
    check: bool = True,
    error: type[OrchError] = RepositoryProblem,
) -> Ran:
    """Run a Git command in any folder; see `run_git`."""
    try:
        child = subprocess.Popen(
            list(command),
            cwd=folder,
            env=clean_environment(os.environ),
            stdin=subprocess.DEVNULL if input is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # Ctrl+C in a terminal, or a kernel killed with its whole process
            # group, must not cut Git off in the middle of a write.
            start_new_session=True,
        )
    except FileNotFoundError:
        if not folder.is_dir():
            raise error(f"The folder {folder} is gone.") from None
        raise RepositoryProblem(
            "Git is not installed, or not on PATH.",
            "Install it from https://git-scm.com/downloads",
        ) from None
    except OSError as trouble:
        raise error(f"Git could not be run: {trouble.strerror}.") from trouble
    with child:
        try:
            out, err = child.communicate(input, timeout=TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            raise error(
                f"git {_verb(command)} took more than {TIMEOUT_SECONDS:.0f} seconds."
            ) from None
        except BaseException:
            child.kill()
            raise
    ran = Ran(child.returncode, out, err.decode("utf-8", "replace"), child.pid)
    if check and ran.code:
        raise complaint(ran, error, _verb(command))
    return ran


def complaint(ran: Ran, error: type[OrchError], verb: str) -> OrchError:
    """Make one clear line of Git's complaint, with the next step where we know it."""
    if "dubious ownership" in ran.err:
        fix = re.search(r"git config --global --add safe\.directory .+", ran.err)
        return RepositoryProblem(
            "Git refuses this repository, because another user owns its folder.",
            f"If you trust it, run: {fix[0]}" if fix else "",
        )
    if "No space left on device" in ran.err:
        return error("The disk is full.", "Free some space, then try again.")
    if "Permission denied" in ran.err:
        return error(
            f"Permission denied: {ran.why}.", "Check who owns the .git folder."
        )
    return error(f"git {verb} failed: {ran.why.rstrip('.')}.")


def clean_environment(inherited: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which Git sees only the folder it runs in."""
    kept = {k: v for k, v in inherited.items() if not k.upper().startswith("GIT_")}
    return {
        **kept,
        "GIT_OPTIONAL_LOCKS": "0",  # looking must not lock the user's index
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
    }


def _verb(command: Sequence[str]) -> str:
    """Return the Git command's name: the first argument that is no option."""
    words = iter(command[1:])
    for word in words:
        if word == "-c":
            next(words)
        elif not word.startswith("-"):
            return word
    return ""
