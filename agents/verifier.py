"""The verifier: a release counts only when it is seen to start, answer, stay well and keep its contracts."""

from langgraph.runtime import Runtime

from agents.destinations.compose.examination import Before, Examination, examine, sanctioned
from agents.destinations.compose.usage import place
from agents.events import Checked, ConditionLine
from agents.lineage import Lineage, lineage, recorded, records
from agents.state import Next, State, call_off, fail, proceed
from agents.toolbox import Toolbox
from guardrails.plan import Plan, PlannedStep
from guardrails.verdict import Level, Verdict
from tools.errors import ToolError


async def verify(state: State, *, runtime: Runtime[Toolbox]) -> Next:
    """Examine every moved component; anything blocking brings the whole release back."""
    tools = runtime.context
    plan = await tools.plan()
    examined = [await examine(tools, plan, step, _before(state, step)) for step in plan.steps]
    verdict = sum((examination.verdict for examination in examined), start=Verdict())
    await tools.report(Checked(tuple(line for examination in examined for line in examination.lines)))
    if verdict.blocks:
        finding = verdict.findings[0]
        return fail("roll_back", "verify", f"{finding.subject}: {finding.message}", _log(examined))
    if person := await tools.cancelled_by():
        return call_off("roll_back", person)
    notes = [await _archive(tools, step) for step in plan.steps]
    await _remember(state, plan, tools)
    notes += [line for step in plan.steps for line in await _mark(tools, plan, step)]
    if notes:
        lines = [line for examination in examined for line in examination.lines]
        await tools.report(Checked((*lines, *notes)))
    return proceed("close", "warning" if verdict.level is Level.WARNING else "passed")


def _before(state: State, step: PlannedStep) -> Before:
    """Tell how the version before behaved; an older version may leave alone what a newer one wrote to."""
    used = state.get("used_before", {}) if state["kind"] == "deploy" else {}
    return Before(state.get("baseline_ms"), tuple(used.get(place(step.component, step.host), ())))


async def _archive(tools: Toolbox, step: PlannedStep) -> ConditionLine:
    """Archive the image on its host. A full disk for the archive undoes nothing."""
    target, name = tools.environment.compose, f"{step.component} on {step.host}: archive"
    try:
        image, archive = f"{step.after.image}:{step.after.tag}", target.directory / "archive"
        await tools.servers[step.host].images.archive(image, archive, target.archive)
    except ToolError as error:
        return ConditionLine(name, met=False, detail=str(error))
    kept = f"image archived, newest {target.archive} kept" if target.archive else "no archive wanted"
    return ConditionLine(name, met=True, detail=kept)


async def _mark(tools: Toolbox, plan: Plan, step: PlannedStep) -> list[ConditionLine]:
    """Mark the version as good on its host. A mark that cannot be written undoes nothing: the registry knows it."""
    name = sanctioned(step, plan)
    try:
        file = tools.environment.compose.directory / name
        await tools.servers[step.host].host.write(file, f"{step.after.tag}\n".encode())
    except ToolError as error:
        return [ConditionLine(f"{step.component} on {step.host}: {name}", met=False, detail=str(error))]
    return []


async def _remember(state: State, plan: Plan, tools: Toolbox) -> None:
    deployments, back = tools.store.deployments, state["kind"] == "rollback"
    way = await lineage(tools.store, plan.service, plan.environment) if back else Lineage()
    before = await recorded(tools.store, way.before(plan.version))
    for name, record in records(state["release"], plan).items():
        running = record | {"about": state.get("images", {}).get(name, {}).get("about", {})}
        if back:
            await deployments.go_back(plan.service, plan.environment, name, state["release"], running, before.get(name))
        else:
            await deployments.succeed(plan.service, plan.environment, name, state["release"], running)


def _log(examined: list[Examination]) -> str:
    return "\n".join(examination.log for examination in examined if examination.verdict.blocks)
