"""The verifier: a release counts only when it is seen to start, answer, stay well and keep its contracts."""

from langgraph.runtime import Runtime

from agents.destinations.choice import destination_of
from agents.events import Checked
from agents.lineage import Lineage, lineage, recorded, records
from agents.state import Next, State, call_off, fail, proceed
from agents.toolbox import Toolbox, stopped_by
from guardrails.plan import Plan
from guardrails.verdict import Level


async def verify(state: State, *, runtime: Runtime[Toolbox]) -> Next:
    """Examine everything that was moved; anything blocking brings the whole release back."""
    tools, destination = runtime.context, destination_of(runtime.context)
    plan = await tools.plan()
    examined = await destination.examine(state, plan)
    await tools.report(Checked(examined.lines))
    if examined.verdict.blocks:
        finding = examined.verdict.findings[0]
        return fail("roll_back", "verify", f"{finding.subject}: {finding.message}", examined.log)
    if person := await stopped_by(state, tools):
        return call_off("roll_back", person)
    await _remember(state, plan, tools)
    notes = await destination.keep(plan)
    if notes:
        await tools.report(Checked((*examined.lines, *notes)))
    return proceed("close", "warning" if examined.verdict.level is Level.WARNING else "passed")


async def _remember(state: State, plan: Plan, tools: Toolbox) -> None:
    """Write what runs now into the rollback registry."""
    deployments, back = tools.store.deployments, state["kind"] == "rollback"
    way = await lineage(tools.store, plan.service, plan.environment) if back else Lineage()
    before = await recorded(tools.store, way.before(plan.version))
    for name, record in records(state["release"], plan).items():
        running = record | {"about": state.get("images", {}).get(name, {}).get("about", {})}
        if back:
            await deployments.go_back(plan.service, plan.environment, name, state["release"], running, before.get(name))
        else:
            await deployments.succeed(plan.service, plan.environment, name, state["release"], running)
