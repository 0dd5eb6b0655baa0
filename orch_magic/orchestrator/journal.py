"""Writing down the work: notes, decisions, blockers, issues, the task, the cells."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from orch_magic.core import events as ev
from orch_magic.core.errors import BadInput, OrchError
from orch_magic.core.fold import EpicState
from orch_magic.core.reports import Saved, Written
from orch_magic.core.values import explain
from orch_magic.core.work import CurrentTask, Decision, Failure, IssueUpdate
from orch_magic.orchestrator import reading
from orch_magic.orchestrator.checkpointing import checkpoint
from orch_magic.orchestrator.world import World

DONE = {"done", "closed", "completed"}
"""Statuses in which an issue needs no more work."""

MOST_TEXT = 4_000
"""Characters kept of one note, blocker, decision or message."""


def note(world: World, epic_id: str, text: str) -> Written:
    """Write down something worth remembering."""
    said = _text(text, "note")
    _write(world, epic_id, lambda now: ev.NoteAdded(text=said, **now))
    return Written(epic_id=epic_id, what="note", text=said)


def decide(
    world: World, epic_id: str, decision: str, why: str, alternatives: tuple[str, ...]
) -> Written:
    """Write down a choice and why it was made."""
    said = _text(decision, "decision")
    made = Decision(
        decision=said,
        rationale=why.strip()[:MOST_TEXT],
        alternatives=alternatives or None,
        made_at=world.clock.now(),
    )
    _write(world, epic_id, lambda now: ev.DecisionMade(decision=made, **now))
    return Written(epic_id=epic_id, what="decision", text=said)


def block(world: World, epic_id: str, text: str) -> Written:
    """Write down what stands in the way."""
    said = _text(text, "blocker")
    _write(world, epic_id, lambda now: ev.BlockerOpened(text=said, **now))
    return Written(epic_id=epic_id, what="blocker", text=said)


def unblock(world: World, epic_id: str, text: str) -> Written:
    """Take away a blocker, named by its text or the beginning of it.

    Raises:
        BadInput: where not exactly one blocker begins so.
    """
    blockers = reading.known_epic(world, epic_id).blockers
    found = [known for known in blockers if known.startswith(text.strip())]
    if len(found) != 1:
        there = "; ".join(blockers) or "none"
        raise BadInput(
            f"{len(found)} blockers begin with {text!r}.", f"There are: {there}"
        )
    _write(world, epic_id, lambda now: ev.BlockerCleared(text=found[0], **now))
    return Written(epic_id=epic_id, what="cleared blocker", text=found[0])


def issue(
    world: World, epic_id: str, issue_id: str, title: str, status: str, reason: str
) -> tuple[Written, Saved | None]:
    """Take up an issue, or say that its status changed; done ends its task.

    Returns:
        What was written, and the checkpoint made if the policy asks for one.
    """
    named = _text(issue_id, "issue id")
    at = world.clock.now()

    def happened(state: EpicState) -> list[ev.Event]:
        known = next((i for i in state.issues if i.issue_id == named), None)
        update = IssueUpdate(
            issue_id=named,
            title=title or (known.title if known else ""),
            from_status=known.to_status if known else "open",
            to_status=status,
            reason=reason or None,
        )
        now = _now(state, at)
        events: list[ev.Event] = [ev.IssueMoved(update=update, **now)]
        current = state.task and state.task.issue_id == named
        if status in DONE and current:
            events.append(ev.TaskSet(task=None, **now))
        elif status == "in-progress" and not current:
            task = CurrentTask(issue_id=named, issue_title=update.title)
            events.append(ev.TaskSet(task=task, **now))
        return events

    reading.known_epic(world, epic_id)
    world.ledger.append(epic_id, happened)
    written = Written(epic_id=epic_id, what="issue", text=f"{named} {status}")
    policy = (world.held.settings if world.held else world.settings).policy
    if status in DONE and policy.wants("issue"):
        return written, checkpoint(world, epic_id, "issue", f"issue {named} done")
    return written, None


def task(world: World, epic_id: str, changes: Mapping[str, object]) -> Written:
    """Say how far the current task is.

    Args:
        changes: fields of `CurrentTask`.

    Raises:
        BadInput: where there is no current task, or it can't be so.
    """
    given = {key: value for key, value in changes.items() if value not in {None, ""}}
    at = world.clock.now()

    def happened(state: EpicState) -> list[ev.Event]:
        if state.task is None:
            raise BadInput(
                "There is no current task.", "Take up an issue: %orch issue ID TITLE"
            )
        try:
            changed = state.task.replace(**given)
        except ValidationError as error:
            raise BadInput(f"The task can't be so: {explain(error)}.") from None
        return [ev.TaskSet(task=changed, **_now(state, at))]

    reading.known_epic(world, epic_id)
    state, _ = world.ledger.append(epic_id, happened)
    task_now = state.task or CurrentTask(issue_id="")
    told = f"{task_now.issue_id} {task_now.current_step}".strip()
    text = f"{told}, {task_now.progress_percent:g} % done"
    return Written(epic_id=epic_id, what="task", text=text)


def cell_ran(
    world: World, digest: str, seconds: float, failure: Failure | None
) -> Saved | None:
    """Count a cell of the session held here; a new failure makes a checkpoint.

    Returns:
        The checkpoint, if one was made.
    """
    held = world.held
    if held is None:
        return None
    at = world.clock.now()
    before: list[int] = []

    def happened(state: EpicState) -> list[ev.Event]:
        live = state.live_session
        if live is None or live.id != held.session_id:
            return []
        before.append(len(state.failures))
        return [
            ev.CellRan(
                digest=digest, seconds=seconds, failure=failure, **_now(state, at)
            )
        ]

    state, events = world.ledger.append(held.epic_id, happened, durable=False)
    repeated = bool(before) and len(state.failures) == before[0]
    if failure is None or not events or repeated:
        return None
    if not held.settings.policy.wants("error"):
        return None
    try:
        return checkpoint(
            world, held.epic_id, "error", f"{failure.error} in {failure.cell}".strip()
        )
    except OrchError:
        # It is in the ledger, shown by status, and the keeper tries again: the
        # person's cell is not the place for it.
        return None


def _write(
    world: World, epic_id: str, make: Callable[[dict[str, Any]], ev.Event]
) -> None:
    reading.known_epic(world, epic_id)
    at = world.clock.now()
    world.ledger.append(epic_id, lambda state: (make(_now(state, at)),))


def _now(state: EpicState, at: datetime) -> dict[str, Any]:
    live = state.live_session
    return {
        "epic_id": state.epic_id,
        "at": at,
        "session_id": live.id if live else None,
    }


def _text(raw: str, what: str) -> str:
    said = raw.strip()
    if not said:
        raise BadInput(f"The {what} is empty.", "Write it behind the word.")
    return said[:MOST_TEXT]
