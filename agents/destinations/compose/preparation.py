"""What lies on a host before an image is started there: the image by its tag, directories, env and compose file."""

import asyncio

from agents.destinations.compose import env
from agents.toolbox import Server, Toolbox
from guardrails.plan import Plan, PlannedStep
from guardrails.plan_targets import Running
from tools.archive import Archive
from tools.errors import CommandFailed
from tools.references import ID


async def fence_of(tools: Toolbox, plan: Plan) -> int:
    """Take the number under which this run may change the plan's hosts."""
    return await tools.store.targets.take_fence(plan.service, plan.environment)


async def prepare(tools: Toolbox, plan: Plan, step: PlannedStep, fence: int) -> None:
    """Bring to a host what the plan intends there: its compose file, and exactly its digest under its tag."""
    server = tools.servers[step.place]
    await asyncio.gather(
        server.images.ensure(step.after.image, step.after.digest, step.after.tag),
        server.compose.prepare(tools.environment.compose.directories, fence),
    )
    await env.install(tools, server, plan, fence)
    await server.compose.install(plan.compose.compose_text.encode(), fence)


async def prepare_back(tools: Toolbox, plan: Plan, step: PlannedStep, before: Running, fence: int) -> None:
    """Put back what lay on a host before the plan; the image is the one that it kept."""
    server = tools.servers[step.place]
    if not before.image.startswith(ID):  # an image without a name can be given no tag
        await _named_again(tools, server, before)
    await env.put_back(server, plan, before, fence)
    if before.compose_text is not None:
        await server.compose.install(before.compose_text.encode(), fence)


async def _named_again(tools: Toolbox, server: Server, before: Running) -> None:
    """Give what ran before its name again; where the image is gone from the host, an archive there may have it."""
    name = f"{before.image}:{tag_of(before)}"
    try:
        await server.images.tag(before.image_id, name)
    except CommandFailed:
        if await server.images.image(before.image_id) is not None:
            raise
        archive = Archive(server.host, tools.environment.compose.directory)
        await archive.bring_back(before.image_id, before.image, tag_of(before))
        await server.images.tag(before.image_id, name)


def tag_of(before: Running) -> str:
    """Tell the tag under which the compose file finds what ran before."""
    return before.tag or "latest"
