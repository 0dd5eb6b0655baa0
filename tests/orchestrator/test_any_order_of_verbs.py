"""Whatever people do in whatever order, in several processes, the promises hold."""

from __future__ import annotations

from decimal import Decimal

import hypothesis.strategies as st
from fake_project import Project, start_session
from hypothesis import settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
)

from orch_magic.core.errors import BadInput, BudgetExceeded, NoSession, SessionHeld
from orch_magic.core.fold import replay
from orch_magic.core.record import read_record, write_record
from orch_magic.core.sessions import SessionStatus
from orch_magic.orchestrator import checkpointing, money, sessions
from orch_magic.orchestrator.tick import tick
from orch_magic.testing import FakeClock

EPICS = st.sampled_from(["a", "b"])
AMOUNTS = st.decimals("0", "3", places=4)


class AnyOrderOfVerbs(RuleBasedStateMachine):
    """Two epics, three processes, every verb."""

    @initialize()
    def begin(self) -> None:
        self.clock = FakeClock()
        self.project = Project(self.clock)
        self.worlds = [self.project.process() for _ in range(3)]
        self.spent: dict[str, Decimal] = {"a": Decimal(0), "b": Decimal(0)}

    @rule(
        who=st.integers(0, 2),
        epic=EPICS,
        budget=st.none() | AMOUNTS,
        take_over=st.booleans(),
        force=st.booleans(),
    )
    def start(self, who, epic, budget, take_over, force) -> None:
        before = self.project.ledger.state(epic)
        try:
            started = start_session(
                self.worlds[who],
                epic,
                None if budget is None else str(budget),
                take_over=take_over,
                force=force,
            )
        except SessionHeld:
            return
        except BadInput:
            assert budget < before.spent_usd
            return
        last = before.session
        assert started.session.number == (last.number + 1 if last else 1)
        assert started.session.parent_session_id == (last.id if last else None)
        assert started.budget.spent_usd == self.spent[epic]

    @rule(who=st.integers(0, 2), epic=EPICS, usd=AMOUNTS)
    def spend(self, who, epic, usd) -> None:
        try:
            money.spend(self.worlds[who], epic, usd)
        except NoSession:
            return
        except BudgetExceeded as error:
            assert error.spent_usd > error.limit_usd
        self.spent[epic] += usd

    @rule(who=st.integers(0, 2), epic=EPICS)
    def checkpoint(self, who, epic) -> None:
        try:
            saved = checkpointing.checkpoint(self.worlds[who], epic, "asked", "asked")
        except NoSession:
            return
        assert saved.checkpoint.spent_usd == self.spent[epic]

    @rule(
        who=st.integers(0, 2),
        epic=EPICS,
        how=st.sampled_from(["paused", "completed", "failed"]),
    )
    def end(self, who, epic, how) -> None:
        try:
            sessions.end_from_anywhere(self.worlds[who], epic, how, "")
        except NoSession:
            assert self.project.ledger.state(epic).live_session is None

    @rule(who=st.integers(0, 2))
    def crash(self, who) -> None:
        self.project.kill(self.worlds[who])
        self.worlds[who] = self.project.process()

    @rule(who=st.integers(0, 2), seconds=st.integers(1, 2000))
    def time_passes(self, who, seconds) -> None:
        self.clock.advance(seconds)
        tick(self.worlds[who])

    @rule(seconds=st.integers(1, 5000))
    def clock_is_set_back(self, seconds) -> None:
        self.clock.set_back(seconds)

    @rule(
        who=st.integers(0, 2),
        epic=EPICS,
        limit=st.none() | AMOUNTS,
        force=st.booleans(),
    )
    def set_budget(self, who, epic, limit, force) -> None:
        if not self.project.ledger.state(epic).exists:
            return
        try:
            money.set_budget(self.worlds[who], epic, limit, force=force)
        except BadInput:
            assert limit < self.spent[epic]
            assert not force

    @invariant()
    def the_ledger_has_every_cent_and_no_more(self) -> None:
        for epic, spent in self.spent.items():
            state = self.project.ledger.state(epic)
            assert state.spent_usd == spent
            assert sum((s.spent_usd for s in state.sessions), Decimal(0)) == spent

    @invariant()
    def at_most_one_session_of_an_epic_is_live_and_numbers_run(self) -> None:
        for epic in self.spent:
            known = self.project.ledger.state(epic).sessions
            assert [s.number for s in known] == list(range(1, len(known) + 1))
            live = [s for s in known if s.status.is_live]
            assert live in ([], [known[-1]] if known else [])
            for session in known[:-1]:
                assert session.ended_at is not None
                assert session.status in set(SessionStatus) - {SessionStatus.RUNNING}

    @invariant()
    def a_process_holds_at_most_what_the_ledger_says_it_does(self) -> None:
        held = [w.held.session_id for w in self.worlds if w.held_session()]
        assert len(held) == len(set(held))

    @invariant()
    def the_state_is_what_its_events_add_up_to(self) -> None:
        for epic in self.spent:
            events = tuple(self.project.ledger.events(epic))
            assert replay(epic, events) == self.project.ledger.state(epic)

    @invariant()
    def every_record_survives_json_and_its_spend_never_falls(self) -> None:
        for epic in self.spent:
            entries = self.project.store.list(epic)
            spent = [entry.spent_usd for entry in reversed(entries)]
            assert spent == sorted(spent)
            found = self.project.store.latest(epic)
            if found:
                assert read_record(write_record(found.record)) == found.record


TestAnyOrderOfVerbs = AnyOrderOfVerbs.TestCase
TestAnyOrderOfVerbs.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None
)
