"""The escalator: counts failures in a row, tells more the more there are, and locks the target at the third.

A visit may be cut off anywhere and repeated: the count knows its releases, the lock who made it, and the report
replaces itself.
"""

from collections.abc import Mapping
from typing import Any

from langgraph.runtime import Runtime

from agents.events import Escalated
from agents.evidence import Report, bounded, evidence_of, facts_of, inquiry_of
from agents.state import Next, State, proceed
from agents.toolbox import Toolbox
from guardrails.failures import Escalation, Rung, after_failure, after_outside_cause, outside_cause
from tools.history.targets import Target


async def escalate(state: State, *, runtime: Runtime[Toolbox]) -> Next:
    """Count this release's failure once, and report or lock as the ladder says.

    What is not the version's fault and touched nothing is told, and counts nothing.
    """
    tools = runtime.context
    because = outside_cause(state.get("error", ""), touched=bool(state.get("touched")))
    before = await tools.store.targets.get(state["service"], state["environment"])
    step = after_outside_cause(before.failures, because) if because else await _climb(state, before, tools)
    target = await tools.store.targets.get(state["service"], state["environment"])
    report = await _report(state, step, target, tools)
    if step.announce and before.locked_by not in (None, state["release"]):
        report["replaces"] = before.locked_by
    await tools.report(Escalated(step.level, step.count, report, step.announce))
    return proceed("close", "failed" if step.level is Rung.LOCKED else "warning")


async def _climb(state: State, before: Target, tools: Toolbox) -> Escalation:
    """Count, and lock where the ladder ends. A lock that this release made before it was cut off is its own."""
    targets, service, environment = tools.store.targets, state["service"], state["environment"]
    after = await targets.fail(service, environment, _failure(state, tools))
    own = before.locked_by == state["release"]
    step = after_failure(
        after.failures - 1,
        tools.failures,
        rollback_failed=state.get("rolled_back") is False,
        locked=before.locked_at is not None and not own,
    )
    if step.announce and not own:
        await targets.lock(service, environment, state["release"])
    return step


def _failure(state: State, tools: Toolbox) -> Mapping[str, Any]:
    failure = state.get("failure", {})
    return {
        "release": state["release"],
        "version": state["version"],
        "stage": failure.get("stage", ""),
        "cause": tools.redactor.redact(failure.get("cause", "")),
        "at": tools.clock.now().isoformat(timespec="seconds"),
        **({"failing_before": True} if state.get("failing_before") else {}),
    }


async def _report(state: State, step: Escalation, target: Target, tools: Toolbox) -> Report:
    report = bounded(await facts_of(state, target, step.reason, tools))
    if step.level in {Rung.OUTSIDE, Rung.RECORDED}:
        return report
    report |= await evidence_of(state, target, tools)
    if tools.narrator:
        inquiry = await inquiry_of(report, tools, tools.narrator.largest_answer_bytes)
        report["analysis"] = await tools.narrator.explain_failure(report, inquiry)
    return report
