"""Test suites: run against a copy of the sources that is thrown away, judged by what they left behind.

A suite passes only when its command ended well and its reports say so. Nothing that is missing,
unreadable, empty or late ever counts as passed.
"""

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Literal
from uuid import uuid4

from config.sources import Suite, SuiteKind
from tools.containment import contained, ended, started, words_so_far
from tools.errors import Garbled, TimedOut
from tools.hosts import Completed
from tools.process import run
from tools.report_weights import Figure, Weighed
from tools.reports import JunitReport, inside, load, read_coverage, read_junit
from tools.suite_reports import report_paths, weighed

SuiteOutcome = Literal["passed", "warning", "failed", "skipped"]

_TAIL_LINES = 40
_TAIL_CHARACTERS = 4000
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR")
_COUNTED = frozenset({SuiteKind.UNIT, SuiteKind.E2E})
"""Kinds that must show their tests one by one."""


@dataclass(frozen=True, slots=True)
class SuiteResult:
    """How one suite ended, and why. Failures and log are words of the tested code."""

    name: str
    kind: SuiteKind
    outcome: SuiteOutcome
    tests: int = 0
    failures: tuple[str, ...] = ()
    skipped: int = 0
    coverage: float | None = None
    """Line coverage in percent."""
    duration: timedelta = timedelta()
    reason: str = ""
    log_tail: str = ""
    coverage_report: bytes | None = field(default=None, repr=False)
    """The report itself, where it was read and somebody wants it."""
    figures: tuple[Figure, ...] = ()
    """Numbers of its reports beside tests and coverage."""
    remarks: tuple[str, ...] = ()
    """What its reports name that did not fail it."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one run left behind. `exit_code` is None when the time limit ended it."""

    exit_code: int | None
    junit: bytes | None = None
    coverage: bytes | None = None
    duration: timedelta = timedelta()
    log: str = ""
    reports: Mapping[str, bytes | None] = field(default_factory=dict)
    """What else it was to write, by the program that writes it."""


async def run_suite(
    name: str,
    suite: Suite,
    sources: Path,
    *,
    key: str = "",
    engine: Mapping[str, str] | None = None,
    today: date | None = None,
) -> SuiteResult:
    """Run one suite on a copy of the sources, in its image or on this machine, and judge it.

    A `key` (such as the release's id) lets a repeated run first end what an interrupted one left running;
    `engine` adds variables such as DOCKER_HOST to those of this process; by `today` exceptions end.
    Raises `NotFound` and `Unreachable` when the image or the engine is missing.
    """
    scratch = Path(tempfile.mkdtemp(prefix=".suite-", dir=sources.parent))
    try:
        copy = scratch / "src"
        await asyncio.to_thread(_prepare, suite, sources, copy)
        container = f"shipmate-{key or uuid4().hex[:12]}-{name}"
        environment = {**os.environ, **(engine or {})}
        completed = await (_in_container(container, suite, copy, environment) if suite.image else _here(suite, copy))
        return await asyncio.to_thread(lambda: judged(name, suite, _evidence(suite, copy, completed), today))
    finally:
        await asyncio.to_thread(shutil.rmtree, scratch, ignore_errors=True)


def judged(name: str, suite: Suite, evidence: Evidence, today: date | None = None) -> SuiteResult:
    """Judge a run by its evidence alone."""
    report, test_objection = _read_tests(suite, evidence)
    coverage, coverage_objection = _read_coverage(suite, evidence)
    others = tuple(weighed(suite, evidence.reports, today or datetime.now(UTC).date()))
    failed = _joined((test_objection, *(one.objection for one in others)))
    objection = _late(suite, evidence) or _joined(
        (failed or _exit_objection(suite, evidence, others), coverage_objection)
    )
    warning = "" if objection else _joined(one.warning for one in others)
    return SuiteResult(
        name=name,
        kind=suite.kind,
        outcome=_outcome(suite, objection, warning),
        tests=report.tests if report else 0,
        failures=(*(report.failures if report else ()), *(line for one in others for line in one.failures)),
        skipped=report.skipped if report else 0,
        coverage=coverage,
        duration=evidence.duration,
        reason=objection or warning,
        coverage_report=evidence.coverage if suite.codecov and coverage is not None else None,
        log_tail="\n".join(evidence.log.strip().splitlines()[-_TAIL_LINES:])[-_TAIL_CHARACTERS:],
        figures=tuple(figure for one in others for figure in one.figures),
        remarks=tuple(line for one in others for line in one.remarks),
    )


