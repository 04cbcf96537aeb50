"""The tester: runs the suites side by side and weighs what they say."""

import asyncio
from dataclasses import replace

from langgraph.runtime import Runtime

from agents.checks import vouched
from agents.coverage import covered
from agents.events import SuiteRan
from agents.lasting import warned_before
from agents.state import Next, State, end, fail, proceed, stops_early
from agents.toolbox import Toolbox
from guardrails.failures import weight_of_warnings
from guardrails.suites import combined
from guardrails.verdict import Level
from tools.codecov import Upload
from tools.history.releases import Outcome
from tools.suites import SuiteResult, run_suite


async def test(state: State, *, runtime: Runtime[Toolbox]) -> Next:
    """Run what the analyzer chose; one failed critical suite stops the release, and so does a warning too often."""
    tools = runtime.context
    if state.get("only") == "deploy":  # the analyzer found that they passed on this very commit
        return proceed("build", "skipped")
    results = await asyncio.gather(*(_run(name, state["commit"], tools) for name in state["suites"]))
    outcome = combined(results)
    if outcome == "failed" and stops_early(state):
        return end(Outcome.REFUSED, _told(results, "failed"))
    if state.get("only") == "test" and not (await tools.release()).only:  # the analyzer found that nothing else is left
        return end(Outcome.SKIPPED, f"Nothing to build or deploy. Suites that look at the change: {outcome}.", outcome)
    if state.get("only") == "test":
        return end(Outcome.CHECKED, f"Stopped after the tests, as asked: {outcome}.", outcome)
    if outcome == "failed":
        return fail("escalate", "test", _told(results, "failed"), _logs(results))
    return proceed("build", outcome, tested=outcome)


async def _run(name: str, commit: str, tools: Toolbox) -> SuiteResult:
    suite = tools.service.suites[name]
    result = await vouched(name, suite, commit, tools) if suite.check else None
    if result is None:
        today = tools.clock.now().date()
        result = await run_suite(name, suite, await tools.sources(commit), key=tools.release_id, today=today)
    in_a_row = 1 + await warned_before(name, tools) if result.outcome == "warning" else 0
    result = _raised(result, in_a_row, tools)
    before = await covered(tools.store, tools.service.service, tools.environment_name) if result.coverage else {}
    await tools.report(
        SuiteRan(
            name=name,
            suite_kind=result.kind,
            outcome=result.outcome,
            tests=result.tests,
            failures=result.failures,
            coverage=result.coverage,
            seconds=round(result.duration.total_seconds(), 3),
            reason=result.reason,
            covered_before=before.get(name, ()),
            upload=await _uploaded(name, commit, result, tools),
            figures=result.figures,
            remarks=result.remarks,
            warnings_in_a_row=in_a_row,
        )
    )
    return result


def _raised(result: SuiteResult, in_a_row: int, tools: Toolbox) -> SuiteResult:
    """Tell a warning that is not the first in a row, and count it as critical from the configured number on."""
    if in_a_row <= 1 < tools.failures.warnings_raised_at:
        return result
    told = f"{result.reason} This suite has now ended with a warning in {in_a_row} releases in a row"
    if weight_of_warnings(in_a_row, tools.failures) is Level.BLOCKING:
        return replace(result, outcome="failed", reason=f"{told}, which counts as critical.")
    return replace(result, reason=f"{told}; {tools.failures.warnings_raised_at} in a row count as critical.")


async def _uploaded(name: str, commit: str, result: SuiteResult, tools: Toolbox) -> str:
    """Send the coverage report to Codecov where that is wanted; what becomes of it is told and holds nothing up."""
    repository, codecov = tools.service.repository.github, tools.codecov
    if codecov is None or result.coverage_report is None:
        return ""
    if repository is None:
        return "not sent to Codecov: the service names no `repository.github`"
    sources = await tools.sources(commit)
    refusal = await codecov.upload(Upload(repository, commit, name, result.coverage_report, sources))
    return f"not uploaded. {refusal}" if refusal else "sent to Codecov"


def _told(results: list[SuiteResult], outcome: str) -> str:
    return "; ".join(f"{result.name}: {result.reason}" for result in results if result.outcome == outcome)


def _logs(results: list[SuiteResult]) -> str:
    return "\n".join(result.log_tail for result in results if result.outcome != "passed")
