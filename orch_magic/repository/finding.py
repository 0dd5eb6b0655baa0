"""Find checkpoints: in the line of commits, in the acknowledgements, in the files.

They are looked for in this order, for it is the order of trust. "Newest" is the one
that comes last in the line; no clock and no file time decides it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from orch_magic.core.entries import entry_of, pick
from orch_magic.core.errors import BadInput, RecordUnreadable
from orch_magic.core.ports import Found
from orch_magic.core.record import CheckpointRecord, read_record
from orch_magic.core.reports import CheckpointEntry
from orch_magic.core.values import parse_epic_id
from orch_magic.repository import acks
from orch_magic.repository.copies import Copies
from orch_magic.repository.message import Link, digest
from orch_magic.repository.reading import (
    Chain,
    read_chain,
    read_links,
    read_records,
    read_tip,
    ref_of,
)
from orch_magic.repository.running import Repository, run_git


class Finder:
    """Reads the checkpoints of a repository; may be shared by threads.

    Args:
        repository: where.
    """

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._copies = Copies(repository.top)

    def latest(self, epic_id: str) -> Found | None:
        """Return the newest intact checkpoint, naming the damaged ones skipped.

        Returns:
            None where no intact one is left, or there never was one.
        """
        epic_id = parse_epic_id(epic_id)
        tip = read_tip(self._repository, epic_id)
        if tip and isinstance(record := _open(*tip), CheckpointRecord):
            return Found(record=record, entry=entry_of(record, tip[0].commit))
        chain = read_chain(self._repository, epic_id)
        links = self._with_acknowledged(epic_id, chain)
        skipped = _lost_thread(epic_id, chain, links)
        for found, problem in self._opened(epic_id, links):
            skipped += [problem] if problem else []
            if found:
                return found.model_copy(update={"skipped": tuple(skipped)})
        return self._latest_copy(epic_id, skipped)

    def load(self, epic_id: str, checkpoint_id: str) -> Found:
        """Return a checkpoint by its id, or the beginning of it.

        Raises:
            UnknownCheckpoint: where none or more than one has such an id.
            RecordUnreadable: where it is damaged.
        """
        epic_id = parse_epic_id(epic_id)
        links = self._with_acknowledged(epic_id, read_chain(self._repository, epic_id))
        known = [link.id for link in links] + list(self._copies.names(epic_id))
        wanted = pick(epic_id, checkpoint_id, known)
        problems = []
        same = [link for link in links if link.id == wanted]
        for found, problem in self._opened(epic_id, same):
            if found:
                return found
            problems.append(problem)
        copy = self._copies.read(epic_id, wanted)
        if copy.record:
            entry = entry_of(copy.record, None)
            return Found(record=copy.record, entry=entry, skipped=tuple(problems))
        raise RecordUnreadable(
            problems[0] if problems else copy.problem,
            f"See the others: %orch list --epic {epic_id}",
        )

    def list(
        self, epic_id: str, limit: int | None = None
    ) -> tuple[CheckpointEntry, ...]:
        """Return the epic's checkpoints, newest first, as far as their commits tell.

        A damaged record may be among them: a list reads no records.
        """
        epic_id = parse_epic_id(epic_id)
        chain = read_chain(self._repository, epic_id)
        links = self._with_acknowledged(epic_id, chain)
        known = {link.id for link in links}
        lost = [link.commit for link in links if not link.entry]
        again = dict(zip(lost, read_links(self._repository, lost), strict=True))
        links = [again.get(link.commit) or link for link in links]
        names = (n for n in self._copies.names(epic_id) if n not in known)
        copies = (self._copies.read(epic_id, name) for name in names)
        files = (entry_of(copy.record, None) for copy in copies if copy.record)
        entries = _merge(
            [link.entry for link in links if link.entry],
            sorted(files, key=_age, reverse=True),
        )
        unique = {entry.id: entry for entry in reversed(entries)}
        return tuple(reversed(unique.values()))[:limit]

    def epics(self) -> tuple[str, ...]:
        """Return the names of the epics that have checkpoints, in their order."""
        refs = ["for-each-ref", "--format=%(refname:strip=2)", "refs/orch/"]
        names = set(run_git(self._repository, refs).text.split("\n"))
        names |= acks.epics_acknowledged(self._repository) | self._copies.epics()
        return tuple(sorted(filter(_is_epic, names)))

    def verify(self, epic_id: str) -> tuple[str, ...]:
        """Read every checkpoint again; return what is wrong, a line each."""
        epic_id = parse_epic_id(epic_id)
        chain = read_chain(self._repository, epic_id)
        links = self._with_acknowledged(epic_id, chain)
        problems = _lost_thread(epic_id, chain, links)
        problems += [problem for _, problem in self._opened(epic_id, links) if problem]
        copies = (self._copies.read(epic_id, n) for n in self._copies.names(epic_id))
        problems += [copy.problem for copy in copies if copy.problem]
        return tuple(problems)

    def _with_acknowledged(self, epic_id: str, chain: Chain) -> Sequence[Link]:
        """Return the line and what was acknowledged and is no longer in it.

        Newest first: the acknowledgements know the order of all, the line that of
        its own.
        """
        listed = acks.acknowledged(self._repository, epic_id)
        turn = {link.commit: number for number, link in enumerate(listed)}
        in_line = {link.commit for link in chain.links}
        waiting = [link for link in reversed(listed) if link.commit not in in_line]
        links: list[Link] = []
        for link in chain.links:
            own = turn.get(link.commit, -1)
            while waiting and turn[waiting[-1].commit] < own:
                links.append(waiting.pop())
            links.append(link)
        return (*links, *reversed(waiting))

    def _opened(
        self, epic_id: str, links: Sequence[Link]
    ) -> Iterator[tuple[Found | None, str]]:
        """Open checkpoints one after the other; with a problem, or found, or both."""
        raws = read_records(self._repository, links)
        for link, raw in zip(links, raws, strict=True):
            opened = _open(link, raw)
            if isinstance(opened, CheckpointRecord):
                yield Found(record=opened, entry=entry_of(opened, link.commit)), ""
                continue
            rescued = _open(link, self._copies.same(epic_id, link.id, link.sha256))
            if isinstance(rescued, CheckpointRecord):
                remark = f"{opened} Its file in the work tree is whole and was used."
                entry = entry_of(rescued, None)
                yield Found(record=rescued, entry=entry, skipped=(remark,)), remark
            else:
                yield None, opened

    def _latest_copy(self, epic_id: str, before: Sequence[str]) -> Found | None:
        copies = self._copies.newest_first(epic_id)
        skipped = (*before, *(copy.problem for copy in copies if copy.problem))
        record = copies[0].record if copies else None
        if record is None:
            return None
        entry = entry_of(record, None)
        return Found(record=record, entry=entry, skipped=skipped)


def _open(link: Link, raw: bytes | None) -> CheckpointRecord | str:
    """Return the record, or a sentence that says what is wrong with it."""
    name = f"Checkpoint {link.id}"
    if raw is None:
        return f"{name} is damaged: commit {link.commit[:12]} can't be read from Git."
    if digest(raw) != link.sha256:
        return f"{name} is damaged: it is not what was saved."
    try:
        return read_record(raw, name=name)
    except RecordUnreadable as error:
        return str(error)


def _lost_thread(epic_id: str, chain: Chain, links: Sequence[Link]) -> list[str]:
    """Say so where the line of commits can't be followed to its beginning."""
    if chain.break_:
        return [
            f"{ref_of(epic_id)} can't be followed to its beginning: {chain.break_}."
        ]
    if links and not chain.links:
        return [f"{ref_of(epic_id)} is missing; its acknowledged commits are known."]
    return []


def _merge(
    ours: list[CheckpointEntry], theirs: list[CheckpointEntry]
) -> list[CheckpointEntry]:
    """Merge two lists, newest first; each keeps its own order."""
    merged: list[CheckpointEntry] = []
    waiting = list(reversed(theirs))
    for entry in ours:
        while waiting and waiting[-1].at > entry.at:
            merged.append(waiting.pop())
        merged.append(entry)
    return merged + waiting[::-1]


def _age(entry: CheckpointEntry) -> tuple[float, str]:
    return entry.at.timestamp(), entry.id


def _is_epic(name: str) -> bool:
    try:
        parse_epic_id(name)
    except BadInput:
        return False
    return True
