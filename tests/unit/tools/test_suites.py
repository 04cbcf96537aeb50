from datetime import timedelta
from typing import Any

import pytest

from config.sources import Suite, SuiteKind
from tools.containment import contained, started
from tools.errors import CommandFailed, NotFound, NotInstalled, ToolError, Unreachable
from tools.hosts import Completed
from tools.suites import Evidence, judged

GREEN = b'<testsuite><testcase name="a"/><testcase name="b"/></testsuite>'
RED = b'<testsuite><testcase name="a"/><testcase name="b"><failure message="no"/></testcase></testsuite>'
SKIPPED = b'<testsuite><testcase name="a"><skipped/></testcase></testsuite>'


def _suite(**changes: Any) -> Suite:
    return Suite.model_validate({"kind": "unit", "command": ["pytest"], "junit": "junit.xml", **changes})


def _coverage(percent: float) -> bytes:
    return f'<coverage line-rate="{percent / 100}"/>'.encode()


def test_a_suite_passes_when_its_command_and_its_reports_say_so() -> None:
    evidence = Evidence(0, GREEN, _coverage(80), timedelta(seconds=2), "2 passed\n")
    result = judged("unit", _suite(coverage="coverage.xml"), evidence)
    assert (result.outcome, result.reason, result.kind) == ("passed", "", SuiteKind.UNIT)
    assert (result.tests, result.skipped, result.coverage, result.log_tail) == (2, 0, 80, "2 passed")


@pytest.mark.parametrize(
    ("evidence", "reason"),
    [
        (Evidence(1, RED), "1 of 2 tests failed."),
        (Evidence(0, RED), "1 of 2 tests failed."),
        (Evidence(1, GREEN), "Its command ended with exit code 1 although its report shows no failure."),
        (Evidence(-9, GREEN), "Its command ended with exit code -9 although its report shows no failure."),
        (Evidence(0, None), "It left no test report at junit.xml."),
        (Evidence(2, None), "It left no test report at junit.xml and ended with exit code 2."),
        (Evidence(0, b"<testsuite/>"), "It ran no tests."),
        (Evidence(0, SKIPPED), "All of its tests were skipped."),
        (Evidence(0, b"junk"), "The report is no well-formed XML: syntax error: line 1, column 0."),
        (Evidence(None, GREEN), "It did not end within 600 s."),
    ],
)
def test_nothing_missing_unreadable_empty_or_late_counts_as_passed(evidence: Evidence, reason: str) -> None:
    assert (judged("unit", _suite(), evidence).outcome, judged("unit", _suite(), evidence).reason) == ("failed", reason)
    assert judged("unit", _suite(severity="warning"), evidence).outcome == "warning"


@pytest.mark.parametrize(
    ("coverage", "reason"),
    [
        (_coverage(79.99), "Coverage is 79.99 %, below the minimum of 80 %."),
        (None, "It left no coverage report at coverage.xml."),
        (b"<coverage/>", "The coverage report does not tell a line rate."),
    ],
)
def test_coverage_below_the_minimum_or_unknown_fails_a_green_suite(coverage: bytes | None, reason: str) -> None:
    result = judged("unit", _suite(coverage="coverage.xml"), Evidence(0, GREEN, coverage))
    assert (result.outcome, result.reason) == ("failed", reason)


def test_failed_tests_and_low_coverage_are_both_told() -> None:
    result = judged("unit", _suite(coverage="coverage.xml"), Evidence(1, RED, _coverage(10)))
    assert result.reason == "1 of 2 tests failed. Coverage is 10.00 %, below the minimum of 80 %."
    assert result.failures == ("b: no",)


@pytest.mark.parametrize("kind", ["unit", "e2e"])
def test_tests_that_are_not_reported_one_by_one_never_pass(kind: str) -> None:
    assert judged("x", _suite(kind=kind, junit=None), Evidence(0)).outcome == "failed"


@pytest.mark.parametrize("kind", ["lint", "security", "performance"])
@pytest.mark.parametrize(("exit_code", "outcome"), [(0, "passed"), (1, "failed"), (None, "failed")])
def test_checks_are_judged_by_their_exit_code(kind: str, exit_code: int | None, outcome: str) -> None:
    assert judged("x", _suite(kind=kind, junit=None, severity="critical"), Evidence(exit_code)).outcome == outcome


def test_the_log_keeps_its_last_lines_only() -> None:
    log = "\n".join(f"line {number}" for number in range(1000))
    tail = judged("unit", _suite(), Evidence(0, GREEN, log=log)).log_tail
    assert tail.splitlines()[0] == "line 960"
    assert tail.endswith("line 999")


def test_code_under_test_gets_no_network_no_privileges_and_a_name(tmp_path: Any) -> None:
    argv = contained("shipmate-r1-unit", _suite(image="python:3.11-slim", command=["pytest", "-q"]), tmp_path)
    command = " ".join(argv)
    for part in ("--network none", "--cap-drop ALL", "--security-opt no-new-privileges", "--name shipmate-r1-unit"):
        assert part in command
    assert argv[-3:] == ("python:3.11-slim", "pytest", "-q")


@pytest.mark.parametrize(
    ("complaint", "error"),
    [
        ("docker: Cannot connect to the Docker daemon at unix:///x.", Unreachable),
        ("Unable to find image 'a:1' locally\ndocker: Error response from daemon: no.", NotFound),
        ("docker: Error response from daemon: invalid mount.", CommandFailed),
    ],
)
def test_a_container_that_cannot_start_is_no_failed_test(complaint: str, error: type[ToolError]) -> None:
    with pytest.raises(error):
        started(Completed(("docker",), 125, "", complaint, timedelta()), "a:1")


@pytest.mark.parametrize("exit_code", [0, 1, 125])
def test_what_the_command_itself_answers_is_passed_on(exit_code: int) -> None:
    completed = Completed(("docker",), exit_code, "", "own words", timedelta())
    assert started(completed, "a:1") is completed


def test_docker_that_is_missing_on_the_bots_machine_is_no_failure_of_a_suite() -> None:
    with pytest.raises(NotInstalled):
        started(Completed(("docker",), 127, "", "docker: not found", timedelta()), "a:1")
    of_the_suite = Completed(("docker",), 127, "", "sh: 1: pytest: not found", timedelta())
    assert started(of_the_suite, "a:1") is of_the_suite
