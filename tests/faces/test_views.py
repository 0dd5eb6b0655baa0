"""Every answer can be shown as text and as HTML, whatever it holds."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot
from report_samples import Samples

from orch_magic.core import gates, reports
from orch_magic.core.sessions import SessionStatus
from orch_magic.core.values import Value
from orch_magic.core.wording import exact_usd
from orch_magic.faces.views import as_html, as_markdown, as_text
from orch_magic.faces.views.layout import columns_of, cut_to, table, wrap

PLAIN = Samples()
HOSTILE = Samples(hostile=True)
NO_ANSWERS = {"CheckpointEntry", "EpicSummary", "SpendLine"}
"""Parts of answers; no verb returns one alone."""


def name_of(value: object) -> str:
    return type(value).__name__


def answers() -> set[str]:
    """The names of all answers there are."""
    kinds = [
        kind
        for _, kind in inspect.getmembers(reports, inspect.isclass)
        if issubclass(kind, Value) and kind.__module__ == reports.__name__
    ]
    return {kind.__name__ for kind in kinds} - NO_ANSWERS | {"BaselineReport"}


def each(samples: Samples, prefix: str = "") -> list:
    """The answers as parameters with names of their own."""
    return [
        pytest.param(value, id=f"{prefix}{name_of(value)}-{number}")
        for number, value in enumerate(samples.all())
    ]


every_answer = pytest.mark.parametrize("value", each(PLAIN))
every_hostile_answer = pytest.mark.parametrize("value", each(HOSTILE))


class Page(HTMLParser):
    """Reads a page and complains where its elements are out of order."""

    VOID = frozenset({"br", "hr", "img", "input", "meta", "link"})

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(page)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"closed but not open: {tag}"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.texts.append(data)

    @property
    def words(self) -> str:
        return "".join(self.texts)


def test_the_samples_hold_every_answer_there_is() -> None:
    assert answers() <= {name_of(value) for value in PLAIN.all()}


def test_every_answer_has_views_of_its_own() -> None:
    from orch_magic.faces.views.html_parts import body_of
    from orch_magic.faces.views.text_base import lines_of

    kinds = [getattr(reports, name, None) or getattr(gates, name) for name in answers()]
    for kind in kinds:
        assert lines_of.dispatch(kind) is not lines_of.dispatch(Value), kind
        assert body_of.dispatch(kind) is not body_of.dispatch(Value), kind


@every_hostile_answer
@pytest.mark.parametrize("width", [40, 80, 120])
def test_no_line_of_text_is_wider_than_the_terminal(value: Value, width: int) -> None:
    for line in as_text(value, width).split("\n"):
        assert columns_of(line) <= width
        assert not re.search(r"[\x00-\x1f\x7f\u202e]", line)


@every_answer
def test_text_needs_no_more_than_80_columns(value: Value) -> None:
    text = as_text(value)
    assert text.strip()
    assert all(columns_of(line) <= 80 for line in text.split("\n"))


@pytest.mark.parametrize("status", SessionStatus)
def test_a_status_fits_in_eight_lines_and_names_its_state(
    status: SessionStatus,
) -> None:
    text = as_text(PLAIN.status(status))
    assert len(text.split("\n")) <= 8
    marks = ["○", "●", "■", "❚❚", "✓", "✗", "⚡"]
    words = [
        "starting",
        "running",
        "exceeded",
        "paused",
        "completed",
        "failed",
        "interrupted",
    ]
    assert any(text.startswith(f"{m} {w} ·") for m, w in zip(marks, words, strict=True))


def test_a_status_reads_like_this() -> None:
    assert as_text(PLAIN.status()) == snapshot("""\
