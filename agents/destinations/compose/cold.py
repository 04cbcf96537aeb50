"""Stopping what is warm: instances that run and take no requests. They, their logs and their volumes are kept."""

from dataclasses import dataclass

from agents.destinations.compose.serving import beside, route_to
from agents.toolbox import Server, Toolbox
from tools.errors import ToolError
from tools.tasks import side_by_side


@dataclass(frozen=True, slots=True)
class Cooled:
    """What came of it: the names of what was stopped, and why hosts may have something warm left."""

    stopped: tuple[str, ...] = ()
    troubles: tuple[str, ...] = ()


async def cool(tools: Toolbox) -> Cooled:
    """Stop what takes no requests, on all hosts side by side; one that is away does not hold the others up.

    Where the proxy names nobody, nothing is stopped: then nobody knows what is in service.
    """
    fence = await tools.store.targets.take_fence(tools.service.service, tools.environment_name)

    async def cooled(server: Server) -> Cooled:
        try:
            return Cooled(stopped=await _on(tools, server, fence))
        except ToolError as error:
            return Cooled(troubles=(f"{server.name}: {error}",))

    ended = await side_by_side(tools.servers.values(), cooled)
    return Cooled(
        tuple(name for one in ended for name in one.stopped), tuple(told for one in ended for told in one.troubles)
    )


async def _on(tools: Toolbox, server: Server, fence: int) -> tuple[str, ...]:
    components = [component for component in tools.service.components if route_to(tools, component)]
    return tuple([name for component in components for name in await _cool(tools, server, component, fence)])


async def _cool(tools: Toolbox, server: Server, component: str, fence: int) -> list[str]:
    instances, proxy = beside(server)
    asked = {one.name for one in await proxy.backends(component)}
    there = await instances.all(tools.service.compose_service(component)) if asked else ()
    if not any(one.id[:12] in asked for one in there):
        return []
    warm = [one for one in there if one.status in {"running", "restarting"} and one.id[:12] not in asked]
    for one in warm:
        await tools.intend("stop", f"{one.name} on {server.name}, which takes no requests any more")
        await instances.stop(one.id, fence)
    return [f"{one.name} on {server.name}" for one in warm]
