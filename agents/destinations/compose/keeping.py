"""After a good release: the image archived on its host, and the version marked there as the last good one."""

from agents.destinations.compose.examination import sanctioned
from agents.destinations.compose.pruning import prune
from agents.events import ConditionLine
from agents.toolbox import Toolbox
from guardrails.plan import Plan, PlannedStep
from tools.errors import ToolError
from tools.tasks import side_by_side


async def keep(tools: Toolbox, plan: Plan) -> tuple[ConditionLine, ...]:
    """Archive and mark on every host; where that is wanted, clear up."""
    archived = await side_by_side(plan.steps, lambda step: _archive(tools, step))
    marked = await side_by_side(plan.steps, lambda step: _mark(tools, plan, step))
    pruned = await prune(tools, plan) if tools.environment.compose.prune else ()
    return (*archived, *(line for lines in marked for line in lines), *pruned)


async def _archive(tools: Toolbox, step: PlannedStep) -> ConditionLine:
    """Archive the image on its host. A full disk for the archive undoes nothing."""
    target, name = tools.environment.compose, f"{step.component} on {step.place}: archive"
    try:
        image, archive = f"{step.after.image}:{step.after.tag}", target.directory / "archive"
        await tools.servers[step.place].images.archive(image, archive, target.archive)
    except ToolError as error:
        return ConditionLine(name, met=False, detail=str(error))
    kept = f"image archived, newest {target.archive} kept" if target.archive else "no archive wanted"
    return ConditionLine(name, met=True, detail=kept)


async def _mark(tools: Toolbox, plan: Plan, step: PlannedStep) -> list[ConditionLine]:
    """Mark the version as good on its host. A mark that cannot be written undoes nothing: the registry knows it."""
    name = sanctioned(step, plan)
    try:
        file = tools.environment.compose.directory / name
        await tools.servers[step.place].host.write(file, f"{step.after.tag}\n".encode())
    except ToolError as error:
        return [ConditionLine(f"{step.component} on {step.place}: {name}", met=False, detail=str(error))]
    return []
