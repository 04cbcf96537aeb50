"""What only a container has, saved before the container is replaced: whichever way a release goes, no data dies."""

from agents.discretion import hushed
from agents.events import Rescued
from agents.toolbox import Server, Toolbox
from guardrails.plan import Plan, PlannedStep
from guardrails.plan_targets import Running
from guardrails.written import doomed, dying
from tools.errors import ToolError
from tools.inspection import Container
from tools.rescue import Rescue


async def rescue_replaced(tools: Toolbox, server: Server, step: PlannedStep, container_id: str, fence: int) -> None:
    """Save what the container that a plan replaces would take with it.

    Raises `ToolError` where that fails: then nothing is replaced. Only the way back goes on all the same.
    """
    container = await server.containers.inspect(container_id)
    if container is not None:
        going_back = (await tools.release()).kind == "rollback"
        await _rescue(tools, server, step, container, fence, whatever_happens=going_back)


async def rescue_failed(tools: Toolbox, server: Server, plan: Plan, step: PlannedStep, fence: int) -> None:
    """Save what the version wrote that is rolled back; where that fails it is told, and holds up nothing."""
    service = tools.service.compose_service(step.component)
    container = await server.containers.find(plan.compose.project, service)
    before = step.before.container_id if isinstance(step.before, Running) else ""
    if container is not None and container.id != before:
        await _rescue(tools, server, step, container, fence, whatever_happens=True)


async def rescue_former(tools: Toolbox, server: Server, step: PlannedStep, container: Container, fence: int) -> bool:
    """Save what a former container has before it is removed; False, and told, where that fails: then it must stay."""
    return await _rescue(tools, server, step, container, fence, whatever_happens=True)


async def _rescue(
    tools: Toolbox, server: Server, step: PlannedStep, container: Container, fence: int, *, whatever_happens: bool
) -> bool:
    paths, changes = tools.environment.paths, await server.containers.changes(container.id)
    files = dying(changes, container, paths)
    if not files:
        return True
    try:
        rescue = Rescue(server.host, tools.environment.compose.directory)
        saved = await rescue.save(container.id, container.name, doomed(changes, files), fence)
    except ToolError as error:
        if not whatever_happens:
            raise
        fault = await hushed(tools, [server], error)
        await tools.report(Rescued(step.component, step.place, container.name, len(files), "", fault=fault))
        return False
    told = (step.component, step.place, container.name, len(files), str(saved.archive), saved.size_bytes)
    await tools.report(Rescued(*told))
    return True
