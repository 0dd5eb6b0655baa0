"""JUnit reports, those of pytest above all, and texts that are none."""

from __future__ import annotations

import subprocess
import sys

import pytest

from orch_magic.core.junit import MOST_FAILING, read_junit
from orch_magic.core.work import TestState

TESTS = """
import pytest

def test_good(): pass
def test_bad(): assert 0
class TestGroup:
    @pytest.mark.parametrize("n", [1, 2])
    def test_some(self, n): assert n == 1
@pytest.mark.skip
def test_skipped(): pass
@pytest.mark.xfail
def test_expected(): assert 0
@pytest.fixture
def broken(): raise OSError
def test_error(broken): pass
"""


@pytest.mark.parametrize("family", ["xunit1", "xunit2"])
def test_what_pytest_itself_writes_is_read(tmp_path, family):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/test_it.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly"]
    command += ["--junitxml=out.xml", "-o", f"junit_family={family}", "sub"]
    subprocess.run(command, cwd=tmp_path, check=False, capture_output=True)
    state = read_junit((tmp_path / "out.xml").read_text())
    assert (state.passed, state.failed, state.skipped) == (2, 3, 2)
    assert state.duration_ms > 0
    names = {
        "xunit1": (
            "sub/test_it.py::test_bad",
            "sub/test_it.py::TestGroup::test_some[2]",
            "sub/test_it.py::test_error",
        ),
        "xunit2": (
            "sub.test_it::test_bad",
            "sub.test_it.TestGroup::test_some[2]",
            "sub.test_it::test_error",
        ),
    }
    assert state.failing_tests == names[family]


def test_a_single_suite_without_times_or_classes_is_read():
    xml = '<testsuite><testcase name="a"/><testcase name="b"><error/></testcase>'
    xml += "</testsuite>"
    assert read_junit(xml) == TestState(passed=1, failed=1, failing_tests=("b",))


def test_a_test_that_failed_twice_is_named_once():
    case = '<testcase classname="m" name="a"><failure/></testcase>'
    state = read_junit(f"<testsuites><testsuite>{case * 2}</testsuite></testsuites>")
    assert (state.failed, state.failing_tests) == (2, ("m::a",))


def test_the_times_of_the_tests_are_summed_where_no_suite_has_one():
    cases = '<testcase name="a" time="1,000.5"/><testcase name="b" time="oops"/>'
    assert read_junit(f"<testsuite>{cases}</testsuite>").duration_ms == 1_000_500


def test_very_many_failing_tests_are_counted_and_not_all_named():
    cases = "".join(
        f'<testcase name="t{n}"><failure/></testcase>' for n in range(MOST_FAILING + 9)
    )
    state = read_junit(f"<testsuite>{cases}</testsuite>")
    assert (state.failed, len(state.failing_tests)) == (MOST_FAILING + 9, MOST_FAILING)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no xml",
        "<html></html>",
        "<testsuites><testsuite><testcase name='cut off'",
        '<!DOCTYPE x [<!ENTITY a "b">]><testsuites/>',
        "<testsuites>\0</testsuites>",
    ],
)
def test_what_is_no_report_is_none(text):
    assert read_junit(text) is None
