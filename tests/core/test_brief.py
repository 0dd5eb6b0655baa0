# ruff: noqa: E501 - the snapshots are as wide as the Markdown is
"""What a person, or an agent, reads before going on."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from orch_magic.core.brief import (
    NOTHING_NEXT,
    brief_markdown,
    brief_of,
    checkpoint_summary,
    has_resumable_context,
    next_step,
)
from orch_magic.core.brief_sections import MOST_LISTED
from orch_magic.core.money import budget_status
from orch_magic.core.record import CheckpointRecord, read_record
from orch_magic.core.reports import CheckpointEntry
from orch_magic.core.sessions import Session, SessionStatus
from orch_magic.core.wording import exact_usd, one_line, show_percent, show_seconds
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
FORERUNNERS = Path(__file__).parent.parent / "data" / "forerunner-checkpoint.json"
NASTY = [
    "# a heading",
    "line one\nline two\r\n\n# heading\n- item",
    "```\ncode",
    "`",
    "<script>alert(1)</script>",
    "![p](http://evil.test/x.png)",
    "[x]: http://evil.test",
    "1. first",
    "***",
    "> quoted",
    "back\\slash\\",
    "\x1b[31mred\x1b[0m \x07\u202ednuor",
    "\ud800",
]


def forerunners() -> CheckpointRecord:
    return read_record(FORERUNNERS.read_bytes())


def record(**context: object) -> CheckpointRecord:
    return CheckpointRecord(
        id="c1",
        epic_id="x",
        session_id="s1",
        timestamp=AT,
        context=SessionContext(**context),
        reason="15 minutes",
    )


def markdown(**context: object) -> str:
    return brief_markdown(brief_of(record(**context)))


def test_a_record_of_the_forerunner_makes_a_whole_brief() -> None:
    assert brief_markdown(brief_of(forerunners())) == snapshot("""\
# Brief of epic auth-refactor

**Next:** Go on with cs-abc123 JWT refactor: wire the new library; what remains: docs and rotation.

- **Session:** 2, paused, started 2026-11-22 09:42 UTC: 15 minutes elapsed (15.2min)
- **Checkpoint:** ckpt-fapd8b8YqZ, 2026-11-22 09:42 UTC: 15 minutes elapsed (15.2min)
- **Budget:** $10.00 initial, $4.21 consumed, $5.79 remaining (42% used); this session $1.87

## Current task

- cs-abc123 JWT refactor (60% done, 1 h 30 min)
- Step: wire the new library
- Remains: docs and rotation

## Failing tests (1)

- `auth/rotation rejects old key`

## Blockers (1)

- Key rotation needs an admin

## Decisions (1)

- Use RS256 (not HS256): better for several services

## Issues (1)

- cs-abc123 JWT refactor (open → in-progress)

## Files changed (2)

- `src/auth/jwt.ts` (modified, +120 -30): Refactored JWT validation
- `docs/auth.md` (created): New page

## Notes (1)

- Token refresh failed with the old library; retry later.

## Run

