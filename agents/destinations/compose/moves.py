"""Putting one image on one host: the effect that a deploy and a rollback share. Repeating it changes nothing."""

import asyncio

from agents.toolbox import Server, Toolbox
from guardrails.plan import Plan, PlannedStep, Running
from tools.health import Settled
from tools.health import settle as wait_until_well
from tools.references import ID


async def move_forward(tools: Toolbox, plan: Plan, step: PlannedStep) -> None:
    """Make a host run what the plan intends: its compose file, and exactly its digest under its tag."""
    server, fence = tools.servers[step.host], await _fence(tools, plan)
    await asyncio.gather(
        server.images.ensure(step.after.image, step.after.digest, step.after.tag),
        server.compose.prepare(tools.environment.compose.directories, fence),
    )
    await server.compose.install(plan.compose_text.encode(), fence)
    await _up(tools, server, step, step.after.tag, fence)


async def move_back(tools: Toolbox, plan: Plan, step: PlannedStep, before: Running) -> None:
    """Make a host run again what it ran before the plan, from the image that it kept."""
    server, fence = tools.servers[step.host], await _fence(tools, plan)
    tag = before.tag or "latest"
    if not before.image.startswith(ID):  # an image without a name can be given no tag
        await server.images.tag(before.image_id, f"{before.image}:{tag}")
    if before.compose_text is not None:
        await server.compose.install(before.compose_text.encode(), fence)
    await _up(tools, server, step, tag, fence)


async def take_away(tools: Toolbox, plan: Plan, step: PlannedStep) -> None:
    """Undo a first deploy: the container stops; its log and its volumes stay to be looked at."""
    server, fence = tools.servers[step.host], await _fence(tools, plan)
    variable = tools.environment.compose.image_tag_variable
    await server.compose.stop(tools.service.compose_service(step.component), variable, step.after.tag, fence)


async def settle(tools: Toolbox, plan: Plan, step: PlannedStep) -> Settled:
    """Wait until what a step moved is healthy and answers, or is seen not to."""
    server, service = tools.servers[step.host], tools.service.compose_service(step.component)
    health = tools.environment.health
    return await wait_until_well(server.host, server.containers, plan.project, service, health, tools.clock)


async def _up(tools: Toolbox, server: Server, step: PlannedStep, tag: str, fence: int) -> None:
    service = tools.service.compose_service(step.component)
    await server.compose.up(service, tools.environment.compose.image_tag_variable, tag, fence)


async def _fence(tools: Toolbox, plan: Plan) -> int:
    return await tools.store.targets.take_fence(plan.service, plan.environment)
