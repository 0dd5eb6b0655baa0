"""One sample of every answer, plain or hostile, for the tests of the views."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from orch_magic.core import reports as said
from orch_magic.core.brief import next_step
from orch_magic.core.gates import BaselineReport, GateResult
from orch_magic.core.money import BudgetStatus, Spend, Usage, budget_status
from orch_magic.core.sessions import Holder, Session, SessionStatus
from orch_magic.core.work import (
    CellCount,
    CurrentTask,
    Decision,
    Failure,
    FileChange,
    IssueUpdate,
    SessionContext,
    TestState,
)

AT = datetime(2026, 11, 22, 7, 36, tzinfo=UTC)
HOSTILE = (
    "# `x``` <script>alert(1)</script> & $a$ </table></div>\x1b[31mred\x1b[0m\r\n"
    "- ![p](http://evil.test/x.png) \u202egnp.exe 漢字漢字 "
    + "w" * 200
    + " "
    + "z" * 10_000
)
TINY = Decimal("0." + "0" * 35 + "12345")
FINE = Decimal("123456789.1234567890123456789012345678901234567890")


class Samples:
    """Answers about one epic.

    Args:
        hostile: whether every text is as bad as a text can be, and amounts have as
            many digits as they can have.
    """

    def __init__(self, *, hostile: bool = False) -> None:
        self.hostile = hostile
        self.epic = "e" * 64 if hostile else "churn-model"
        self.spent = FINE if hostile else Decimal("1.2")
        self.limit = FINE * 2 if hostile else Decimal(5)

    def text(self, plain: str) -> str:
        return f"{plain} {HOSTILE}" if self.hostile else plain

    def budget(
        self, spent: str = "", limit: str | None = "", reserved: str = "0"
    ) -> BudgetStatus:
        return budget_status(
            (Decimal(limit) if limit else self.limit) if limit is not None else None,
            Decimal(spent) if spent else self.spent,
            epic_id=self.epic,
            reserved=Decimal(reserved),
        )

    def session(self, status: SessionStatus = SessionStatus.RUNNING) -> Session:
        ended = None if status.is_live else AT + timedelta(minutes=74)
        return Session(
            id=self.text("sess-20261122T073600Z-a1b2c3"),
            epic_id=self.epic,
            number=2,
            parent_session_id="sess-1",
            status=status,
            started_at=AT,
            ended_at=ended,
            reason="" if status.is_live else self.text("lunch"),
            holder=Holder(pid=4711, began=1.0, host=self.text("ada"), kind="kernel"),
            spent_usd=TINY if self.hostile else "0.4",
        )

    def entry(self, number: int = 2) -> said.CheckpointEntry:
        return said.CheckpointEntry(
            id=self.text(f"20261122T0850{number:02d}Z-0002-a1b2c3"),
            epic_id=self.epic,
            at=AT + timedelta(minutes=number),
            commit="3fa9c1e" + "0" * 33,
            session_number=2,
            reason=self.text("15 minutes elapsed"),
            spent_usd=self.spent,
        )

    def context(self) -> SessionContext:
        text = self.text
        return SessionContext(
            files_modified=(
                FileChange(
                    path=text("src/features.py"),
                    summary=text("split_by_month"),
                    lines_added=120,
                    lines_removed=30,
                ),
                FileChange(path=text("docs/plan.md"), change_type=text("created")),
            ),
            issues_updated=(
                IssueUpdate(
                    issue_id=text("cs-7"),
                    title=text("Calibrate"),
                    to_status=text("in-progress"),
                    reason=text("taken up"),
                ),
            ),
            current_task=CurrentTask(
                issue_id=text("cs-7"),
                issue_title=text("Calibrate the model"),
                current_step=text("re-run In [14]"),
                progress_percent=60,
                remaining_work=text("the evaluation"),
                time_spent_ms=5_400_000,
            ),
            test_state=TestState(
                passed=41, failed=3, skipped=2, failing_tests=(text("test_calibrated"),)
            ),
            agent_notes=text("Temperature scaling beats Platt here."),
            blockers=(text("Key rotation needs an admin"), text("No GPU")),
            decisions=(
                Decision(
                    decision=text("Use isotonic regression"),
                    rationale=text("monotone and enough data"),
                    alternatives=(text("Platt"),),
                    made_at=AT,
                ),
            ),
            assigned_issues=(text("cs-7"),),
            convoy_id=text("convoy-1"),
            worker_id=text("worker-2"),
            background_pid=99,
            background_started=AT,
            session_cost=TINY if self.hostile else "0.4",
            cumulative_cost=self.spent,
            failures=(
                Failure(
                    error=text("ValueError"),
                    message=text("probabilities do not sum to 1"),
                    cell=text("In [14] evaluate(model)"),
                    at=AT,
                    times=3,
                ),
            ),
            cells=CellCount(run=12, failed=2, seconds=341.5),
            files_left_out=4,
            branch=text("main"),
            commits=(text("9caba17 Split by month"),),
            baseline=text("tests passed, lint failed"),
        )

    def brief(self, status: SessionStatus = SessionStatus.INTERRUPTED) -> said.Brief:
        return said.Brief(
            epic_id=self.epic,
            next_step=next_step(self.context()),
            session=self.session(status),
            checkpoint=self.entry(),
            budget=self.budget(),
            context=self.context(),
            remarks=(self.text("One damaged checkpoint was skipped."),),
        )

    def saved(self, deferred: str = "") -> said.Saved:
        return said.Saved(
            checkpoint=self.entry(),
            published_commit=None if deferred else "9caba1741740faa95b61",
            deferred=deferred,
        )

    def baseline(self) -> BaselineReport:
        return BaselineReport(
            gates=(
                GateResult(
                    gate="tests",
                    outcome="failed",
                    command=self.text("pytest -q"),
                    seconds=12.3,
                    output_tail=self.text("E   assert 1 == 2\n\n1 failed, 41 passed"),
                ),
                GateResult(gate="typecheck", outcome="not_configured"),
                GateResult(
                    gate="lint",
                    outcome="passed",
                    command=self.text("ruff check"),
                    seconds=0.4,
                    fixed_itself=True,
                ),
            )
        )

    def status(
        self, status: SessionStatus = SessionStatus.RUNNING, **more: object
    ) -> said.Status:
        session = self.session(status)
        fields = {
            "epic_id": self.epic,
            "status": status,
            "session": session,
            "holder_is_alive": True,
            "budget": self.budget(),
            "last_checkpoint": self.entry(),
            "next_checkpoint_seconds": 720.0,
            "cells_run": 12,
            "cells_failed": 2,
            "baseline": self.text("tests passed, lint failed"),
            "task": self.text("cs-7 Calibrate the model"),
            "blockers": (self.text("Key rotation needs an admin"), self.text("No GPU")),
            "remarks": (self.text("The last checkpoint failed: disk full."),),
        }
        return said.Status(**{**fields, **more})

    def sums(self) -> tuple[said.SpendLine, ...]:
        return (
            said.SpendLine(
                name=self.text("claude-sonnet"),
                calls=13,
                usd=self.spent,
                input_tokens=60_600,
                output_tokens=20_000,
            ),
            said.SpendLine(name="local-8b", calls=2, usd=TINY),
        )

    def spend(self) -> Spend:
        return Spend(
            id="s1",
            usd=TINY if self.hostile else "0.0123456",
            at=AT,
            note=self.text("by hand"),
            usage=Usage(
                model=self.text("claude-sonnet"),
                provider="anthropic",
                input_tokens=1200,
                output_tokens=300,
            ),
            issue_id=self.text("cs-7"),
        )

    def all(self) -> list:
        """One of each kind of answer, and the other shapes it can have."""
        epic, text = self.epic, self.text
        return [
            self.status(),
            *(self.status(status) for status in SessionStatus),
            self.status(
                end_asked="paused",
                holder_is_alive=False,
                budget=self.budget("5.1", "5", "0.2"),
                next_checkpoint_seconds=None,
            ),
            self.status(
                budget=self.budget("0", None), last_checkpoint=None, remarks=(), task=""
            ),
            said.Started(
                session=self.session(),
                budget=self.budget(),
                brief=self.brief(),
                baseline=self.baseline(),
                checkpoint=self.saved(),
                remarks=(text("Session 1 was interrupted."),),
            ),
            said.Started(session=self.session(), budget=self.budget("0", None)),
            self.brief(),
            said.Brief(
                epic_id=epic,
                next_step=next_step(SessionContext()),
                session=self.session(SessionStatus.PAUSED),
                budget=self.budget("0"),
                context=SessionContext(),
            ),
            self.saved(),
            self.saved(text("a rebase is going on")),
            said.Ended(
                session=self.session(SessionStatus.PAUSED),
                budget=self.budget("4.2", "5", "0.3"),
                checkpoint=self.saved(),
                remarks=(text("Mind this."),),
            ),
            said.Ended(
                session=self.session(SessionStatus.COMPLETED), budget=self.budget()
            ),
            said.Priced(
                model=text("my-model"), input_usd_per_mtok=1, output_usd_per_mtok="2.5"
            ),
            said.Asked(
                epic_id=epic, session=self.session(), asked=SessionStatus.PAUSED
            ),
            said.Epics(epics=()),
            said.Epics(
                epics=(
                    said.EpicSummary(
                        epic_id=epic,
                        status=SessionStatus.BUDGET_EXCEEDED,
                        sessions=3,
                        budget=self.budget("5000", "0.01"),
                        last_at=AT,
                    ),
                    said.EpicSummary(epic_id="other", budget=self.budget("0", None)),
                )
            ),
            said.Listing(epic_id=epic, checkpoints=()),
            said.Listing(epic_id=epic, checkpoints=(self.entry(9), self.entry(8))),
            said.SpendReport(
                epic_id=epic,
                budget=self.budget(),
                by_model=self.sums(),
                by_session=self.sums(),
                by_issue=self.sums(),
                newest=self.spend(),
            ),
            self.spend(),
            said.Written(epic_id=epic, what="decision", text=text("Use isotonic")),
            said.BudgetSet(budget=self.budget(), changed=True),
            said.Warned(budget=self.budget("4.2", "5", "0.3")),
            said.Trouble(epic_id=epic, error=text("disk full.")),
            said.Verified(epic_id=epic, checkpoints=12, spends=34),
            said.Verified(
                epic_id=epic, checkpoints=12, spends=34, problems=(text("c7 is cut."),)
            ),
            said.Deleted(
                epic_id=epic, checkpoints=3, how_to_get_back=text("git update-ref x y")
            ),
            self.baseline(),
            BaselineReport(),
        ]
