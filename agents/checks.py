"""What GitHub checked about a commit, taken for a suite's result where the suite says so."""

from dataclasses import dataclass
from datetime import timedelta

from agents.toolbox import Toolbox
from config.sources import Suite
from tools.errors import ToolError
from tools.github_evidence import Evidence, Trusted
from tools.suites import SuiteOutcome, SuiteResult

POLL = timedelta(seconds=5)
_NOT_CONFIGURED = "GitHub is not configured (`repository.github`, and GITHUB_TOKEN or the GitHub App)."


@dataclass(frozen=True, slots=True)
class _Look:
    """What was seen at one moment: evidence, its absence, or why nothing could be seen."""

    evidence: Evidence | None = None
    trouble: str = ""


async def vouched(name: str, suite: Suite, commit: str, tools: Toolbox) -> SuiteResult | None:
    """Wait for the check that a suite names; None where its command must run, since GitHub has no such check.

    Silence, a check under way for too long and every conclusion but success are no evidence of anything good.
    """
    wanted, begun = Trusted.parse(suite.check or ""), tools.clock.monotonic()
    while True:
        look = await _look(commit, wanted, tools)
        took = timedelta(seconds=tools.clock.monotonic() - begun)
        if look.evidence and look.evidence.state != "waiting":
            return _weighed(name, suite, wanted, look.evidence, took)
        if look.evidence is None and suite.command:
            return None
        if took >= suite.timeout or look.trouble == _NOT_CONFIGURED:
            return _result(name, suite, "failed", _missed(wanted, look, suite), took)
        await tools.clock.sleep(min(POLL, suite.timeout - took))


async def _look(commit: str, wanted: Trusted, tools: Toolbox) -> _Look:
    if tools.github is None:
        return _Look(trouble=_NOT_CONFIGURED)
    try:
        return _Look(await tools.github.evidence(commit, wanted))
    except ToolError as error:
        return _Look(trouble=error.happened)


def _weighed(name: str, suite: Suite, wanted: Trusted, found: Evidence, took: timedelta) -> SuiteResult:
    told = f"GitHub check {wanted} ended as {found.conclusion}"
    if found.state == "passed":
        return _result(name, suite, "passed", f"{told}: {found.url}", took)
    title = f': "{found.title}"' if found.title else ""
    return _result(name, suite, "failed", f"{told}{title}, see {found.url}", took, found.summary)


def _missed(wanted: Trusted, look: _Look, suite: Suite) -> str:
    limit = f"{suite.timeout.total_seconds():g} s"
    if look.trouble:
        return f"GitHub could not be asked for the check {wanted}, and there is no command to run: {look.trouble}"
    if look.evidence:
        return f"GitHub check {wanted} did not end within {limit} ({look.evidence.conclusion})."
    return f"The commit has no GitHub check {wanted} after {limit}, and there is no command to run."


def _result(name: str, suite: Suite, outcome: SuiteOutcome, reason: str, took: timedelta, log: str = "") -> SuiteResult:
    weighed: SuiteOutcome = "warning" if outcome == "failed" and not suite.critical else outcome
    return SuiteResult(name, suite.kind, weighed, duration=took, reason=reason, log_tail=log)
