"""The way back, tried out on every host before anybody is asked (P10). Nothing is started, and nothing stays."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from agents.destinations.compose.survey import Found, Surveyed
from agents.discretion import hushed
from agents.toolbox import Server, Toolbox
from tools.errors import ToolError
from tools.rehearsal import Former, Rehearsed, rehearse
from tools.tasks import side_by_side


async def rehearsed(tools: Toolbox, surveyed: Sequence[Surveyed]) -> tuple[Surveyed, ...]:
    """Try out, on all hosts at once, whether what runs there could be started again; first deploys leave nothing."""
    return tuple(await side_by_side(surveyed, lambda host: _on_host(tools, host)))


async def _on_host(tools: Toolbox, host: Surveyed) -> Surveyed:
    parts = [part for part in (host.components or {}).values() if part.running]
    if not parts:
        return host
    server = tools.servers[host.name]
    try:
        seen = await rehearse(server.host, former(server, parts, tools.environment.compose.image_tag_variable))
        told = [await hushed(tools, [server], one) for one in obstacles(seen, parts)]
    except ToolError as error:
        told = [f"it could not be tried out: {await hushed(tools, [server], error)}"]
    return replace(host, rehearsed=True, obstacles=tuple(told))


def former(server: Server, parts: Sequence[Found], variable: str) -> Former:
    """Name what a way back needs on a host: images that are kept, storage, and a compose file that can be read."""
    running = [part.running for part in parts if part.running]
    mounts = [mount for part in parts if part.container for mount in part.container.mounts]
    written = next((one for one in running if one.compose_text is not None), None)
    return Former(
        images=tuple(sorted({part.running.image_id for part in parts if part.running and part.image_kept})),
        volumes=tuple(sorted({mount.source for mount in mounts if mount.kind == "volume" and mount.source})),
        paths=tuple(sorted({mount.source for mount in mounts if mount.kind == "bind"})),
        reading=server.compose.reading(variable, written.tag or "latest") if written else (),
    )


def obstacles(seen: Rehearsed, parts: Sequence[Found]) -> Iterator[str]:
    """Say in half sentences what going back would fail of."""
    names = {part.running.image_id: part.container.image for part in parts if part.running and part.container}
    for image_id, why in seen.unstartable.items():
        yield f"no container can be made from {names.get(image_id, image_id)}: {why}"
    if seen.unreadable:
        yield f"the compose file there cannot be read: {seen.unreadable}"
    if seen.gone:
        yield f"mounted and not there any more: {', '.join(seen.gone)}"