- Tests: 41 passed, 1 failed, 2 skipped, 8.1 s
""")


def test_a_record_alone_tells_budget_session_and_checkpoint() -> None:
    brief = brief_of(forerunners())
    assert brief.budget.limit_usd == Decimal("10.00")
    assert brief.budget.remaining_usd == Decimal("5.79")
    assert (brief.session.number, brief.session.spent_usd) == (2, Decimal("1.87"))
    assert brief.checkpoint is not None
    assert brief.checkpoint.id == "ckpt-fapd8b8YqZ"


def test_the_session_of_the_record_is_told_of_not_the_newest_listed() -> None:
    sessions = tuple(
        Session(id=f"s{n}", epic_id="x", number=n, started_at=AT) for n in (1, 2)
    )
    listed = record().replace(sessions=sessions)
    assert brief_of(listed).session.id == "s1"


def test_fresher_facts_replace_what_the_record_says() -> None:
    session = Session(
        id="s9",
        epic_id="x",
        number=9,
        started_at=AT,
        status=SessionStatus.INTERRUPTED,
        ended_at=AT,
        reason="its process is gone",
        spent_usd="0.123456789",
    )
    entry = CheckpointEntry(id="c9", epic_id="x", at=AT, commit="3fa9c1e" + "0" * 33)
    text = brief_markdown(
        brief_of(
            record(agent_notes="old"),
            session=session,
            entry=entry,
            budget=budget_status(Decimal(7), Decimal("1.00000001")),
            context=SessionContext(agent_notes="new"),
            remarks=["c10 is damaged and was skipped."],
        )
    )
    assert "9, interrupted, started" in text
    assert "its process is gone" in text
    assert "c9 (commit 3fa9c1e)" in text
    assert "$7.00 initial, $1.00000001 consumed, $5.99999999 remaining" in text
    assert "this session $0.123456789" in text
    assert "- new" in text
    assert "- old" not in text
    assert "- c10 is damaged and was skipped." in text


def test_the_next_step_stands_before_everything_else() -> None:
    lines = [line for line in markdown(blockers=("no GPU",)).splitlines() if line]
    assert lines[0] == "# Brief of epic x"
    assert lines[1] == "**Next:** Clear the blocker: no GPU."


@pytest.mark.parametrize(
    ("context", "sentence"),
    [
        (
            {"current_task": CurrentTask(issue_id="cs-7", remaining_work="docs.")},
            "Go on with cs-7; what remains: docs.",
        ),
        (
            {"test_state": TestState(failed=3, failing_tests=("test_a",))},
            "Make the failing test pass: test_a (and 2 more).",
        ),
        ({"test_state": TestState(failed=2)}, "Make the 2 failing tests pass."),
        ({"blockers": ("no GPU", "no key")}, "Clear the blocker: no GPU."),
        (
            {"failures": (Failure(error="A"), Failure(error="B", cell="In [7] f()"))},
            "Look into the B in In [7] f().",
        ),
        (
            {
                "issues_updated": (
                    IssueUpdate(issue_id="1", title="old"),
                    IssueUpdate(issue_id="2", title="new"),
                    IssueUpdate(issue_id="3", to_status="done"),
                )
            },
            "Take up 2 new (1 more issue open).",
        ),
        ({"agent_notes": "a note"}, NOTHING_NEXT),
    ],
)
def test_the_next_step_is_one_sentence_about_what_matters_most(
    context: dict[str, Any], sentence: str
) -> None:
    assert next_step(SessionContext(**context)) == sentence


def test_of_several_things_to_do_the_one_that_matters_most_is_next() -> None:
    everything = {
        "current_task": CurrentTask(issue_id="t"),
        "test_state": TestState(failed=1, failing_tests=("test_a",)),
        "blockers": ("b",),
        "failures": (Failure(error="E"),),
        "issues_updated": (IssueUpdate(issue_id="i"),),
    }
    told = []
    for name in tuple(everything):
        told.append(next_step(SessionContext(**everything)).split()[0])
        del everything[name]
    assert told == ["Go", "Make", "Clear", "Look", "Take"]


def test_nothing_to_say_is_said_in_one_line() -> None:
    assert markdown() == snapshot("""\
# Brief of epic x

