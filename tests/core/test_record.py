"""The checkpoint record: either program reads the other's, and nothing is lost."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import simplejson
from event_samples import AT, RECORD
from hypothesis import given
from hypothesis import strategies as st

from orch_magic.core.errors import RecordUnreadable
from orch_magic.core.record import (
    SCHEMA_VERSION,
    CheckpointRecord,
    WorkspaceState,
    read_record,
    show_time,
    write_record,
)
from orch_magic.core.sessions import Session, SessionStatus
from orch_magic.core.values import RecordValue, Value
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

FORERUNNER = Path(__file__).parents[1] / "data" / "forerunner-checkpoint.json"

Strategy = st.SearchStrategy[Any]

texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", fullmatch=True)
usd = st.decimals(0, 999_999, places=9)
finite = st.floats(0, 1e9)
counts = st.integers(0, 10**6)
times = st.datetimes(timezones=st.just(UTC))


def maybe(strategy: Strategy) -> Strategy:
    return st.none() | strategy


def many(strategy: Strategy) -> Strategy:
    return st.lists(strategy, max_size=3).map(tuple)


# Fields that nobody here knows, as a later or another program may write them.
others = st.dictionaries(
    st.sampled_from(["zzLater", "zzOther"]),
    st.recursive(
        maybe(st.booleans() | counts | usd | texts),
        lambda inner: (
            st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2)
        ),
        max_leaves=4,
    ),
    max_size=2,
)


def made(model: type[Value], **fields: Strategy) -> Strategy:
    # not st.builds: it would also fill in what a signature names by its alias
    return st.fixed_dictionaries(fields).map(lambda known: model(**known))


def values(model: type[RecordValue], **fields: Strategy) -> Strategy:
    return st.builds(
        lambda known, unknown: model(**known, **unknown),
        st.fixed_dictionaries({}, optional=fields),
        others,
    )


contexts = values(
    SessionContext,
    files_modified=many(
        made(
            FileChange,
            path=texts,
            summary=texts,
            change_type=st.sampled_from(["created", "deleted", "renamed", "copied"]),
            lines_added=maybe(counts),
            lines_removed=maybe(counts),
        )
    ),
    issues_updated=many(
        made(IssueUpdate, issue_id=texts, title=texts, reason=maybe(texts))
    ),
    current_task=maybe(
        made(
            CurrentTask,
            issue_id=texts,
            progress_percent=st.floats(0, 100),
            time_spent_ms=finite,
        )
    ),
    test_state=maybe(
        values(TestState, passed=counts, failing_tests=many(texts), duration_ms=finite)
    ),
    agent_notes=texts,
    blockers=many(texts),
    decisions=many(
        made(
            Decision,
            decision=texts,
            rationale=texts,
            alternatives=maybe(many(texts)),
            made_at=maybe(times),
        )
    ),
    captured_at=maybe(times),
    convoy_id=maybe(texts),
    session_number=counts,
    parent_session_id=maybe(texts),
    session_cost=usd,
    cumulative_cost=usd,
    budget_remaining=maybe(usd),
    background_pid=maybe(counts),
    background_started=maybe(times),
    budget_limit=maybe(usd),
    failures=many(
        made(Failure, error=texts, message=texts, cell=texts, at=maybe(times))
    ),
    cells=made(CellCount, run=counts, failed=counts, seconds=finite),
    branch=maybe(texts),
    commits=many(texts),
)

sessions = made(
    Session,
    id=texts,
    epic_id=names,
    number=st.integers(1, 10**6),
    parent_session_id=maybe(texts),
    status=st.sampled_from(SessionStatus),
    started_at=times,
    ended_at=maybe(times),
    reason=texts,
    spent_usd=usd,
)

records = st.builds(
    lambda known, unknown: CheckpointRecord(**known, **unknown),
    st.fixed_dictionaries(
        {"id": texts, "epic_id": names, "session_id": texts, "timestamp": times},
        optional={
            "session_number": st.integers(1, 10**6),
            "git_commit": maybe(texts),
            "context": contexts,
            "summary": texts,
            "reason": texts,
            "schema_version": st.integers(0, SCHEMA_VERSION),
            "workspace": values(
                WorkspaceState, head=maybe(texts), branch=maybe(texts),
                dirty=st.booleans(),
            ),
            "sessions": many(sessions),
        },
    ),
    others,
)  # fmt: skip


def fields_of(raw: bytes) -> dict[str, Any]:
    return simplejson.loads(raw.decode(), use_decimal=True)


def assert_says_all_of(whole: Any, part: Any, place: str = "the record") -> None:
    """All that ``part`` says, ``whole`` says too, in the same words."""
    if isinstance(part, dict):
        for key, inner in part.items():
            assert key in whole, f"{place}: {key} is missing"
            assert_says_all_of(whole[key], inner, f"{place}.{key}")
    elif isinstance(part, list):
        assert len(whole) == len(part), place
        for number, (mine, theirs) in enumerate(zip(whole, part, strict=True)):
            assert_says_all_of(mine, theirs, f"{place}[{number}]")
    else:
        assert whole == part, place


@given(records)
def test_every_record_survives_its_json(record: CheckpointRecord) -> None:
    raw = write_record(record)
    again = read_record(raw)
    assert again == record


@given(records)
def test_a_records_json_is_json_for_every_other_reader(
    record: CheckpointRecord,
) -> None:
    fields = json.loads(write_record(record))
    assert fields["epicId"] == record.epic_id
    assert not any("_" in name for name in fields)


def test_the_forerunners_file_loads() -> None:
    record = read_record(FORERUNNER.read_bytes())
    assert record.epic_id == "auth-refactor"
    assert record.session_number == 2
    assert record.timestamp == datetime(2026, 11, 22, 9, 42, 17, 333000, tzinfo=UTC)
    assert record.context.cumulative_cost == Decimal("4.21")
    assert record.context.current_task.progress_percent == 60
    assert record.context.decisions[0].alternatives == ("HS256",)
    assert record.context.test_state.failing_tests == ("auth/rotation rejects old key",)


def test_what_the_forerunner_wrote_is_written_again_word_for_word() -> None:
    raw = FORERUNNER.read_bytes()
    record = read_record(raw)
    ours = write_record(record)
    assert_says_all_of(fields_of(ours), fields_of(raw))
    assert read_record(ours) == record


def test_fields_that_the_forerunner_does_not_know_get_their_defaults() -> None:
    record = read_record(FORERUNNER.read_bytes())
    assert record.schema_version == 0
    assert record.workspace == WorkspaceState()
    assert record.sessions == ()
    assert record.context.failures == ()
    assert record.context.files_modified[1].lines_added is None


def test_a_record_needs_only_its_name_its_session_and_its_time() -> None:
    fields = MINIMAL | {"timestamp": "2026-11-22T09:42:17+02:00"}
    record = read_record(json.dumps(fields).encode())
    assert record.context == SessionContext()
    assert record.timestamp == datetime(2026, 11, 22, 7, 42, 17, tzinfo=UTC)


def test_fields_that_nobody_knows_are_kept_at_every_depth() -> None:
    fields = fields_of(FORERUNNER.read_bytes())
    fields["mood"] = "confident"
    fields["context"]["tokens"] = {"in": 12, "price": Decimal("0.10")}
    fields["context"]["filesModified"][0]["owner"] = ["ada", None]
    raw = simplejson.dumps(fields, use_decimal=True).encode()
    written = write_record(read_record(raw))
    assert_says_all_of(fields_of(written), fields)
    assert b'"price": 0.10' in written


def test_amounts_are_numbers_that_keep_every_digit() -> None:
    context = RECORD.context.replace(cumulative_cost="0.300000000000000000000001")
    raw = write_record(RECORD.replace(context=context))
    assert b'"cumulativeCost": 0.300000000000000000000001,' in raw
    assert read_record(raw).context.cumulative_cost == context.cumulative_cost


def test_a_newer_record_is_refused_in_one_line_and_never_half_read() -> None:
    fields = fields_of(write_record(RECORD)) | {"schemaVersion": SCHEMA_VERSION + 1}
    fields["context"] = "told in a new way"
    with pytest.raises(RecordUnreadable, match=f"schemaVersion {SCHEMA_VERSION + 1}"):
        read_record(simplejson.dumps(fields, use_decimal=True).encode())


@pytest.mark.parametrize("version", ["1", 1.5, None, [1]])
def test_a_version_that_is_no_number_is_refused(version: object) -> None:
    fields = fields_of(write_record(RECORD)) | {"schemaVersion": version}
    with pytest.raises(RecordUnreadable):
        read_record(simplejson.dumps(fields, use_decimal=True).encode())


def test_a_record_that_was_cut_off_anywhere_is_refused_by_name() -> None:
    raw = write_record(RECORD)
    for length in range(len(raw) - 2):
        with pytest.raises(RecordUnreadable, match="ckpt-7 is damaged"):
            read_record(raw[:length], name="ckpt-7")


MINIMAL: dict[str, Any] = {
    "id": "c",
    "epicId": "e",
    "sessionId": "s",
    "timestamp": "2026-11-22T09:42:17Z",
}


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"12",
        b"\xff\xfe",
        b"{}",
        b"\x00" * 100,
        json.dumps(MINIMAL | {"epicId": "../e"}).encode(),
        json.dumps(MINIMAL | {"timestamp": "yesterday"}).encode(),
        json.dumps(MINIMAL | {"timestamp": "2026-11-22T09:42:17"}).encode(),
        json.dumps(MINIMAL | {"sessionNumber": 0}).encode(),
        json.dumps(MINIMAL | {"context": {"sessionCost": -1}}).encode(),
        json.dumps(MINIMAL | {"context": {"sessionCost": "nan"}}).encode(),
    ],
)
def test_what_is_no_record_is_refused_in_one_line(raw: bytes) -> None:
    with pytest.raises(RecordUnreadable) as caught:
        read_record(raw)
    assert "\n" not in str(caught.value)


@given(times)
def test_times_keep_their_microseconds(at: datetime) -> None:
    shown = show_time(at)
    assert datetime.fromisoformat(shown) == at
    assert shown.endswith("Z")


def test_times_look_like_the_forerunners() -> None:
    at = AT.replace(microsecond=333_000) + timedelta(hours=2)
    assert show_time(at) == "2026-11-22T09:36:00.333Z"
