"""Any order of anything that can happen to two epics, over each ledger that we have.

The machine plays people, processes and a clock that jumps; the model beside it is
a handful of plain counts. After every step the ledger is held against both the
model and a replay of its own events.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from event_samples import AT, HOLDER
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from orch_magic.core import events as ev
from orch_magic.core import lifecycle
from orch_magic.core.context import context_of, record_of
from orch_magic.core.errors import BadInput, NoSession, NothingToResume, SessionHeld
from orch_magic.core.events import Event, read_event, write_event
from orch_magic.core.fold import EpicState, replay
from orch_magic.core.lifecycle import StartRequest
from orch_magic.core.money import Spend
from orch_magic.core.policy import CheckpointPolicy
from orch_magic.core.ports import Ledger
from orch_magic.core.record import read_record, write_record
from orch_magic.core.sessions import Session, SessionStatus, WorkspaceMark
from orch_magic.core.values import add_usd
from orch_magic.core.work import Failure, WorkspaceChanges
from orch_magic.ledger.sqlite import SqliteLedger
from orch_magic.testing import MemoryLedger

POLICY = CheckpointPolicy()

epics = st.sampled_from(["one", "two"])
amounts = st.sampled_from(["0", "0.01", "0.1", "1", "2.50", "1E-30", "0.333333333333"])
limits = st.sampled_from([None, "0", "1", "5", "5.00", "20"])
ends = st.sampled_from(["paused", "completed", "failed"])
texts = st.sampled_from(["try again", "ask Grace", "", "two\nlines", "ünïcode \x00"])


class Model:
    """What we ourselves believe of one epic."""

    def __init__(self) -> None:
        self.spent = Decimal(0)
        self.spends = 0
        self.limit: Decimal | None = None
        self.crossed_at_this_limit = False
        self.live: str | None = None
        self.holder_is_alive = False
        self.ended: dict[str, SessionStatus] = {}
        self.checkpoints: list[str] = []

    def end(self, status: SessionStatus) -> None:
        assert self.live
        self.ended[self.live] = status
        self.live = None


class LifeOfAnEpic(RuleBasedStateMachine):
    """Two epics, one ledger, and everything that may befall them."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger = self.make_ledger()
        self.at = AT
        self.ids = 0
        self.models = {"one": Model(), "two": Model()}
        self.seen_spend = {"one": Decimal(0), "two": Decimal(0)}

    def make_ledger(self) -> Ledger:
        return MemoryLedger()

    # What everything below is made of ---------------------------------------------

    def new_id(self, kind: str) -> str:
        self.ids += 1
        return f"{kind}-{self.ids}"

    def append(
        self, epic: str, decide: Callable[[EpicState], tuple[Event, ...]]
    ) -> tuple[Event, ...]:
        _, written = self.ledger.append(epic, decide, durable=False)
        return written

    def refused(
        self,
        epic: str,
        error: type[Exception],
        decide: Callable[[EpicState], tuple[Event, ...]],
    ) -> None:
        before = tuple(self.ledger.events(epic))
        with pytest.raises(error) as refusal:
            self.append(epic, decide)
        assert "\n" not in str(refusal.value)
        assert tuple(self.ledger.events(epic)) == before

    # What people and processes do -------------------------------------------------

    @rule(seconds=st.sampled_from([0.001, 1, 900, -3600, -86400]))
    def time_passes_or_jumps(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)

    @rule(
        epic=epics,
        resume=st.booleans(),
        take_over=st.booleans(),
        sets_limit=st.booleans(),
        limit=limits,
        force=st.booleans(),
    )
    def start(self, epic: str, limit: str | None, **asked: Any) -> None:
        model, id_ = self.models[epic], self.new_id("sess")
        request = StartRequest(limit_usd=limit, **asked)

        def decide(state: EpicState) -> tuple[Event, ...]:
            return lifecycle.start(
                state,
                request,
                session_id=id_,
                holder=HOLDER.replace(pid=self.ids),
                holder_is_alive=model.holder_is_alive,
                mark=WorkspaceMark(head="9caba17"),
                at=self.at,
            )

        amount = limit if limit is None else Decimal(limit)
        too_low = amount is not None and amount < model.spent and amount != model.limit
        if request.resume and not (model.live or model.ended):
            self.refused(epic, NothingToResume, decide)
        elif model.live and model.holder_is_alive and not request.take_over:
            self.refused(epic, SessionHeld, decide)
        elif request.sets_limit and too_low and not request.force:
            self.refused(epic, BadInput, decide)
        else:
            written = self.append(epic, decide)
            if model.live:
                model.end(SessionStatus.INTERRUPTED)
            if any(isinstance(event, ev.BudgetChanged) for event in written):
                model.limit, model.crossed_at_this_limit = amount, False
            model.live, model.holder_is_alive = id_, True

    @rule(epic=epics, status=ends, reason=texts)
    def pause_complete_or_fail(self, epic: str, status: str, reason: str) -> None:
        model, end = self.models[epic], SessionStatus(status)

        def decide(state: EpicState) -> tuple[Event, ...]:
            return lifecycle.end(state, None, end, reason, at=self.at)

        if model.live is None:
            self.refused(epic, NoSession, decide)
        else:
            self.append(epic, decide)
            model.end(end)

    @rule(epic=epics, status=ends, data=st.data())
    def an_ended_session_is_ended_again(
        self, epic: str, status: str, data: st.DataObject
    ) -> None:
        """By a process that does not know yet that it was taken over."""
        gone = sorted(self.models[epic].ended)
        if gone:
            id_, end = data.draw(st.sampled_from(gone)), SessionStatus(status)
            self.refused(
                epic,
                NoSession,
                lambda state: lifecycle.end(state, id_, end, "", at=self.at),
            )

    @rule(epic=epics, status=ends)
    def another_process_asks_for_the_end(self, epic: str, status: Any) -> None:
        def decide(state: EpicState) -> tuple[Event, ...]:
            return lifecycle.ask_to_end(state, status, "lunch", "pid 7", at=self.at)

        if self.models[epic].live:
            self.append(epic, decide)
            assert self.ledger.state(epic).end_asked
        else:
            self.refused(epic, NoSession, decide)

    @rule(epic=epics)
    def the_holder_dies(self, epic: str) -> None:
        self.models[epic].holder_is_alive = False

    @rule(epic=epics, usd=amounts)
    def spend(self, epic: str, usd: str) -> None:
        model, id_ = self.models[epic], self.new_id("sp")

        def decide(state: EpicState) -> tuple[Event, ...]:
            spend = Spend(id=id_, usd=usd, at=self.at)
            return lifecycle.spend(
                state, spend, policy=POLICY, session_id=model.live, at=self.at
            )

        written = self.append(epic, decide)
        model.spent = add_usd(model.spent, Decimal(usd))
        model.spends += 1
        crosses = any(isinstance(event, ev.CostThresholdCrossed) for event in written)
        due = reaches_threshold(model) and not model.crossed_at_this_limit
        assert crosses == due, "the threshold is crossed once per limit"
        model.crossed_at_this_limit |= crosses

    @rule(epic=epics, limit=limits, force=st.booleans())
    def budget(self, epic: str, limit: str | None, force: bool) -> None:
        model = self.models[epic]
        amount = limit if limit is None else Decimal(limit)

        def decide(state: EpicState) -> tuple[Event, ...]:
            return lifecycle.set_limit(
                state, amount, force=force, session_id=model.live, at=self.at
            )

        if amount is not None and amount < model.spent and not force:
            self.refused(epic, BadInput, decide)
        else:
            self.append(epic, decide)
            model.limit, model.crossed_at_this_limit = amount, False

    @rule(epic=epics, text=texts, fails=st.booleans())
    def a_cell_runs(self, epic: str, text: str, fails: bool) -> None:
        failure = Failure(error="KeyError", message=text) if fails else None
        self.append(
            epic,
            lambda _: (
                ev.CellRan(
                    epic_id=epic,
                    at=self.at,
                    digest="e3b0",
                    seconds=0.1,
                    failure=failure,
                ),
                ev.NoteAdded(epic_id=epic, at=self.at, text=text),
            ),
        )

    @precondition(lambda self: any(model.live for model in self.models.values()))
    @rule(epic=epics, reason=texts, publishes=st.booleans())
    def checkpoint_saved(
        self,
        epic: str,
        reason: str,
        publishes: bool,
    ) -> None:
        state = self.ledger.state(epic)
        if state.live_session is None:
            return
        id_ = self.new_id("ck")
        assert_record_survives(state, state.live_session, id_, reason, self.at)
        saved = ev.CheckpointSaved(
            epic_id=epic,
            at=self.at,
            session_id=state.live_session.id,
            checkpoint_id=id_,
            commit="1f0c2aa",
            trigger="asked",
            reason=reason,
            wants_publishing=publishes,
        )
        self.append(epic, lambda _: (saved,))
        self.models[epic].checkpoints.append(id_)

    @rule(epic=epics)
    def checkpoints_published(self, epic: str) -> None:
        owed = self.ledger.state(epic).unpublished
        self.append(
            epic,
            lambda _: (
                ev.CheckpointsPublished(
                    epic_id=epic,
                    at=self.at,
                    checkpoint_ids=owed,
                    commit="77ab001",
                    branch="main",
                ),
            ),
        )
        assert self.ledger.state(epic).unpublished == ()

    # What is true whatever happened -----------------------------------------------

    @invariant()
    def the_ledger_says_what_a_replay_of_its_events_says(self) -> None:
        for epic in self.models:
            assert self.ledger.state(epic) == replay(epic, self.ledger.events(epic))

    @invariant()
    def the_ledger_says_what_we_believe(self) -> None:
        for epic, model in self.models.items():
            state = self.ledger.state(epic)
            assert state.spent_usd == model.spent
            assert state.spend_count == model.spends
            assert state.limit_usd == model.limit
            live = state.live_session
            assert (live.id if live else None) == model.live
            last = state.last_checkpoint
            assert (last.id if last else None) == (model.checkpoints or [None])[-1]

    @invariant()
    def spend_never_falls_and_is_the_sum_of_its_parts(self) -> None:
        for epic in self.models:
            state = self.ledger.state(epic)
            assert state.spent_usd >= self.seen_spend[epic]
            self.seen_spend[epic] = state.spent_usd
            of_sessions = add_usd(*(s.spent_usd for s in state.sessions))
            outside = add_usd(
                *(
                    event.spend.usd
                    for event in self.ledger.events(epic, "spent")
                    if event.session_id is None
                )
            )
            assert add_usd(of_sessions, outside) == state.spent_usd

    @invariant()
    def sessions_are_numbered_in_a_row_each_the_child_of_the_one_before(self) -> None:
        for epic in self.models:
            parent = None
            for number, session in enumerate(self.ledger.state(epic).sessions, start=1):
                assert session.number == number
                assert session.parent_session_id == parent
                parent = session.id

    @invariant()
    def at_most_one_session_is_live_and_nothing_ended_comes_back(self) -> None:
        for epic, model in self.models.items():
            sessions = self.ledger.state(epic).sessions
            assert [s.id for s in sessions if s.status.is_live] == (
                [model.live] if model.live else []
            )
            ended = {s.id: s.status for s in sessions if not s.status.is_live}
            assert ended == model.ended
            assert all(s.ended_at >= s.started_at for s in sessions if s.ended_at)

    def teardown(self) -> None:
        for epic in self.models:
            assert self.ledger.verify(epic) == ()
            for event in self.ledger.events(epic):
                assert read_event(write_event(event)) == event
            state = self.ledger.state(epic)
            if state.session:
                assert_record_survives(state, state.session, "ck", "end", self.at)


