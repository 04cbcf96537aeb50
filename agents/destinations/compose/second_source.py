"""The archive on a host as a second source of images, for a way back when the image is gone and its registry, too."""

from agents.toolbox import Server, Toolbox
from guardrails.plan import PlannedStep, from_json
from guardrails.plan_targets import Running
from tools.archive import Archive
from tools.errors import CommandFailed, Superseded, ToolError

LOOK_BACK = 50
"""So many releases are asked under which id an image ran on a host."""


async def ensured(tools: Toolbox, step: PlannedStep) -> str:
    """Make a tag mean what a plan intends; returns the image's id.

    A rollback takes the archive where nothing else brings the image.
    """
    server, after = tools.servers[step.place], step.after
    try:
        return (await server.images.ensure(after.image, after.digest, after.tag)).id
    except Superseded:
        raise
    except ToolError:
        image_id = await _ran_as(tools, step) if (await tools.release()).kind == "rollback" else None
        if image_id is None:
            raise
        await _brought_back(tools, server, image_id, after.image, after.tag)
        return image_id


async def named_again(tools: Toolbox, server: Server, before: Running, tag: str) -> None:
    """Give what ran before its name again; where the image is gone from the host, an archive there may have it."""
    try:
        await server.images.tag(before.image_id, f"{before.image}:{tag}")
    except CommandFailed:
        if await server.images.image(before.image_id) is not None:
            raise
        await _brought_back(tools, server, before.image_id, before.image, tag)


async def _brought_back(tools: Toolbox, server: Server, image_id: str, image: str, tag: str) -> None:
    await Archive(server.host, tools.environment.compose.directory).bring_back(image_id, image, tag)
    await server.images.tag(image_id, f"{image}:{tag}")


async def _ran_as(tools: Toolbox, step: PlannedStep) -> str | None:
    """Find the id under which exactly this digest ran there once: an archive knows ids, and no digests."""
    service, environment = tools.service.service, tools.environment_name
    for release in await tools.store.releases.recent(service, environment, limit=LOOK_BACK):
        stored = await tools.store.decisions.plan(release.id)
        for former in from_json(stored[1]).steps if stored else ():
            before, same_place = former.before, (former.component, former.place) == (step.component, step.place)
            if same_place and isinstance(before, Running) and before.digest == step.after.digest:
                return before.image_id
    return None
