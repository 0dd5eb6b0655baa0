"""A whole project, wired as users have it, through the verbs; and what can be wrong."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from decimal import Decimal

import pytest

import orch_magic as orch
from orch_magic import here


@pytest.fixture(autouse=True)
def _a_process_of_its_own(monkeypatch):
    """Begin with no project open, and end with no session held."""
    monkeypatch.setattr(here, "_worlds", {})
    yield
    if here.held_epic():
        orch.pause()


@pytest.fixture
def project(repo, monkeypatch):
    monkeypatch.chdir(repo.top)
    return repo


def _forget() -> None:
    """Open the project again, as another process would."""
    here._worlds.clear()


def _one_session(budget="5.00", spent="1.25") -> None:
    orch.start("x", budget, baseline=False)
    orch.spend(spent)
    orch.note("chunks of 400")
    orch.pause("for the night")


def _ledger(project):
    return project.top / ".git/orch/ledger.db"


def test_git_log_shows_the_checkpoints_and_the_work_tree_is_clean(project):
    _one_session()
    subjects = project.git("log", "--format=%s").splitlines()
    assert sum(s.startswith("orch(x): checkpoint ") for s in subjects) == 2
    assert project.git("status", "--porcelain") == ""


def test_a_session_block_is_completed_and_an_error_fails_it(project):
    with orch.session("x", budget="5", baseline=False):
        orch.spend("0.5")
    assert orch.status().status == "completed"
    with pytest.raises(ZeroDivisionError), orch.session("x", baseline=False):
        1 / 0  # noqa: B018 - the error is the point
    status = orch.status()
    assert status.status == "failed"
    assert status.session.reason.startswith("ZeroDivisionError")


def test_a_session_block_interrupted_by_a_person_is_paused(project):
    with pytest.raises(KeyboardInterrupt), orch.session("x", baseline=False):
        raise KeyboardInterrupt
    assert orch.status().status == "paused"


def test_a_session_block_ended_inside_stays_as_it_was_ended(project):
    with orch.session("x", baseline=False):
        orch.pause("enough")
    assert orch.status().session.reason == "enough"


def test_a_block_whose_budget_is_passed_fails_with_the_money_written(project):
    with (
        pytest.raises(orch.BudgetExceeded),
        orch.session("x", budget="1", baseline=False),
    ):
        orch.spend("1.50")
    status = orch.status()
    assert status.status == "failed"
    assert status.budget.spent_usd == Decimal("1.50")


def test_a_fresh_clone_goes_on_with_cost_budget_and_numbers(project, tmp_path):
    _one_session()
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", project.top, clone], check=True)
    _forget()
    started = orch.resume("x", baseline=False, cwd=clone)
    assert started.session.number == 2
    assert started.budget.spent_usd == Decimal("1.25")
    assert started.budget.remaining_usd == Decimal("3.75")
    assert started.brief.context.agent_notes == "chunks of 400"


def test_a_ledger_that_is_gone_is_rebuilt_from_the_checkpoints(project):
    _one_session()
    _forget()
    shutil.rmtree(project.top / ".git/orch")
    assert orch.status(epic="x").budget.spent_usd == Decimal("1.25")
    assert orch.resume("x", baseline=False).session.number == 2


@pytest.mark.parametrize("damage", ["overwritten", "cut", "empty header"])
def test_a_damaged_ledger_is_set_aside_rebuilt_and_that_is_said(
    project, capsys, damage
):
    _one_session()
    _forget()
    path = _ledger(project)
    for extra in path.parent.glob("ledger.db-*"):
        extra.unlink()
    whole = path.read_bytes()
    harm = {
        "overwritten": b"this is no ledger\n" * 300,
        "cut": whole[: len(whole) // 3],
        "empty header": bytes(100) + whole[100:],
    }
    path.write_bytes(harm[damage])
    assert orch.status(epic="x").budget.spent_usd == Decimal("1.25")
    said = capsys.readouterr().err
    assert "The ledger was damaged" in said
    assert list(path.parent.glob("ledger.damaged-*"))
    assert orch.resume("x", baseline=False).session.number == 2


def test_a_corrupt_record_is_named_and_the_one_before_is_taken(project, tmp_path):
    _one_session()
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", project.top, clone], check=True)
    newest = max((clone / ".orchestration/checkpoints/x").glob("*.json"))
    newest.write_text(newest.read_text()[:200])
    _forget()
    with pytest.raises(orch.SessionHeld):  # the one before says it was running here
        orch.resume("x", baseline=False, cwd=clone)
    started = orch.resume("x", baseline=False, cwd=clone, take_over=True)
    assert any(newest.stem in line for line in started.remarks)


def test_a_record_of_a_newer_orch_magic_is_refused_whole(project, tmp_path):
    _one_session()
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", project.top, clone], check=True)
    for path in (clone / ".orchestration/checkpoints/x").glob("*.json"):
        path.write_text(
            path.read_text().replace('"schemaVersion": 1', '"schemaVersion": 99')
        )
    _forget()
    with pytest.raises(orch.OrchError, match="x"):
        orch.resume("x", baseline=False, cwd=clone)


@pytest.mark.parametrize("amount", ["abc", "-1", "nan", "1e999", "5,00", "inf", ""])
def test_a_malformed_amount_is_one_line_and_nothing_is_written(project, amount):
    with pytest.raises(orch.BadInput) as caught:
        orch.start("x", amount, baseline=False)
    assert "\n" not in str(caught.value)
    assert orch.epics().epics == ()


@pytest.mark.parametrize("name", ["a b", "../x", "", "-x", "x.lock", "é", "x" * 65])
def test_a_bad_epic_name_is_refused_with_a_good_one_suggested(project, name):
    with pytest.raises(orch.BadInput, match="Try: ") as caught:
        orch.start(name, baseline=False)
    suggestion = str(caught.value).partition("Try: ")[2]
    orch.start(suggestion, baseline=False)


def test_an_unknown_setting_is_named_with_the_one_that_was_meant(project):
    project.write("pyproject.toml", "[tool.orch]\npublsh = 'never'\n")
    with pytest.raises(orch.BadInput, match="Did you mean publish"):
        orch.epics()


def test_settings_of_the_project_are_read_anew_at_each_start(project):
    _one_session()
    project.write("pyproject.toml", "[tool.orch]\npublish = 'never'\n")
    before = project.git("rev-list", "--count", "HEAD")
    orch.resume("x", baseline=False)
    assert project.git("rev-list", "--count", "HEAD") == before


def test_outside_a_repository_one_line_says_what_to_run(tmp_path):
    with pytest.raises(orch.RepositoryProblem, match="git init") as caught:
        orch.status(cwd=tmp_path)
    assert "\n" not in str(caught.value)
    assert orch.start("x", baseline=False, init=True, cwd=tmp_path).session.number == 1


def test_in_a_project_without_epics_every_verb_says_how_to_start(project):
    verbs = [
        orch.status, orch.brief, orch.checkpoints, orch.checkpoint, orch.pause,
        orch.complete, orch.fail, orch.verify, orch.budget, lambda: orch.note("x"),
        lambda: orch.spend("1"), lambda: orch.issue("a"), lambda: orch.task("b"),
        lambda: orch.block("c"), lambda: orch.decide("d"), orch.resume,
    ]  # fmt: skip
    for verb in verbs:
        with pytest.raises(orch.NoSession, match="%orch start --epic"):
            verb()


def test_an_unknown_epic_is_told_with_the_known_ones(project):
    _one_session()
    with pytest.raises(orch.UnknownEpic, match="known: x"):
        orch.status(epic="y")
    with pytest.raises(orch.NothingToResume, match="no session to resume"):
        orch.resume("y", baseline=False)


def test_the_ledger_agrees_with_its_events_and_all_is_sound(project):
    _one_session()
    verified = orch.verify(epic="x")
    assert (verified.checkpoints, verified.spends) == (2, 1)
    assert verified.is_sound


def test_a_tampered_ledger_row_is_found(project):
    _one_session()
    _forget()
    with sqlite3.connect(_ledger(project)) as db:
        db.execute("UPDATE events SET body = replace(body, '1.25', '0.25')")
    db.close()
    problems = orch.verify(epic="x").problems
    assert any("spent" in line for line in problems), problems


def test_a_declared_price_prices_an_unknown_model(project):
    reply = {
        "object": "chat.completion",
        "model": "house-model",
        "choices": [],
        "usage": {
            "prompt_tokens": 1000,
            "completion_tokens": 100,
            "total_tokens": 1100,
        },
    }
    orch.start("x", "5", baseline=False)
    with pytest.raises(orch.UnpricedModel, match="%orch price house-model"):
        orch.spend(reply)
    orch.price("house-model", input_usd_per_mtok="1", output_usd_per_mtok="2")
    assert orch.spend(reply).newest.usd == Decimal("0.0012")


def test_another_folder_of_the_project_sees_the_same_session(project):
    orch.start("x", "5", baseline=False)
    sub = project.top / "deep/down"
    sub.mkdir(parents=True)
    assert orch.status(cwd=sub).session.number == 1


def test_a_linked_worktree_sees_the_same_ledger(project, tmp_path):
    _one_session()
    project.git("worktree", "add", "-q", str(tmp_path / "wt"), "-b", "side")
    assert orch.status(epic="x", cwd=tmp_path / "wt").budget.spent_usd == Decimal(
        "1.25"
    )


def test_a_misspelt_setting_of_a_start_is_refused_with_the_one_meant(project):
    with pytest.raises(orch.BadInput, match="Did you mean publish"):
        orch.start("x", baseline=False, publsh="never")
    assert here.held_epic() is None


def test_a_setting_out_of_range_is_refused_in_one_line(project):
    with pytest.raises(orch.BadInput) as caught:
        orch.start("x", baseline=False, checkpoint_every_minutes=0)
    assert "\n" not in str(caught.value)
