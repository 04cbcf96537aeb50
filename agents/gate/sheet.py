"""What the gate shows beside a commit: how each suite went, what was left out, and what that means. Pure."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from agents.words.foreign import code, one_line, prose, visible
from config.sources import SuiteKind
from guardrails.suites import combined
from tools.github_checks import LONGEST_SUMMARY, Annotation, Check, Conclusion
from tools.suites import SuiteResult

NAME = "shipmate tests"
MOST_FAILURES, MOST_ANNOTATIONS, LOG_LINES = 20, 100, 20
Left = Literal["spared", "withheld", "elsewhere"]
"""Why a suite did not run: a rule spares it, untrusted code may not run it, or another check of the commit shows it."""
_ENDED: Mapping[str, str] = {"passed": "passed", "warning": "failed, as a warning", "failed": "failed"}
_PLACE = re.compile(r"^\s*(?:-->\s*)?(?P<path>[\w][\w./-]{0,300}):(?P<line>\d{1,7}):\d{1,7}(?::\s*(?P<told>.*))?$")
_END = "A release runs its own suites; this check counts for one only where a suite names it as its `check`."


@dataclass(frozen=True, slots=True)
class Line:
    """One suite: its result, or why there is none."""

    label: str
    result: SuiteResult | None = None
    left: Left | None = None
    reason: str = ""
    critical: bool = True
    before: float | None = None
    """Coverage that `Report.against` had."""
    upload: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """All suites of a commit, and what the commit was compared with."""

    lines: tuple[Line, ...]
    compared: str = ""
    against: str = ""
    """The commit whose coverage is compared."""

    @property
    def coverage(self) -> dict[str, float]:
        """Tell what each suite covers, in percent."""
        measured = ((line.label, line.result.coverage) for line in self.lines if line.result)
        return {label: percent for label, percent in measured if percent is not None}


def conclusion(lines: Sequence[Line]) -> Conclusion:
    """Decide. `success` says that every suite ran on this commit and passed; what was left out is never a success."""
    outcome = combined(line.result for line in lines if line.result)
    if outcome == "failed":
        return "failure"
    if any(line.left == "withheld" and line.critical for line in lines):
        return "action_required"
    partly = any(line.left in {"spared", "withheld"} for line in lines)
    ran = any(line.result for line in lines)
    return "success" if ran and outcome == "passed" and not partly else "neutral"


def check_of(report: Report, outgoing: Callable[[str], str]) -> Check:
    """Write the check run; whatever the tested code said is quoted, and no secret goes out."""
    remarks = [remark for line in report.lines if line.result for remark in _remarks(line.result)][:MOST_ANNOTATIONS]
    return Check(
        name=NAME,
        conclusion=conclusion(report.lines),
        title=_title(report.lines),
        summary=outgoing(_summary(report)),
        annotations=tuple(replace(one, message=outgoing(one.message)) for one in remarks),
    )


def ended(conclusion: Conclusion, title: str, summary: str = "") -> Check:
    """Write a check that tells no results."""
    return Check(NAME, conclusion, title, summary or title)


def dump(check: Check) -> dict[str, Any]:
    """Write a check as plain JSON values."""
    return asdict(check) | {"annotations": [asdict(one) for one in check.annotations]}


def load(body: Mapping[str, Any]) -> Check:
    """Read back what `dump` wrote."""
    return Check(**{**body, "annotations": tuple(Annotation(**one) for one in body["annotations"])})


def _title(lines: Sequence[Line]) -> str:
    results = [line.result.outcome for line in lines if line.result]
    failed = [line.label for line in lines if line.result and line.result.outcome == "failed"]
    counted = [
        (len(failed), f"failed: {', '.join(failed)}"),
        (results.count("passed"), "passed"),
        (results.count("warning"), "failed as a warning"),
        (sum(line.left == "withheld" for line in lines), "not run for a fork"),
        (sum(line.left in {"spared", "elsewhere"} for line in lines), "left out"),
    ]
    return "; ".join(f"{number} {word}" for number, word in counted if number) or "There is no suite to run."


def _summary(report: Report) -> str:
    room = LONGEST_SUMMARY - 1000
    shown: list[str] = []
    for paragraph in (text for line in report.lines for text in _told(line, report.against)):
        room -= len(paragraph) + 1
        if room < 0:
            shown.append("- and more, which does not fit here")
            break
        shown.append(paragraph)
    ends = [text for text in (report.compared, _END) if text]
    return "\n".join([*shown, *(f"\n{text}" for text in ends)])


def _told(line: Line, against: str) -> Iterator[str]:
    if line.result is None:
        yield f"- **{line.label}** did not run: {prose(line.reason)}"
        return
    result = line.result
    yield f"- **{line.label}** {_ENDED[result.outcome]}: {', '.join(_facts(line, result, against))}"
    if result.reason:
        yield f"  - {prose(result.reason)}"
    yield from (f"  - {code(failure)}" for failure in result.failures[:MOST_FAILURES])
    if len(result.failures) > MOST_FAILURES:
        yield f"  - and {len(result.failures) - MOST_FAILURES} more"
    yield from (f"  - beside: {code(remark)}" for remark in result.remarks[:MOST_FAILURES])
    if result.outcome != "passed" and not result.failures and result.log_tail.strip():
        yield _quoted(result.log_tail)


def _facts(line: Line, result: SuiteResult, against: str) -> Iterator[str]:
    if result.tests:
        skipped = f" ({result.skipped} skipped)" if result.skipped else ""
        yield f"{result.tests} test{'s' * (result.tests != 1)}{skipped}"
    yield from map(str, result.figures)
    if result.coverage is not None:
        yield f"coverage {result.coverage:.2f} %{_change(result.coverage, line.before, against)}"
    yield f"{result.duration.total_seconds():.1f} s"
    if line.upload:
        yield prose(line.upload)


def _change(now: float, before: float | None, against: str) -> str:
    return "" if before is None else f" ({now - before:+.2f} against `{against[:12]}`)"


def _quoted(log: str) -> str:
    """Quote lines of a log in a fence that nothing in them closes."""
    lines = [visible(line)[:300] for line in log.splitlines()[-LOG_LINES:]]
    fence = "`" * (max((len(run) for run in re.findall(r"`+", "\n".join(lines))), default=0) + 3)
    return "\n".join(f"  {line}" for line in (f"{fence}text", *lines, fence))


def _remarks(result: SuiteResult) -> Iterator[Annotation]:
    """Find what a linter says of lines: `path:line:column: words`, or words above `--> path:line:column`."""
    if result.kind is not SuiteKind.LINT or result.outcome == "passed":
        return
    before = ""
    for text in result.log_tail.splitlines():
        found = _PLACE.match(text)
        if found and ".." not in found["path"]:
            message = one_line(found["told"] or before, 1000) or "see the summary"
            level: Literal["failure", "warning"] = "failure" if result.outcome == "failed" else "warning"
            yield Annotation(found["path"], max(int(found["line"]), 1), level, result.name, message)
        before = text
