"""The escalator: counts failures in a row, tells more the more there are, and locks the target at the third."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from langgraph.runtime import Runtime

from agents.destinations.choice import destination_of
from agents.events import Escalated
from agents.state import Next, State, proceed
from agents.toolbox import Toolbox
from guardrails.failures import Escalation, Failure, Rung, after_failure, compare
from tools.history.targets import Target


async def escalate(state: State, *, runtime: Runtime[Toolbox]) -> Next:
    """Count this release's failure once, and report or lock as the ladder says."""
    tools = runtime.context
    service, environment = state["service"], state["environment"]
    before = await tools.store.targets.get(service, environment)
    after = await tools.store.targets.fail(service, environment, _failure(state, tools))
    step = after_failure(
        after.failures - 1,
        tools.failures,
        rollback_failed=state.get("rolled_back") is False,
        locked=before.locked_at is not None and before.locked_by != state["release"],
    )
    if step.level is Rung.LOCKED and after.locked_at is None:
        await tools.store.targets.lock(service, environment, state["release"])
    report = await _report(state, step, after, tools)
    await tools.report(Escalated(step.level, step.count, report))
    return proceed("close", "failed" if step.level is Rung.LOCKED else "warning")


def _failure(state: State, tools: Toolbox) -> Mapping[str, Any]:
    failure = state.get("failure", {})
    return {
        "release": state["release"],
        "version": state["version"],
        "stage": failure.get("stage", ""),
        "cause": tools.redactor.redact(failure.get("cause", "")),
        "at": tools.clock.now().isoformat(timespec="seconds"),
    }


async def _report(state: State, step: Escalation, target: Target, tools: Toolbox) -> Mapping[str, Any]:
    failure = state.get("failure", {})
    facts = {
        "stage": failure.get("stage", ""),
        "cause": failure.get("cause", ""),
        "reason": step.reason,
        "rolled_back": state.get("rolled_back"),
        "last_good": await _last_good(tools),
        "failures": list(target.recent_failures),
    }
    if step.level is Rung.RECORDED:
        return facts
    locked = await tools.store.targets.get(state["service"], state["environment"])
    facts |= {
        "log": failure.get("log", ""),
        "comparison": _comparison(target),
        "locked_at": locked.locked_at.isoformat(timespec="seconds") if locked.locked_at else "",
        "checklist": [asdict(line) for line in await destination_of(tools).checklist()],
    }
    facts["analysis"] = await tools.narrator.explain_failure(facts) if tools.narrator else None
    return facts


def _comparison(target: Target) -> str:
    known = [Failure(f["release"], f["version"], f["stage"], f["cause"]) for f in target.recent_failures[-2:]]
    return compare(*known).sentence if len(known) == 2 else ""  # noqa: PLR2004 - two failures make a comparison


async def _last_good(tools: Toolbox) -> str:
    versions = {(d.current or {}).get("version", "") for d in (await tools.deployed()).values()}
    return ", ".join(sorted(versions - {""}))
