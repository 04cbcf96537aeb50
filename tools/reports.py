"""What a test run left behind: JUnit XML and Cobertura XML, written by the tested code and read with suspicion."""

import math
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from tools.errors import Garbled

LIMIT_BYTES = 10 * 1024**2
_FAILURES_NAMED = 100
_FAILURE_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class JunitReport:
    """What a JUnit report counts. `failures` names the first ones and tells how many are left out."""

    tests: int
    failed: int
    skipped: int
    failures: tuple[str, ...]


def load(sources: Path, report: PurePosixPath) -> bytes | None:
    """Read a report of the sources, at most one byte more than the limit; None for anything but a plain file inside."""
    if not inside(sources, report):
        return None
    try:
        with open(sources / report, "rb", opener=_plainly) as file:
            return file.read(LIMIT_BYTES + 1) if stat.S_ISREG(os.fstat(file.fileno()).st_mode) else None
    except OSError:
        return None


def inside(sources: Path, report: PurePosixPath) -> bool:
    """Tell whether the directory of a report is inside the sources, links followed."""
    return (sources / report).parent.resolve().is_relative_to(sources.resolve())


def read_junit(content: bytes) -> JunitReport:
    """Count the tests of a JUnit report; raises `Garbled` for what is none."""
    root = _parsed(content)
    if root.tag not in {"testsuites", "testsuite"}:
        raise Garbled(f"The test report is no JUnit XML: its root is <{root.tag[:40]}>.")
    cases = list(root.iter("testcase"))
    failures = [*(_told(case) for case in cases if _failed(case)), *_unnamed(root)]
    skipped = sum(case.find("skipped") is not None and not _failed(case) for case in cases)
    return JunitReport(len(cases), len(failures), skipped, _shortened(failures))


def read_coverage(content: bytes) -> float:
    """Tell the line coverage of a Cobertura report in percent; raises `Garbled` for what is none."""
    root = _parsed(content)
    if root.tag != "coverage":
        raise Garbled(f"The coverage report is no Cobertura XML: its root is <{root.tag[:40]}>.")
    try:
        rate = _line_rate(root)
    except (KeyError, ValueError) as error:
        raise Garbled("The coverage report does not tell a line rate.") from error
    if not (math.isfinite(rate) and 0 <= rate <= 1):
        raise Garbled(f"The coverage report tells an impossible line rate: {rate}.")
    return rate * 100


def _plainly(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


def _parsed(content: bytes) -> Element:
    if len(content) > LIMIT_BYTES:
        raise Garbled(f"The report is larger than {LIMIT_BYTES // 1024**2} MB.")
    try:
        root: Element = fromstring(content)
    except DefusedXmlException as error:
        raise Garbled("The report declares XML entities, which is refused.") from error
    except (ParseError, ValueError, LookupError) as error:
        raise Garbled(f"The report is no well-formed XML: {error}.") from error
    return root


def _line_rate(root: Element) -> float:
    """Prefer the exact counts: a rate of four digits may round up to the minimum."""
    if "lines-valid" not in root.attrib:
        return float(root.attrib["line-rate"])
    valid, covered = int(root.attrib["lines-valid"]), int(root.attrib["lines-covered"])
    if valid <= 0:
        raise ValueError("no lines")
    return covered / valid


def _failed(element: Element) -> bool:
    return element.find("failure") is not None or element.find("error") is not None


def _unnamed(root: Element) -> Iterable[str]:
    """Tell of suites that count more failures than they name: a crash is reported like this by some tools."""
    for suite in root.iter("testsuite"):
        counted = sum(_number(suite.get(name)) for name in ("failures", "errors"))
        named = sum(_failed(case) for case in suite.iter("testcase"))
        if counted > named:
            yield f"{suite.get('name', 'a suite')}: {counted} failures counted, {named} named"[:_FAILURE_CHARACTERS]


def _told(case: Element) -> str:
    name = "::".join(part for part in (case.get("classname"), case.get("name")) if part) or "a test without a name"
    found = case.find("failure")
    cause = found if found is not None else case.find("error")
    message = (cause.get("message") or cause.text or "") if cause is not None else ""
    first_line = next(iter(message.strip().splitlines()), "")
    return (f"{name}: {first_line}" if first_line else name)[:_FAILURE_CHARACTERS]


def _shortened(failures: list[str]) -> tuple[str, ...]:
    left_out = len(failures) - _FAILURES_NAMED
    more = (f"and {left_out} more",) if left_out > 0 else ()
    return (*failures[:_FAILURES_NAMED], *more)


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else 0
