import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.gate.sheet import Line, Report, check_of, conclusion, dump, ended, load
from config.sources import SuiteKind
from tools.github_checks import LONGEST_SUMMARY
from tools.suites import SuiteOutcome, SuiteResult


def ran(outcome: SuiteOutcome = "passed", label: str = "unit", **told: Any) -> Line:
    kind = told.pop("kind", SuiteKind.UNIT)
    return Line(label, SuiteResult(label, kind, outcome, duration=timedelta(seconds=2), **told))


SPARED = Line("perf", left="spared", reason="Only backend (a.py) changed.")
ELSEWHERE = Line("e2e", left="elsewhere", reason="the check 'e2e' of the commit shows it.")
WITHHELD = Line("lint", left="withheld", reason="it would run on the bot's own machine.")
WITHHELD_WARNING = Line("lint", left="withheld", critical=False)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([ran(), ran()], "success"),
        ([ran(), ELSEWHERE], "success"),
        ([ran(), SPARED], "neutral"),
        ([ran(), ran("warning")], "neutral"),
        ([ran(), WITHHELD_WARNING], "neutral"),
        ([ran(), WITHHELD], "action_required"),
        ([ran("warning"), WITHHELD], "action_required"),
        ([ran("failed"), WITHHELD, SPARED], "failure"),
        ([SPARED], "neutral"),
        ([ELSEWHERE], "neutral"),
        ([], "neutral"),
    ],
)
def test_only_what_ran_and_passed_is_a_success(lines: list[Line], expected: str) -> None:
    assert conclusion(lines) == expected


def test_the_title_counts_and_names_what_failed() -> None:
    check = check_of(Report((ran("failed", "e2e"), ran(), SPARED, WITHHELD)), str)
    assert check.title == "1 failed: e2e; 1 passed; 1 not run for a fork; 1 left out"


def test_coverage_is_told_with_its_change() -> None:
    line = Line("unit", SuiteResult("unit", SuiteKind.UNIT, "passed", tests=12, coverage=91.5), before=90.25)
    report = Report((line,), "Compared.", "abcdef1234567890")
    assert "12 tests, coverage 91.50 % (+1.25 against `abcdef123456`)" in check_of(report, str).summary
    assert report.coverage == {"unit": 91.5}


def test_what_the_tested_code_said_is_quoted() -> None:
    hostile = "t::x: @everyone [click](https://evil.example) <img src=x> \u202e`#1`"
    failed = ran("failed", failures=(hostile,), reason="1 of 1 tests failed.")
    summary = check_of(Report((failed,)), str).summary
    (line,) = [line for line in summary.splitlines() if "everyone" in line]
    assert line.startswith("  - ``")
    assert line.endswith("``")
    assert "\u202e" not in summary


def test_a_log_cannot_leave_its_fence() -> None:
    failed = ran("failed", log_tail="one\n````\n# Heading\n@everyone")
    lines = check_of(Report((failed,)), str).summary.splitlines()
    opened = next(number for number, line in enumerate(lines) if line.endswith("text"))
    fence = lines[opened].strip().removesuffix("text")
    assert fence == "`" * 7
    assert lines.index(f"  {fence}") > lines.index("  @everyone")


@pytest.mark.parametrize(
    ("log", "places"),
    [
        ("app/a.py:3:8: F401 `os` imported but unused", [("app/a.py", 3, "F401 `os` imported but unused")]),
        ("F401 [*] unused\n --> app/a.py:3:8\n  |", [("app/a.py", 3, "F401 [*] unused")]),
        ("../../etc/passwd:1:1: x", []),
        ("http://evil.example:80:1: x", []),
        ("Found 1 error.", []),
    ],
)
def test_a_linter_is_heard_on_the_lines_it_names(log: str, places: list[tuple[str, int, str]]) -> None:
    check = check_of(Report((ran("failed", "lint", kind=SuiteKind.LINT, log_tail=log),)), str)
    assert [(one.path, one.line, one.message) for one in check.annotations] == places


def test_no_secret_goes_out() -> None:
    log = "a.py:1:1: hush"
    failed = ran("failed", "lint", kind=SuiteKind.LINT, log_tail=log)
    check = check_of(Report((failed,)), lambda text: text.replace("hush", "***"))
    assert "hush" not in json.dumps(dump(check))


@given(st.lists(st.text(max_size=400), max_size=120), st.text(max_size=5000))
def test_a_check_always_fits_and_comes_back_from_the_store(failures: list[str], log: str) -> None:
    lines = tuple(
        ran("failed", f"s{n}", kind=SuiteKind.LINT, failures=tuple(failures), log_tail=log) for n in range(40)
    )
    check = check_of(Report(lines), str)
    assert len(check.summary) <= LONGEST_SUMMARY
    assert load(json.loads(json.dumps(dump(check)))) == check


def test_an_end_without_results_says_why() -> None:
    assert ended("cancelled", "Superseded by a newer commit.").summary == "Superseded by a newer commit."