Nothing was written down yet (session 1, paused, started 2026-11-22 07:36 UTC: 15 minutes).
""")


def test_remarks_are_shown_even_where_nothing_else_is() -> None:
    text = brief_markdown(brief_of(record(), remarks=["c2 is damaged."]))
    assert "c2 is damaged." in text


@pytest.mark.parametrize(
    "context",
    [
        {"cumulative_cost": "0.01"},
        {"cells": CellCount(run=1)},
        {"agent_notes": "x"},
        {"files_modified": (FileChange(path="a"),)},
        {"commits": ("abc x",)},
        {"test_state": TestState(failed=1)},
        {"decisions": (Decision(decision="d"),)},
    ],
)
def test_any_trace_of_work_is_worth_showing(context: dict[str, Any]) -> None:
    assert has_resumable_context(SessionContext(**context))
    assert has_resumable_context(record(**context))


def test_a_session_that_left_nothing_is_not_worth_showing() -> None:
    assert not has_resumable_context(record(branch="main", baseline="tests passed"))


@pytest.mark.parametrize(
    ("context", "first", "lost"),
    [
        (
            {"failures": tuple(Failure(error=f"E{n}") for n in range(22))},
            "- `E21`",
            "`E11`",
        ),
        ({"agent_notes": "\n".join(f"n{n}" for n in range(22))}, "- n21", "- n11"),
        (
            {"decisions": tuple(Decision(decision=f"d{n}") for n in range(22))},
            "- d21",
            "- d11",
        ),
        (
            {"issues_updated": tuple(IssueUpdate(issue_id=f"i{n}") for n in range(22))},
            "- i21",
            "- i11 ",
        ),
    ],
)
def test_long_lists_keep_the_newest_and_count_the_rest(
    context: dict[str, Any], first: str, lost: str
) -> None:
    text = markdown(**context)
    assert first in text
    assert lost not in text
    assert f"- and {22 - MOST_LISTED} more" in text


def test_of_many_files_the_largest_changes_stay_and_all_are_counted() -> None:
    files = [FileChange(path=f"f{n}", lines_added=n) for n in range(22)]
    text = markdown(files_modified=tuple(files), files_left_out=5)
    assert "## Files changed (27)" in text
    assert "`f21`" in text
    assert "`f0`" not in text
    assert "- and 17 more" in text


def test_tests_that_failed_without_a_name_are_counted() -> None:
    state = TestState(failed=7, failing_tests=("test_a", "test_b"))
    assert "- and 5 more" in markdown(test_state=state)
    assert "- 7 tests, not named" in markdown(test_state=TestState(failed=7))


def test_convoy_and_background_are_told_where_they_are_set() -> None:
    text = markdown(
        agent_notes="n",
        convoy_id="cv",
        worker_id="w2",
        background_pid=9,
        background_started=AT,
        assigned_issues=("a", "b"),
    )
    for line in (
        "- Convoy: cv",
        "- Worker: w2",
        "- Assigned issues: a, b",
        "- Background process: pid 9, started 2026-11-22 07:36 UTC",
    ):
        assert line in text.splitlines()


def everywhere(text: str) -> SessionContext:
    """A context with the same text wherever a text can be."""
    return SessionContext(
        files_modified=(FileChange(path=text, summary=text, change_type=text),),
        issues_updated=(IssueUpdate(issue_id=text, title=text, reason=text),),
        current_task=CurrentTask(
            issue_id=text, issue_title=text, current_step=text, remaining_work=text
        ),
        test_state=TestState(failed=1, failing_tests=(text,)),
        agent_notes=text,
        blockers=(text,),
        decisions=(Decision(decision=text, rationale=text, alternatives=(text,)),),
        failures=(Failure(error=text, message=text, cell=text),),
        branch=text,
        commits=(text,),
        baseline=text,
    )


OURS = re.compile(r"# Brief of epic x|\*\*Next:\*\* .+|## [A-Z][\w' ]+( \(.+\))*|- .+|")


@pytest.mark.parametrize("text", NASTY)
def test_no_text_can_break_the_layout(text: str) -> None:
    brief = brief_of(record(), context=everywhere(text), remarks=[text])
    written = brief_markdown(brief)
    for line in written.split("\n"):
        assert OURS.fullmatch(line), line
        assert not re.search(r"^- ([#>]|1\.|[-+]|\*(?!\*[SCB])|\[x\]:)", line), line
    prose = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", written)
    assert not re.search(r"(?<!\\)<script", prose)
    assert "](http" not in prose
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e\ud800]", written)


@given(st.text())
def test_any_text_at_all_stays_in_its_line(text: str) -> None:
    written = brief_markdown(brief_of(record(), context=everywhere(text)))
    assert all(OURS.fullmatch(line) for line in written.split("\n"))
    assert written.splitlines() == written.split("\n")[:-1]


def test_a_message_of_ten_kilobytes_is_cut_to_a_line() -> None:
    text = brief_markdown(brief_of(record(), context=everywhere("word " * 2000)))
    assert max(map(len, text.splitlines())) < 1000
    assert "…" in text


def test_names_with_underscores_and_paths_stay_readable() -> None:
    text = markdown(agent_notes="see split_by_month in C:\\new and __init__")
    assert "see split_by_month in C:\\new and \\_\\_init\\_\\_" in text


def test_a_summary_says_in_a_few_lines_what_a_checkpoint_holds() -> None:
    assert checkpoint_summary(forerunners()) == snapshot("""\
Checkpoint ckpt-fapd8b8YqZ of epic auth-refactor
  made      2026-11-22 09:42 UTC in session 2
  reason    15 minutes elapsed (15.2min)
  HEAD      9caba17
  cost      $4.21, $5.79 remaining
  task      cs-abc123 JWT refactor
  holds     2 files changed, 1 blocker, 1 decision\
""")


@given(st.text(max_size=2000), st.integers(1, 300))
def test_one_line_is_never_longer_than_asked_and_holds_no_control(
    text: str, most: int
) -> None:
    line = one_line(text, most)
    assert len(line) <= most
    assert not {"Cc", "Zl", "Zp", "Cs"} & {unicodedata.category(char) for char in line}


def test_amounts_are_written_to_their_last_digit() -> None:
    assert exact_usd(Decimal("1234.5")) == "$1,234.50"
    assert exact_usd(Decimal("1E-40")) == f"$0.{'0' * 39}1"
    assert exact_usd(Decimal("123456.1234567890123")) == "$123,456.1234567890123"


def test_a_share_is_100_percent_only_where_all_is_used() -> None:
    shown = [show_percent(f) for f in (0, 0.0001, 0.29, 0.9999, 1.0, 1.5, 1e6)]
    assert shown == ["0%", "<1%", "29%", "99%", "100%", "150%", ">999%"]


def test_durations_are_short() -> None:
    shown = [show_seconds(s) for s in (0.42, 42.4, 59.9, 720, 3599, 11_100)]
    assert shown == ["0.4 s", "42 s", "1 min", "12 min", "1 h 0 min", "3 h 5 min"]
