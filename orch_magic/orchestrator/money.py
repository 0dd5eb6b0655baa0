"""Spending, the budget, and where the money went."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from orch_magic.core import events as ev
from orch_magic.core import lifecycle
from orch_magic.core.errors import BudgetExceeded, OrchError
from orch_magic.core.fold import EpicState
from orch_magic.core.money import Spend, Usage, passes
from orch_magic.core.reports import BudgetSet, SpendLine, SpendReport, Trouble, Warned
from orch_magic.core.values import add_usd
from orch_magic.orchestrator import reading
from orch_magic.orchestrator.checkpointing import checkpoint
from orch_magic.orchestrator.world import World


def spend(
    world: World,
    epic_id: str,
    usd: Decimal | None = None,
    *,
    response: Any = None,
    note: str = "",
    cell: str = "",
) -> Spend:
    """Write down money that is gone.

    Args:
        usd: the amount in US dollars; None: read it from ``response``.
        response: a provider's reply, raw or as its SDK's object.
        note: what it was for.
        cell: which cell spent it, as people name it.

    Raises:
        BadInput, UnpricedModel: where the reply can't be priced; nothing is written.
        NoSession: where no session of the epic is running.
        BudgetExceeded: where it passes the limit; it is written down all the same.
    """
    at = world.clock.now()
    usage: Usage | None = None
    if usd is None:
        usage, usd = world.pricer.read(response, at)
    session = lifecycle.need_live(world.ledger.state(epic_id))
    policy = (world.held.settings if world.held else world.settings).policy

    def decide(state: EpicState) -> tuple[ev.Event, ...]:
        line = Spend(
            id=f"{state.spend_count + 1}",
            usd=usd,
            at=at,
            note=note,
            usage=usage,
            issue_id=state.task.issue_id if state.task else None,
            cell=cell,
        )
        return lifecycle.spend(state, line, policy=policy, session_id=session.id, at=at)

    state, happened = world.ledger.append(epic_id, decide)
    spent = next(event.spend for event in happened if isinstance(event, ev.Spent))
    for event in happened:
        if isinstance(event, ev.CostThresholdCrossed):
            _warn(world, state, event.fraction)
    if state.limit_usd is not None and passes(state.limit_usd, state.spent_usd):
        raise BudgetExceeded(epic_id, state.spent_usd, state.limit_usd)
    return spent


def set_budget(
    world: World, epic_id: str, limit: Decimal | None, *, force: bool
) -> BudgetSet:
    """Set the epic's limit, in US dollars; None takes it away.

    Raises:
        BadInput: where it is below what is spent, and not forced.
    """
    known = reading.known_epic(world, epic_id)
    session_id = known.live_session.id if known.live_session else None
    at = world.clock.now()
    state, _ = world.ledger.append(
        epic_id,
        lambda now: lifecycle.set_limit(
            now, limit, force=force, session_id=session_id, at=at
        ),
    )
    return BudgetSet(budget=world.budget(state), changed=True)


def budget(world: World, epic_id: str) -> BudgetSet:
    """Say how the epic's budget stands."""
    state = reading.known_epic(world, epic_id)
    return BudgetSet(budget=world.budget(state), changed=False)


def report(world: World, epic_id: str, newest: Spend | None = None) -> SpendReport:
    """Say where an epic's money went."""
    state = reading.known_epic(world, epic_id)
    spent = [
        event
        for event in world.ledger.events(epic_id, "spent")
        if isinstance(event, ev.Spent)
    ]
    numbers = {session.id: session.number for session in state.sessions}
    return SpendReport(
        epic_id=epic_id,
        budget=world.budget(state),
        by_model=_sum(spent, lambda e: e.spend.usage.model if e.spend.usage else ""),
        by_session=_sum(spent, lambda e: f"session {numbers.get(e.session_id or '')}"),
        by_issue=_sum(spent, lambda e: e.spend.issue_id or ""),
        newest=newest,
    )


def _warn(world: World, state: EpicState, fraction: float) -> None:
    """Checkpoint at the crossing; where that fails the ledger knows and retries."""
    world.tell(Warned(budget=world.budget(state)))
    share = f"{fraction:.0%} of the budget spent"
    try:
        world.tell(checkpoint(world, state.epic_id, "cost", share))
    except OrchError as error:
        world.tell(Trouble(epic_id=state.epic_id, error=str(error)))


def _sum(
    spent: Iterable[ev.Spent], name_of: Callable[[ev.Spent], str]
) -> tuple[SpendLine, ...]:
    """Sum spends by a name, the dearest first."""
    groups: dict[str, list[Spend]] = {}
    for event in spent:
        groups.setdefault(name_of(event), []).append(event.spend)
    lines = [
        SpendLine(
            name=name,
            calls=len(group),
            usd=add_usd(*(spend.usd for spend in group)),
            input_tokens=sum(s.usage.input_tokens for s in group if s.usage),
            output_tokens=sum(s.usage.output_tokens for s in group if s.usage),
        )
        for name, group in groups.items()
    ]
    return tuple(sorted(lines, key=lambda line: line.usd, reverse=True))
