"""Read checkpoints from Git, past what is damaged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from orch_magic.core.errors import CheckpointProblem, RepositoryProblem
from orch_magic.repository.message import Link, read_message
from orch_magic.repository.running import Repository, complaint, run_git

RECORD, BRIEF = "checkpoint.json", "brief.md"
"""What a checkpoint's tree holds, and nothing else.

The names never change: a save costs the same whether it is the first or the ten
thousandth, Git finds the versions of one file and stores their differences, and
`git log -p orch/EPIC -- brief.md` reads like a diary.
"""

_AT_ONCE = 200
"""How many objects are asked for at once: it bounds what is held in memory."""


@dataclass(frozen=True)
class Stored:
    """An object of Git."""

    id: str
    content: bytes


@dataclass(frozen=True)
class Chain:
    """An epic's line of checkpoints, newest first, as far as it can be followed."""

    links: tuple[Link, ...] = ()
    break_: str = ""
    """Why it ends early; empty where it was followed to its beginning."""


def ref_of(epic_id: str) -> str:
    """Return an epic's ref. Not a branch: a user's branch ``orch`` is no obstacle."""
    return f"refs/orch/{epic_id}"


def read_tip(repository: Repository, epic_id: str) -> tuple[Link, bytes] | None:
    """Read the newest checkpoint; None where it is not there, or not readable."""
    ref = ref_of(epic_id)
    commit, raw = read_objects(repository, [ref, f"{ref}:{RECORD}"])
    link = _link_in(commit) if commit else None
    return (link, raw.content) if link and raw else None


def read_chain(repository: Repository, epic_id: str) -> Chain:
    """Read the line of an epic's checkpoints, without their records."""
    log = ["log", "-z", "--no-show-signature", "--encoding=UTF-8", "--format=%H%n%B"]
    ran = run_git(repository, [*log, ref_of(epic_id), "--"], check=False)
    messages = (part.partition("\n") for part in _text(ran.out).split("\0"))
    links = (read_message(commit, message) for commit, _, message in messages)
    if not ran.code:
        return Chain(tuple(link for link in links if link))
    if "dubious ownership" in ran.err:
        raise complaint(ran, CheckpointProblem, "log")
    kept = tuple(link for link in links if link)
    return Chain(kept, "" if not _has_ref(repository, epic_id) else ran.why)


def read_links(repository: Repository, commits: Sequence[str]) -> Iterator[Link | None]:
    """Read what some commits say of their checkpoints; None for a damaged one."""
    for commit in read_objects(repository, commits):
        yield _link_in(commit) if commit else None


def read_records(
    repository: Repository, links: Sequence[Link]
) -> Iterator[bytes | None]:
    """Read the records of some checkpoints; None for a damaged one."""
    names = [f"{link.commit}:{RECORD}" for link in links]
    for stored in read_objects(repository, names):
        yield stored.content if stored else None


def read_objects(
    repository: Repository, names: Sequence[str]
) -> Iterator[Stored | None]:
    """Read objects; None for one that is missing or damaged.

    Git gives up at the first damaged object: we go on after it.
    """
    todo = list(names)
    while todo:
        batch, todo = todo[:_AT_ONCE], todo[_AT_ONCE:]
        request = "".join(f"{name}\n" for name in batch).encode()
        ran = run_git(repository, ["cat-file", "--batch"], input=request, check=False)
        if "dubious ownership" in ran.err or "not a git repository" in ran.err:
            raise complaint(ran, CheckpointProblem, "cat-file")
        answers = list(_answers(ran.out))
        yield from answers
        if len(answers) < len(batch):
            yield None
            todo = batch[len(answers) + 1 :] + todo


def tip_of(repository: Repository, epic_id: str) -> str | None:
    """Return the commit that an epic's ref names, whether or not it can be read.

    Raises:
        RepositoryProblem: where Git can't say, which is not the same as None.
    """
    args = ["rev-parse", "--verify", "--quiet", ref_of(epic_id)]
    ran = run_git(repository, args, check=False)
    if ran.code > 1:
        raise complaint(ran, RepositoryProblem, "rev-parse")
    return ran.text or None


def _has_ref(repository: Repository, epic_id: str) -> bool:
    loose = repository.common_dir / ref_of(epic_id)
    return loose.exists() or tip_of(repository, epic_id) is not None


def _link_in(commit: Stored) -> Link | None:
    _, _, message = commit.content.partition(b"\n\n")
    return read_message(commit.id, _text(message))


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _answers(out: bytes) -> Iterator[Stored | None]:
    """Read the answers of `git cat-file --batch`, up to where it gave up."""
    at = 0
    while (end := out.find(b"\n", at)) >= 0:
        words = out[at:end].split(b" ")
        at = end + 1
        if words[-1] in {b"missing", b"ambiguous"}:
            yield None
            continue
        size = int(words[-1])
        if out[at + size : at + size + 1] != b"\n":
            return
        yield Stored(words[0].decode(), out[at : at + size])
        at += size + 1
