"""Read a JUnit XML report, as pytest and most other test runners write it."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from orch_magic.core.work import TestState

MOST_FAILING = 200
"""How many failing tests are named; all of them are counted."""


def read_junit(xml: str) -> TestState | None:
    """Read a report.

    Errors count as failures; tests that were expected to fail count as skipped,
    as pytest writes them. A document with a DTD is refused: no test runner
    writes one, and entities are how XML is made to explode.

    Args:
        xml: the report's text.

    Returns:
        Counts, names of the failing tests and duration in milliseconds; None
        where the text is no JUnit report, or is cut off.
    """
    if "<!DOCTYPE" in xml or "<!ENTITY" in xml:
        return None
    try:
        root = ET.fromstring(xml)  # noqa: S314 - there is no DTD in it
    except (ET.ParseError, ValueError):
        return None
    if root.tag not in {"testsuites", "testsuite"}:
        return None
    cases = list(root.iter("testcase"))
    failing = [case for case in cases if _has(case, "failure", "error")]
    skipped = [case for case in cases if _has(case, "skipped") and case not in failing]
    names = dict.fromkeys(_name(case) for case in failing)
    return TestState(
        passed=len(cases) - len(failing) - len(skipped),
        failed=len(failing),
        skipped=len(skipped),
        failing_tests=tuple(names)[:MOST_FAILING],
        duration_ms=round(_seconds(root, cases) * 1000, 3),
    )


def _has(case: ET.Element, *tags: str) -> bool:
    return any(case.find(tag) is not None for tag in tags)


def _name(case: ET.Element) -> str:
    """Name a test as pytest does on its command line, where the report allows it."""
    name, file = case.get("name", ""), case.get("file", "")
    owner = case.get("classname", "")
    if not file.endswith(".py"):
        return "::".join(part for part in (owner, name) if part)
    module = file.removesuffix(".py").replace("\\", "/").replace("/", ".")
    classes = owner.removeprefix(module).strip(".").split(".")
    return "::".join(part for part in (file, *classes, name) if part)


def _seconds(root: ET.Element, cases: list[ET.Element]) -> float:
    """Return how long it took: what the suites say, else the sum of the tests."""
    suites = [root] if root.tag == "testsuite" else root.findall("testsuite")
    return sum(map(_time, suites)) or sum(map(_time, cases))


def _time(element: ET.Element) -> float:
    text = element.get("time", "0").replace(",", "")
    try:
        return max(float(text), 0.0)
    except ValueError:
        return 0.0
