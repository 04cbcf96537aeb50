"""What lies on a host before an image is started there: the image by its tag, directories, env and compose file."""

import asyncio

from agents.destinations.compose import env
from agents.destinations.compose.second_source import ensured, named_again
from agents.toolbox import Toolbox
from guardrails.plan import Plan, PlannedStep
from guardrails.plan_targets import Running
from tools.references import ID


async def fence_of(tools: Toolbox, plan: Plan) -> int:
    """Take the number under which this run may change the plan's hosts."""
    return await tools.store.targets.take_fence(plan.service, plan.environment)


async def prepare(tools: Toolbox, plan: Plan, step: PlannedStep, fence: int) -> str:
    """Bring to a host what the plan intends there: its compose file, and exactly its digest under its tag.

    Returns the image's id.
    """
    server = tools.servers[step.place]
    image_id, _ = await asyncio.gather(
        ensured(tools, step),
        server.compose.prepare(tools.environment.compose.directories, fence),
    )
    await env.install(tools, server, plan, fence)
    await server.compose.install(plan.compose.compose_text.encode(), fence)
    return image_id


async def prepare_back(tools: Toolbox, plan: Plan, step: PlannedStep, before: Running, fence: int) -> None:
    """Put back what lay on a host before the plan; the image is the one that it kept."""
    server = tools.servers[step.place]
    if not before.image.startswith(ID):  # an image without a name can be given no tag
        await named_again(tools, server, before, tag_of(before))
    await env.put_back(server, plan, before, fence)
    if before.compose_text is not None:
        await server.compose.install(before.compose_text.encode(), fence)


def tag_of(before: Running) -> str:
    """Tell the tag under which the compose file finds what ran before."""
    return before.tag or "latest"