● running · churn-model
  session    2, since 2026-11-22 07:36 UTC, kernel with pid 4711 on ada
  budget     [#####---------------] $1.20 of $5.00 (24%), $3.80 left
  checkpoint 20261122T085002Z-0002-a1b2c3, 2026-11-22 07:38 UTC; next in 12 min
  task       cs-7 Calibrate the model
  cells      12 run, 2 failed; baseline: tests passed, lint failed
  blocked    Key rotation needs an admin (and 1 more blocker)
! The last checkpoint failed: disk full.\
""")


def test_a_status_that_needs_attention_reads_like_this() -> None:
    status = PLAIN.status(
        end_asked="paused",
        holder_is_alive=False,
        budget=PLAIN.budget("4.2", "5", "0.3"),
        next_checkpoint_seconds=None,
    )
    assert as_text(status) == snapshot("""\
▲ warning, asked to pause · churn-model
  session    2, since 2026-11-22 07:36 UTC, kernel with pid 4711 on ada (gone)
  budget     [#################=--] $4.20 of $5.00 (90%) ▲ warning, $0.30
             reserved, $0.50 left
  checkpoint 20261122T085002Z-0002-a1b2c3, 2026-11-22 07:38 UTC
  task       cs-7 Calibrate the model
  cells      12 run, 2 failed; baseline: tests passed, lint failed
  blocked    Key rotation needs an admin (and 1 more blocker)
! The last checkpoint failed: disk full.\
""")


def test_a_brief_reads_like_this() -> None:
    assert as_text(PLAIN.brief()) == snapshot("""\
Brief of epic churn-model
Next: Go on with cs-7 Calibrate the model: re-run In [14]; what remains: the
      evaluation.
  session    2, interrupted, started 2026-11-22 07:36 UTC, ended 2026-11-22
             08:50 UTC: lunch
  checkpoint 20261122T085002Z-0002-a1b2c3 (commit 3fa9c1e), 2026-11-22 07:38
             UTC: 15 minutes elapsed
  budget     $5.00 initial, $1.20 consumed, $3.80 remaining (24% used); this
             session $0.40

Current task
  - cs-7 Calibrate the model (60% done, 1 h 30 min)
  - Step: re-run In [14]
  - Remains: the evaluation

What didn't work (do not repeat) (1)
  - ValueError (In [14] evaluate(model), 3 times, 2026-11-22 07:36 UTC):
    probabilities do not sum to 1

Failing tests (3)
  - test_calibrated
  - and 2 more

Blockers (2)
  - Key rotation needs an admin
  - No GPU

Decisions (1)
  - Use isotonic regression (not Platt): monotone and enough data

Issues (1)
  - cs-7 Calibrate (open → in-progress): taken up

Files changed (6)
  - src/features.py (modified, +120 -30): split_by_month
  - docs/plan.md (created)
  - and 4 more

Commits (1)
  - 9caba17 Split by month

Notes (1)
  - Temperature scaling beats Platt here.

Run
  - Cells: 12 run, 2 failed, 6 min
  - Tests: 41 passed, 3 failed, 2 skipped
  - Baseline: tests passed, lint failed
  - Branch: main
  - Convoy: convoy-1
  - Worker: worker-2
  - Assigned issues: cs-7
  - Background process: pid 99, started 2026-11-22 07:36 UTC

! One damaged checkpoint was skipped.\
""")


def test_a_list_of_checkpoints_reads_like_this() -> None:
    listing = next(v for v in PLAIN.all() if name_of(v) == "Listing" and v.checkpoints)
    assert as_text(listing) == snapshot("""\
2 checkpoints of epic churn-model
checkpoint                    made (UTC)        spent  reason
20261122T085009Z-0002-a1b2c3  2026-11-22 07:45  $1.20  15 minutes elapsed
20261122T085008Z-0002-a1b2c3  2026-11-22 07:44  $1.20  15 minutes elapsed\
""")


def test_amounts_are_exact_in_every_view_of_a_status() -> None:
    status = HOSTILE.status()
    for amount in (status.budget.spent_usd, status.budget.limit_usd):
        assert exact_usd(amount) in " ".join(as_text(status).split())
        assert exact_usd(amount) in Page(as_html(status)).words


def test_a_budget_of_warning_or_exceeded_says_how_to_lift_it() -> None:
    for spent, word in (("4.2", "▲ warning"), ("5.1", "■ exceeded")):
        status = PLAIN.status(budget=PLAIN.budget(spent, "5"))
        assert word in as_text(status)
        assert word in Page(as_html(status)).words
        assert "%orch budget AMOUNT" in Page(as_html(status)).words


@pytest.mark.parametrize(
    ("spent", "limit", "shown"),
    [
        ("0", "5", "[--------------------] $0.00 of $5.00 (0%)"),
        ("0.0001", "5", "[#-------------------] $0.0001 of $5.00 (<1%)"),
        ("4.999", "5", "[###################-] $4.999 of $5.00 (99%)"),
        ("5", "5", "[####################] $5.00 of $5.00 (100%)"),
        ("6", "5", "[####################] $6.00 of $5.00 (120%)"),
    ],
)
def test_a_bar_is_full_or_empty_only_where_the_budget_is(
    spent: str, limit: str, shown: str
) -> None:
    answer = reports.BudgetSet(budget=PLAIN.budget(spent, limit), changed=False)
    assert shown in as_text(answer)


def test_what_is_reserved_is_drawn_apart() -> None:
    answer = reports.BudgetSet(budget=PLAIN.budget("1", "5", "1"), changed=False)
    assert "[####====------------]" in as_text(answer)


@pytest.mark.parametrize("value", [*each(PLAIN), *each(HOSTILE, "hostile-")])
def test_html_is_whole_and_holds_nothing_but_our_own_elements(value: Value) -> None:
    page = Page(as_html(value))
    allowed = {
        "div",
        "span",
        "b",
        "i",
        "code",
        "pre",
        "style",
        "details",
        "summary",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
    }
    assert {tag for tag, _ in page.tags} <= allowed
    known = {"class", "style", "role", "aria-label", "scope", "open"}
    assert {name for _, attrs in page.tags for name in attrs} <= known


@every_hostile_answer
def test_html_shows_text_as_text(value: Value) -> None:
    page = as_html(value)
    assert "<script" not in page
    assert "<img" not in page
    assert "\x1b" not in page


@every_answer
def test_a_card_asks_for_nothing_from_outside(value: Value) -> None:
    page = as_html(value)
    assert not re.search(r"https?:|url\(|@import|src=|href=", page)


@every_hostile_answer
def test_no_dollar_sign_shares_its_element_with_another(value: Value) -> None:
    for text in Page(as_html(value)).texts:
        assert text.count("$") <= 1
    assert 'class="orch orch-is-' in as_html(value)
    assert "tex2jax_ignore mathjax_ignore" in as_html(value)


@every_answer
def test_a_card_without_its_style_still_says_all(value: Value) -> None:
    page = as_html(value)
    bare = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    bare = re.sub(r' (?:style|role|aria-label|scope)="[^"]*"', "", bare)
    assert Page(bare).words == Page(page).words
    for text in Page(page).texts:
        assert "{" not in text


def test_the_facts_of_a_status_stand_in_rows_of_a_table() -> None:
    page = as_html(PLAIN.status())
    rows = re.findall(r"<tr>.*?</tr>", page)
    words = [Page(row).words for row in rows]
    for fact in ("$1.20", "$3.80", "$0.40", "12 run, 2 failed", "Taskcs-7 Calibrate"):
        assert any(fact in row for row in words), fact


def test_a_brief_card_says_what_is_next_first_and_folds_the_rest() -> None:
    page = as_html(PLAIN.brief())
    words = Page(page).words
    assert words.index("Next:") < words.index("Checkpoint")
    assert "<details open><summary>What didn&#x27;t work (do not repeat)" in page
    assert "<details><summary>Files changed (6)</summary>" in page


def test_the_same_brief_is_markdown_text_and_html() -> None:
    brief = PLAIN.brief()
    for view in (as_markdown(brief), as_text(brief), Page(as_html(brief)).words):
        for said in ("$1.20 consumed", "Use isotonic regression", "and 2 more"):
            assert said in " ".join(view.split())


def test_any_other_value_shows_its_fields() -> None:
    entry = PLAIN.entry()
    assert "session_number: 2" in as_text(entry)
    assert "session_number" in Page(as_html(entry)).words


@given(st.text(max_size=300), st.integers(10, 100), st.sampled_from(["", "  "]))
def test_wrapping_loses_no_word_and_keeps_its_width(
    text: str, width: int, indent: str
) -> None:
    words = " ".join(text.split())
    lines = wrap(words, width, indent=indent)
    assert all(columns_of(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(words.split())


@given(st.text(max_size=80), st.integers(3, 60))
def test_cutting_keeps_its_width(text: str, width: int) -> None:
    assert columns_of(cut_to(text, width)) <= width


def test_a_table_cuts_texts_and_never_figures() -> None:
    lines = table(
        ("name", "usd"), [("x" * 100, "$1,234.5678")], 30, figures=frozenset({1})
    )
    assert [columns_of(line) for line in lines] == [30, 30]
    assert lines[1].endswith("…  $1,234.5678")


def test_views_load_no_toolkit() -> None:
    script = (
        "import sys, orch_magic.faces.views as views;"
        "print([n for n in ('IPython', 'ipywidgets', 'git') if n in sys.modules])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "[]"