def _outcome(suite: Suite, objection: str, warning: str) -> SuiteOutcome:
    if objection and suite.critical:
        return "failed"
    return "warning" if objection or warning else "passed"


def _joined(sentences: Iterable[str]) -> str:
    return " ".join(filter(None, sentences))


def _late(suite: Suite, evidence: Evidence) -> str:
    return f"It did not end within {suite.timeout.total_seconds():g} s." if evidence.exit_code is None else ""


def _read_tests(suite: Suite, evidence: Evidence) -> tuple[JunitReport | None, str]:
    if suite.junit is None:
        undeclared = suite.kind in _COUNTED
        return None, "It declares no JUnit report, so nothing shows that a test ran." if undeclared else ""
    if evidence.junit is None:
        return None, f"It left no test report at {suite.junit}{_exit_note(evidence)}."
    try:
        report = read_junit(evidence.junit)
    except Garbled as error:
        return None, error.happened
    return report, _test_objection(report)


def _test_objection(report: JunitReport) -> str:
    if report.failed:
        return f"{report.failed} of {max(report.tests, report.failed)} tests failed."
    if report.tests == 0:
        return "It ran no tests."
    return "All of its tests were skipped." if report.skipped >= report.tests else ""


def _read_coverage(suite: Suite, evidence: Evidence) -> tuple[float | None, str]:
    if suite.coverage is None:
        return None, ""
    if evidence.coverage is None:
        return None, f"It left no coverage report at {suite.coverage}."
    try:
        coverage = read_coverage(evidence.coverage)
    except Garbled as error:
        return None, error.happened
    if coverage >= suite.minimum_coverage:
        return coverage, ""
    return coverage, f"Coverage is {coverage:.2f} %, below the minimum of {suite.minimum_coverage:g} %."


def _exit_objection(suite: Suite, evidence: Evidence, others: tuple[Weighed, ...]) -> str:
    """Object to an exit code that nothing explains; audits end with 1 when they found something, however mild.

    A suite that does more than audit may have ended with 1 for another reason, which no report of it would tell.
    """
    found = evidence.exit_code == 1 and any(one.found for one in others)
    if not evidence.exit_code or (found and _only_audits(suite)):
        return ""
    although = " although its report shows no failure" if suite.junit or others else ""
    apart = " An audit explains that in a suite of its own: of kind security, without other reports." if found else ""
    return f"Its command ended with exit code {evidence.exit_code}{although}.{apart}"


def _only_audits(suite: Suite) -> bool:
    return suite.kind is SuiteKind.SECURITY and not (suite.junit or suite.coverage or suite.lighthouse)


def _exit_note(evidence: Evidence) -> str:
    return f" and ended with exit code {evidence.exit_code}" if evidence.exit_code else ""


def _prepare(suite: Suite, sources: Path, copy: Path) -> None:
    """Copy the sources without reports that came with them: only what this run writes counts."""
    shutil.copytree(sources, copy, symlinks=True)
    for report in (suite.junit, suite.coverage, *report_paths(suite).values()):
        if report is not None and inside(copy, report) and not (copy / report).is_dir():
            (copy / report).unlink(missing_ok=True)


def _evidence(suite: Suite, copy: Path, completed: Completed | str) -> Evidence:
    if isinstance(completed, str):
        return Evidence(None, duration=suite.timeout, log=completed)
    junit = load(copy, suite.junit) if suite.junit else None
    coverage = load(copy, suite.coverage) if suite.coverage else None
    log = f"{completed.stdout}\n{completed.stderr}"
    others = {name: load(copy, path) for name, path in report_paths(suite).items()}
    return Evidence(completed.exit_code, junit, coverage, completed.duration, log, others)


async def _here(suite: Suite, copy: Path) -> Completed | str:
    try:
        return await run(suite.command, cwd=copy, env=_bare_environment(), timeout=suite.timeout)
    except TimedOut:
        return ""


async def _in_container(container: str, suite: Suite, copy: Path, environment: Mapping[str, str]) -> Completed | str:
    await ended(container, environment)
    try:
        completed = await run(contained(container, suite, copy), env=environment, timeout=suite.timeout)
    except TimedOut:
        return await words_so_far(container, environment)
    finally:
        await ended(container, environment)
    return started(completed, suite.image or "")


def _bare_environment() -> Mapping[str, str]:
    """Build an environment without the bot's credentials; the bot's own Python is found last."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    path = os.pathsep.join((kept.get("PATH", os.defpath), str(Path(sys.executable).parent)))
    return {**kept, "PATH": path, "CI": "true"}
