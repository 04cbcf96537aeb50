"""The planner: measures the hosts, draws up one exact plan with its way back, and lets the guardrails judge it."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from langgraph.runtime import Runtime

from agents.briefing import Briefing, brief
from agents.destinations.compose.draft import Wanted, draft
from agents.destinations.compose.judgement import gate_of, judge
from agents.destinations.compose.readiness import readiness
from agents.destinations.compose.running import adopt
from agents.destinations.compose.shipping import ship
from agents.destinations.compose.survey import Surveyed, survey
from agents.destinations.compose.usage import used_now
from agents.destinations.compose.wanted import wanted_by
from agents.events import Asked, ConditionLine, Moved, Objected, Planned, Settled
from agents.state import Next, State, end, proceed
from agents.toolbox import Server, Toolbox
from guardrails.gate import Gate
from guardrails.plan import Plan, digest, to_json
from guardrails.verdict import Verdict
from tools.history.releases import Outcome
from tools.watch import baseline


async def plan(state: State, *, runtime: Runtime[Toolbox]) -> Next:
    """Plan the release, bring its images to the hosts, and ask for approval. A rollback asks nobody."""
    tools = runtime.context
    wanted = await wanted_by(state, tools)
    if isinstance(wanted, str):
        return end(Outcome.REFUSED, wanted)
    surveyed = await _look(state, tools)
    gate = await gate_of(state, wanted, surveyed, tools)
    surveyed, away = _parted(surveyed)
    if away and (state["kind"] == "deploy" or not surveyed):
        return await _refuse(gate.verdict, tools)
    drawn = draft(tools.service, tools.environment_name, wanted, surveyed, await _downtime(tools))
    drawn = replace(drawn, notes=(away,) if away else ())
    verdict = await _weigh(state, wanted, surveyed, tools)
    if state["kind"] == "deploy" and (verdict + gate.verdict).blocks:
        return await _refuse(verdict + gate.verdict, tools)
    update: dict[str, Any] = {"plan": digest(drawn), "commit": wanted.commit, "done": 0}
    update["used_before"] = await used_now(tools, surveyed)
    update["baseline_ms"] = await _baseline(tools.servers[surveyed[0].name], tools)
    briefing, shipped = await asyncio.gather(
        brief(state, wanted, drawn, surveyed, verdict, tools), _ship(state, wanted, tools)
    )
    if shipped.blocks:
        return await _refuse(shipped, tools)
    await _save(drawn, gate, verdict, briefing, tools)
    return await _go_on(state, verdict, update | ({"cause": away} if away else {}), tools)


async def _go_on(state: State, verdict: Verdict, update: dict[str, Any], tools: Toolbox) -> Next:
    """Put the plan before people, or carry it out where nobody is to be asked."""
    if state["kind"] == "rollback" or tools.environment.approval.required == 0:
        return proceed("deploy", "warning" if "cause" in update else "passed", **update)
    question = await _ask(update["plan"], tools)
    return proceed("approve", _status(verdict), **update, question=question)


async def _look(state: State, tools: Toolbox) -> tuple[Surveyed, ...]:
    """Look at the hosts, and write down what ran there before Shipmate came."""
    surveyed = await survey(tools)
    if state.get("from_commit"):
        await adopt(tools, state["from_version"], state["from_commit"], surveyed)
    return surveyed


def _parted(surveyed: Sequence[Surveyed]) -> tuple[tuple[Surveyed, ...], str]:
    """Keep the hosts that were reached, and name the others in a sentence: they do not hold up the way back."""
    reached = tuple(host for host in surveyed if host.reachable)
    away = ", ".join(host.name for host in surveyed if not host.reachable)
    return reached, f"not reached, and left as it is: {away}" if away else ""


async def _weigh(state: State, wanted: Wanted, surveyed: Sequence[Surveyed], tools: Toolbox) -> Verdict:
    """Judge the plan, and for a deploy the hosts; on the way back nothing that a host lacks is worth a word."""
    verdict = judge(tools, wanted, surveyed)
    return verdict + await readiness(tools, wanted, surveyed) if state["kind"] == "deploy" else verdict


async def _baseline(server: Server, tools: Toolbox) -> float | None:
    """Measure how fast the version that runs now answers, in milliseconds; None where nothing answers."""
    measured = await baseline(server.host, tools.environment.health.probe, tools.clock)
    return round(measured.latency.total_seconds() * 1000, 1) if measured else None


async def _ship(state: State, wanted: Wanted, tools: Toolbox) -> Verdict:
    """Bring the images of a deploy to the hosts; the hosts have what a rollback needs, or get it on the way."""
    return await ship(tools, wanted) if state["kind"] == "deploy" else Verdict()


async def _save(drawn: Plan, gate: Gate, verdict: Verdict, briefing: Briefing, tools: Toolbox) -> None:
    document = to_json(drawn)
    await tools.store.decisions.save_plan(tools.release_id, digest(drawn), document)
    await tools.report(
        Planned(
            digest=digest(drawn),
            plan=document,
            gate=tuple(ConditionLine(c.name, c.met, c.detail) for c in gate.conditions),
            findings=verdict.findings,
            differences=briefing.differences,
            summary=briefing.summary,
        )
    )


async def _ask(plan_digest: str, tools: Toolbox) -> str:
    policy = tools.environment.approval
    question = f"{tools.release_id}/{plan_digest[:12]}"
    expires = tools.clock.now() + policy.expires
    await tools.store.decisions.ask(question, tools.release_id, plan_digest, expires)
    stored = await tools.store.decisions.question(question)
    expires = stored.expires_at if stored else expires
    await tools.report(Asked(question, plan_digest, policy.required, policy.approvers, expires.isoformat()))
    return question


async def _refuse(verdict: Verdict, tools: Toolbox) -> Next:
    await tools.report(Objected("plan", verdict.findings))
    return end(Outcome.REFUSED, verdict.findings[0].message)


async def _downtime(tools: Toolbox) -> timedelta:
    """Expect what the last release of this target took: its moves, and the waits until each component was well."""
    before = {(d.current or {}).get("release", "") for d in (await tools.deployed()).values()}
    entries = [entry for release in before for entry in await tools.store.journal.of(release)]
    seconds = [float(e.body["seconds"]) for e in entries if e.kind in {Moved.KIND, Settled.KIND}]
    return timedelta(seconds=round(sum(seconds), 1))


def _status(verdict: Verdict) -> str:
    return "warning" if verdict.findings else "passed"
