"""The planner: has one exact plan drawn up with its way back, lets the guardrails judge it, and asks for approval."""

import asyncio

from langgraph.runtime import Runtime

from agents.briefing import Briefing, brief
from agents.destinations.choice import destination_of
from agents.destinations.port import Proposal
from agents.events import Asked, ConditionLine, Objected, Planned
from agents.state import Next, State, end, proceed
from agents.toolbox import Toolbox
from agents.wanted import wanted_by
from guardrails.plan import digest, to_json
from guardrails.verdict import Verdict
from tools.history.releases import Outcome


async def plan(state: State, *, runtime: Runtime[Toolbox]) -> Next:
    """Plan the release, bring its images where they are to run, and ask for approval. A rollback asks nobody."""
    tools, destination = runtime.context, destination_of(runtime.context)
    wanted = await wanted_by(state, tools)
    if isinstance(wanted, str):
        return end(Outcome.REFUSED, wanted)
    proposal = await destination.propose(state, wanted)
    if isinstance(proposal, Verdict):
        return await _refuse(proposal, tools)
    briefing = brief(state, proposal, tools)
    if state["kind"] == "rollback":
        return await _go_on(state, proposal, await briefing, tools)
    told, shipped = await asyncio.gather(briefing, destination.ship(wanted))
    return await _refuse(shipped, tools) if shipped.blocks else await _go_on(state, proposal, told, tools)


async def _go_on(state: State, proposal: Proposal, briefing: Briefing, tools: Toolbox) -> Next:
    """Put the plan before people, or carry it out where nobody is to be asked."""
    await _save(proposal, briefing, tools)
    update = {"plan": digest(proposal.plan), "commit": proposal.plan.commit, "done": 0, **proposal.remembered}
    if proposal.away:
        update["cause"] = proposal.away
    if state["kind"] == "rollback" or await _goes_unasked(tools):
        return proceed("deploy", "warning" if proposal.away else "passed", **update)
    question = await _ask(update["plan"], tools)
    return proceed("approve", "warning" if proposal.verdict.findings else "passed", **update, question=question)


async def _goes_unasked(tools: Toolbox) -> bool:
    """Tell whether nobody is asked; what is released before anybody has approved owes a review from here on."""
    release = await tools.release()
    if release.break_glass is not None:
        await tools.store.reviews.owe(release)
    return release.break_glass is not None or tools.environment.approval.required == 0


async def _save(proposal: Proposal, briefing: Briefing, tools: Toolbox) -> None:
    document, name = to_json(proposal.plan), digest(proposal.plan)
    await tools.store.decisions.save_plan(tools.release_id, name, document)
    await tools.report(
        Planned(
            digest=name,
            plan=document,
            gate=tuple(ConditionLine(c.name, c.met, c.detail) for c in proposal.gate.conditions),
            findings=proposal.verdict.findings,
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
