"""Stopping what is warm: instances that run and take no requests. They, their logs and their volumes are kept."""

from agents.destinations.compose.serving import beside, route_to
from agents.toolbox import Server, Toolbox


async def cool(tools: Toolbox) -> tuple[str, ...]:
    """Stop what takes no requests on every host; return the names of what was stopped.

    Where the proxy names nobody, nothing is stopped: then nobody knows what is in service.
    """
    fence = await tools.store.targets.take_fence(tools.service.service, tools.environment_name)
    stopped = [
        name
        for server in tools.servers.values()
        for component in tools.service.components
        if route_to(tools, component)
        for name in await _cool(tools, server, component, fence)
    ]
    return tuple(stopped)


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
