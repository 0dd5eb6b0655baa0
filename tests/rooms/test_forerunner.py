"""The forerunner's functions, over a real repository."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

import orch_magic as orch
from orch_magic import here
from orch_magic.core.errors import BadInput, UnknownCheckpoint
from orch_magic.core.policy import CheckpointPolicy
from orch_magic.core.record import read_record


@pytest.fixture(autouse=True)
def _nothing_held():
    yield
    if here.held_epic():
        orch.pause()


@pytest.fixture
def where(repo, monkeypatch):
    monkeypatch.chdir(repo.top)
    return str(repo.top)


def _start(where, **more):
    return orch.start_session({"epic_id": "auth", "budget": "10", "cwd": where, **more})


def test_the_whole_life_of_an_epic(where):
    session, context, brief = _start(where)
    assert (session.number, brief) == (1, None)
    context, warning = orch.update_session_cost(context, "1.87")
    assert warning is None
    paused = orch.pause_session(session, context, "lunch", cwd=where)
    assert paused.context.cumulative_cost == Decimal("1.87")
    assert paused.reason == "paused: lunch"

    resumed = orch.resume_session("auth", cwd=where)
    assert resumed.session.number == 2
    assert resumed.session.parent_session_id == session.id
    assert resumed.context.budget_remaining == Decimal("8.13")
    assert "1.87" in resumed.resume_brief

    done = orch.complete_session(resumed.session, resumed.context, "success", where)
    assert done.sessions[-1].status == "completed"


def test_what_a_context_says_is_in_the_checkpoint(where):
    session, context, _ = _start(where)
    told = context.replace(agent_notes="retry later", blockers=("an admin key",))
    record = orch.pause_session(session, told, "lunch", cwd=where)
    assert record.context.agent_notes == "retry later"
    assert record.context.blockers == ("an admin key",)


def test_resume_where_there_is_nothing_is_none(where):
    assert orch.resume_session("auth", cwd=where) is None


@pytest.mark.parametrize(
    ("outcome", "status"), [("failure", "failed"), ("ok", "completed")]
)
def test_the_outcome_decides_how_a_session_ended(where, outcome, status):
    session, context, _ = _start(where)
    record = orch.complete_session(session, context, outcome, cwd=where)
    assert record.sessions[-1].status == status


def test_contexts_are_values():
    context = orch.create_session_context(epic_id="auth", budget="10")
    changed, _ = orch.update_session_cost(context, 4)
    assert context.cumulative_cost == 0
    assert changed.cumulative_cost == 4
    assert changed.budget_remaining == 6


def test_a_warning_comes_once_per_line_crossed():
    context = orch.create_session_context(epic_id="auth", budget="10")
    warnings = []
    for _ in range(12):
        context, warning = orch.update_session_cost(context, 1)
        warnings.append(warning)
    said = [(at, text.split(":")[0]) for at, text in enumerate(warnings, 1) if text]
    assert said == [(8, "Budget warning"), (10, "Budget exceeded")]
    assert orch.is_budget_exceeded(context)
    assert orch.get_budget_status(context).spent_usd == 12


@pytest.mark.parametrize("cost", ["abc", "-1", "nan", "1e999", "5,00"])
def test_a_malformed_cost_is_refused(cost):
    context = orch.create_session_context(epic_id="auth", budget="10")
    with pytest.raises(BadInput):
        orch.update_session_cost(context, cost)


def test_a_saved_context_is_found_again_by_every_way(where):
    context = orch.create_session_context(epic_id="auth", budget="10")
    context, _ = orch.update_session_cost(context, "1.87")
    assert not orch.has_checkpoints("auth", where)
    record = orch.save_checkpoint(context, "asked", "what was done", "sess-1", where)
    assert orch.has_checkpoints("auth", where)
    assert orch.load_latest_checkpoint("auth", where) == record
    assert orch.load_checkpoint("auth", record.id[:-2], where) == record
    assert [entry.id for entry in orch.list_checkpoints("auth", where)] == [record.id]
    assert record.summary == "what was done"
    assert record.session_id == "sess-1"
    assert orch.status(epic="auth", cwd=where).budget.spent_usd == Decimal("1.87")


def test_no_checkpoints_are_none_and_an_unknown_id_is_an_error(where):
    assert orch.load_latest_checkpoint("auth", where) is None
    assert orch.list_checkpoints("auth", where) == ()
    with pytest.raises(UnknownCheckpoint):
        orch.load_checkpoint("auth", "nothing", where)


def test_deleted_checkpoints_can_be_brought_back(where, repo):
    context = orch.create_session_context(epic_id="auth", budget="10")
    record = orch.save_checkpoint(context, "asked", "", "sess-1", where)
    deleted = orch.delete_epic_checkpoints("auth", where)
    assert not orch.has_checkpoints("auth", where)
    repo.git(*deleted.how_to_get_back.removeprefix("git ").split())
    assert orch.load_latest_checkpoint("auth", where) == record
    assert orch.delete_epic_checkpoints("nobody", where) is None


def test_a_checkpoint_is_due_on_time_on_events_and_once_at_the_threshold(clock):
    policy, now = CheckpointPolicy(), clock.now()
    context = orch.create_session_context(epic_id="auth", budget="10")
    last = now - timedelta(minutes=14)
    assert not orch.should_checkpoint(policy, context, last, now=now)
    due = orch.should_checkpoint(policy, context, last - timedelta(minutes=1), now=now)
    assert due.reason == "15.0 minutes have passed"
    assert orch.should_checkpoint(policy, context, last, "error", now=now)
    assert not orch.should_checkpoint(policy, context, last, "issue", now=now)
    context, _ = orch.update_session_cost(context, "8.5")
    assert orch.should_checkpoint(policy, context, last, "cost", now=now)
    assert not orch.should_checkpoint(policy, context, last, now=now)


def test_the_trigger_of_a_session_counts_from_its_last_checkpoint(where):
    session, context, _ = _start(where)
    assert not orch.check_checkpoint_trigger(session, context, cwd=where)
    assert orch.check_checkpoint_trigger(session, context, "error", cwd=where)


def test_the_brief_of_the_forerunners_own_record_says_what_it_holds(request):
    raw = (request.path.parents[1] / "data/forerunner-checkpoint.json").read_bytes()
    record = read_record(raw)
    brief = orch.generate_resume_brief(record)
    for told in ("auth-refactor", "JWT refactor", "Use RS256", "Key rotation", "4.21"):
        assert told in brief
    assert orch.has_resumable_context(record)
    assert "auth-refactor" in orch.format_checkpoint_summary(record)


def test_the_baseline_of_a_project_without_gates_passes(where):
    report = orch.run_baseline(where)
    assert orch.baseline_passed(report)
    assert orch.format_baseline_result(report) == "Baseline: no gate is configured"


def test_ids_are_new_each_time():
    assert orch.generate_session_id() != orch.generate_session_id()
    assert orch.generate_epic_id("RAG: eval!").startswith("rag-eval-")
