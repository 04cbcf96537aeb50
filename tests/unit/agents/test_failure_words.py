"""P18 evidence: the lines that matter of a log, the likeliest cause by code, and what the model may look at."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.evidence import LARGEST_TEXT, MOST_LINES, bounded
from agents.words.diagnosis import diagnose
from agents.words.failure_log import AFTER, BEFORE, LAST, around_failure, first_error
from agents.words.inquiry import LARGEST_ANSWER_BYTES, TOOLS, Inquiry
from guardrails.baseline import blame

ENDLESS = "\n".join(f"line {number}" for number in range(200))


def test_p18_the_lines_around_the_first_error_and_the_last_ones_are_kept() -> None:
    lines = [f"line {number}" for number in range(100)]
    lines[40] = "KeyError: 'KIS_API_KEY'"
    told = around_failure("\n".join(lines)).splitlines()
    assert told[0] == "line 38"
    assert told[BEFORE] == "KeyError: 'KIS_API_KEY'"
    assert told[BEFORE + AFTER + 1] == "[31 lines left out]"
    assert told[-1] == "line 99"
    assert len(told) == BEFORE + 1 + AFTER + 1 + LAST


def test_p18_what_is_left_of_a_log_is_not_cut_again() -> None:
    lines = [f"line {number}" for number in range(100)]
    lines[40] = "fatal: no"
    once = around_failure("\n".join(lines))
    assert around_failure(once) == once


@pytest.mark.parametrize(
    ("line", "fails"),
    [
        ("Traceback (most recent call last):", True),
        ("requests.exceptions.ConnectionError: refused", True),
        ("level=fatal msg=x", True),
        ("0 errors, 12 warnings", False),
        ("finished without errors", False),
        ("no test failures; 3 failed assertions", True),
        ("listening on 8080", False),
    ],
)
def test_p18_a_line_that_only_speaks_of_no_errors_is_none(line: str, fails: bool) -> None:
    assert (first_error([line]) is not None) is fails


@given(st.text(max_size=4000))
def test_p18_any_log_gives_few_lines_of_bounded_length(log: str) -> None:
    told = around_failure(log).splitlines()
    assert len(told) <= BEFORE + 1 + AFTER + LAST + 3


@pytest.mark.parametrize(
    ("log", "likely"),
    [
        ("starting\nKeyError: 'KIS_API_KEY'\nexited", "a variable that it needs is missing"),
        ("OSError: [Errno 98] Address already in use", "its port is taken"),
        ("container exited with code 137", "out of memory"),
        ("write /data: no space left on device\nKeyError: 'DATA_DIR'", "the disk is full"),
        ("ModuleNotFoundError: No module named 'prometheus_client'", "not in the image"),
        ("psycopg.OperationalError: connection refused", "does not answer"),
        ("FileNotFoundError: [Errno 2] No such file or directory: 'calendar.json'", "a file that it needs"),
        ('ERROR: relation "orders" does not exist', "database is not as"),
        ("PermissionError: [Errno 13] Permission denied: '/app/logs'", "may not read or write"),
    ],
)
def test_p18_without_a_model_the_likeliest_cause_comes_with_its_lines(log: str, likely: str) -> None:
    found = diagnose("the container exited with code 1", log)
    assert found.cause.startswith("Likely: ")
    assert likely in found.cause
    assert set(found.lines) <= set(log.splitlines())
    assert found.lines


def test_p18_what_the_stage_said_is_looked_at_but_not_quoted_again() -> None:
    said = "bind: address already in use"
    assert diagnose(said, "").told == ("Likely: its port is taken by something else.",)
    assert diagnose(said, f"{said}\nOSError: EADDRINUSE").lines == ("OSError: EADDRINUSE",)


def test_p18_hosts_are_named_where_the_log_tells_nothing() -> None:
    checklist = [
        {"name": "web-1: disk", "met": False, "detail": "0.1 GiB free"},
        {"name": "web-1: network", "met": True, "detail": "reached"},
    ]
    found = diagnose("it did not become healthy", "listening on 8080", checklist)
    assert found.told == ("Likely: the host is not as it should be.", "web-1: disk: 0.1 GiB free")


def test_p18_what_the_facts_do_not_tell_is_not_made_up() -> None:
    assert diagnose("unhealthy", "listening\nbye").told == (
        "Not known: nothing in the facts or in the log names a cause.",
    )
    assert diagnose("unhealthy", "a\nwidget exception 7\nb").lines == ("widget exception 7",)


def test_p18_a_service_that_was_failing_before_is_said_first() -> None:
    found = diagnose("GET /health answered 503", "listening", before=blame(["observer@web-1 was unhealthy"]))
    assert found.cause.startswith("Perhaps not this version: it was failing before.")
    assert "observer@web-1 was unhealthy" in found.lines[0]
    assert diagnose("x", "y", before=blame([])).cause.startswith("Not known")


INQUIRY = Inquiry(
    logs={"failure": "one\nTwo\nthree", "observer@web-1": ENDLESS},
    patches={"src/app.py": "+import os"},
    failures=("release r1, stage test", "release r2, stage deploy"),
    comparison="v1 and v2 failed first in test, then in deploy.",
    state=("web-1: observer container: running", "web-2: observer container: exited"),
)


@pytest.mark.parametrize(
    ("tool", "arguments", "answer"),
    [
        ("read_log", {"service": "failure", "lines": 2, "grep": ""}, "Two\nthree"),
        ("read_log", {"service": "failure", "lines": 9, "grep": "tWO"}, "Two"),
        ("read_log", {"service": "failure", "lines": 0, "grep": ""}, "three"),
        ("read_log", {"service": "failure", "lines": 9, "grep": "(a+)+$"}, "Nothing."),
        (
            "read_log",
            {"service": "billing@web-9", "lines": 9, "grep": ""},
            "There is no such log here. There are: failure, observer@web-1.",
        ),
        (
            "read_log",
            {"service": "../../etc/passwd", "lines": 9, "grep": ""},
            "There is no such log here. There are: failure, observer@web-1.",
        ),
        ("show_diff", {"path": "src/app.py"}, "+import os"),
        ("show_diff", {"path": "/etc/passwd"}, "That is not among the changed files that can be shown: src/app.py."),
        (
            "show_diff",
            {"path": "src/../src/app.py"},
            "That is not among the changed files that can be shown: src/app.py.",
        ),
        (
            "compare_failures",
            {},
            "release r1, stage test\nrelease r2, stage deploy\nv1 and v2 failed first in test, then in deploy.",
        ),
        ("container_state", {"service": "observer@web-2"}, "web-2: observer container: exited"),
        ("container_state", {"service": "billing"}, "Nothing."),
        (
            "deploy",
            {"version": "v9"},
            "There is no such tool. There are: read_log, show_diff, compare_failures, container_state.",
        ),
    ],
)
def test_p17_a_look_reads_what_was_gathered_and_nothing_else(
    tool: str, arguments: dict[str, object], answer: str
) -> None:
    assert INQUIRY.answer(tool, arguments) == answer


@given(
    st.sampled_from([str(tool["name"]) for tool in TOOLS] + ["shell"]),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.dictionaries(st.sampled_from(["service", "lines", "grep", "path"]), inner, max_size=4),
    ),
)
def test_p18_no_argument_breaks_a_look_or_its_bounds(tool: str, arguments: object) -> None:
    small = Inquiry(INQUIRY.logs, INQUIRY.patches, INQUIRY.failures, INQUIRY.comparison, INQUIRY.state, 300)
    assert 0 < len(small.answer(tool, arguments).encode()) <= 300


def test_p18_an_answer_that_is_too_long_says_so() -> None:
    long = Inquiry(logs={"failure": "x" * 100_000})
    told = long.answer("read_log", {"service": "failure", "lines": 9, "grep": ""})
    assert len(told.encode()) <= LARGEST_ANSWER_BYTES
    assert told.endswith("[shortened]")


def test_p18_a_report_of_any_size_keeps_its_bounds_and_says_what_was_cut() -> None:
    report = bounded({"log": "x" * 10**6, "checklist": [{"name": "a", "detail": "b" * 10**5}] * 500, "count": 3})
    assert len(report["log"]) <= LARGEST_TEXT + 20
    assert report["log"].endswith("[shortened]")
    assert report["checklist"][-1] == f"and {500 - MOST_LINES} more"
    assert len(str(report["checklist"])) < MOST_LINES * 500
    assert report["count"] == 3