class LifeOfAnEpicInSqlite(LifeOfAnEpic):
    """The same, in a real file that is let go of and opened again at any time."""

    def make_ledger(self) -> Ledger:
        self.folder = tempfile.TemporaryDirectory()
        return SqliteLedger(Path(self.folder.name) / "ledger.db")

    @rule()
    def the_kernel_is_started_anew(self) -> None:
        assert isinstance(self.ledger, SqliteLedger)
        self.ledger.close()

    def teardown(self) -> None:
        super().teardown()
        assert isinstance(self.ledger, SqliteLedger)
        self.ledger.close()
        self.folder.cleanup()


def reaches_threshold(model: Model) -> bool:
    if model.limit is None:
        return False
    if model.limit == 0:
        return model.spent > 0
    return model.spent >= model.limit * Decimal("0.8")


def assert_record_survives(
    state: EpicState, session: Session, id_: str, reason: str, at: datetime
) -> None:
    context = context_of(state, session, at=at)
    record = record_of(
        state,
        session,
        context,
        checkpoint_id=id_,
        reason=reason,
        changes=WorkspaceChanges(head="9caba17", branch="main"),
        at=at,
    )
    assert read_record(write_record(record)) == record
    restored = ev.EpicRestored(epic_id=state.epic_id, at=at, record=record)
    again = replay(state.epic_id, [restored])
    assert again.spent_usd == state.spent_usd
    assert again.limit_usd == state.limit_usd
    assert again.sessions == state.sessions


def play(steps: int, examples: int) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )


TestInMemory = LifeOfAnEpic.TestCase
TestInMemory.settings = play(steps=40, examples=80)

TestInSqlite = LifeOfAnEpicInSqlite.TestCase
TestInSqlite.settings = play(steps=30, examples=40)
