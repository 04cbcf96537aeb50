import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.errors import Garbled
from tools.reports import LIMIT_BYTES, JunitReport, read_coverage, read_junit

BOMB = b'<!DOCTYPE a [<!ENTITY x "xxxxxxxxxx"><!ENTITY y "&x;&x;&x;&x;&x;&x;">]><testsuite name="&y;"/>'
OUTSIDE = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><testsuite><testcase name="&x;"/></testsuite>'


def test_tests_are_counted_across_nested_suites() -> None:
    content = b"""<?xml version="1.0"?><testsuites><testsuite name="a" tests="3">
      <testcase classname="tests.test_a" name="test_one"/>
      <testcase classname="tests.test_a" name="test_two"><failure message="assert 1 == 2&#10;more"/></testcase>
      <testsuite name="b"><testcase name="three"><skipped/></testcase>
      <testcase name="four"><error>boom
      Traceback</error></testcase></testsuite></testsuite></testsuites>"""
    assert read_junit(content) == JunitReport(4, 2, 1, ("tests.test_a::test_two: assert 1 == 2", "four: boom"))


def test_a_suite_that_counts_more_failures_than_it_names_has_failed() -> None:
    report = read_junit(b'<testsuite name="crash" tests="0" failures="0" errors="1"></testsuite>')
    assert report.failed == 1
    assert report.failures == ("crash: 1 failures counted, 0 named",)


def test_a_flood_of_failures_is_counted_but_not_repeated() -> None:
    case = b'<testcase name="t"><failure message="' + b"m" * 5000 + b'"/></testcase>'
    report = read_junit(b"<testsuite>" + case * 150 + b"</testsuite>")
    assert (report.tests, report.failed, len(report.failures)) == (150, 150, 101)
    assert report.failures[-1] == "and 50 more"
    assert max(map(len, report.failures)) <= 300


@pytest.mark.parametrize(
    "content",
    [b"", b"passed", b"<testsuite>", b"<html/>", b"\xff\xfe\x00", BOMB, OUTSIDE, b"<testsuite/>" + b" " * LIMIT_BYTES],
    ids=["empty", "text", "half", "html", "binary", "bomb", "outside", "large"],
)
def test_what_is_no_test_report_is_refused(content: bytes) -> None:
    with pytest.raises(Garbled):
        read_junit(content)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    for read in (read_junit, read_coverage):
        with contextlib.suppress(Garbled):
            read(content)


@pytest.mark.parametrize(
    ("attributes", "percent"),
    [
        ('line-rate="0.5"', 50.0),
        ('line-rate="1"', 100.0),
        ('line-rate="0.8" lines-valid="100000" lines-covered="79999"', 79.999),
    ],
)
def test_coverage_is_told_in_percent_and_never_rounded_up(attributes: str, percent: float) -> None:
    assert read_coverage(f"<coverage {attributes}/>".encode()) == pytest.approx(percent)


def test_the_document_type_that_coverage_tools_write_is_no_offence() -> None:
    doctype = b'<!DOCTYPE coverage SYSTEM "http://cobertura.sourceforge.net/xml/coverage-04.dtd">'
    assert read_coverage(doctype + b'<coverage line-rate="0.25"/>') == 25


@pytest.mark.parametrize(
    "content",
    [
        b"<coverage/>",
        b'<coverage line-rate="nan"/>',
        b'<coverage line-rate="inf"/>',
        b'<coverage line-rate="1.2"/>',
        b'<coverage line-rate="-1"/>',
        b'<coverage line-rate="all"/>',
        b'<coverage line-rate="1" lines-valid="0" lines-covered="0"/>',
        b'<coverage line-rate="1" lines-valid="2"/>',
        b"<testsuite/>",
        BOMB,
    ],
)
def test_an_impossible_coverage_is_refused(content: bytes) -> None:
    with pytest.raises(Garbled):
        read_coverage(content)
