"""A rolling move: the new instance stands beside the old one, and gets requests once it is well. Back is a switch.

Whatever happens to the new one, the old one goes on untouched. Repeating a move changes nothing.
"""

import logging
from collections.abc import Awaitable, Collection
from dataclasses import replace

from agents.destinations.compose import share
from agents.destinations.compose.preparation import fence_of, prepare, prepare_back, tag_of
from agents.destinations.compose.rescue import rescue_former
from agents.destinations.compose.serving import backend, beside, serving, standing
from agents.discretion import hushed
from agents.events import Moved
from agents.toolbox import Server, Toolbox
from config.rollout import Route
from guardrails.plan import Plan, PlannedStep
from guardrails.plan_targets import Running
from tools.errors import Superseded, ToolError
from tools.health import Settled, settle
from tools.inspection import Container
from tools.instances import LABEL, Wanted, made_from
from tools.proxies.port import NETWORK
from tools.tasks import together

log = logging.getLogger(__name__)
_STILL = frozenset({"created", "exited", "dead"})
"""The engine removes no other ones; one that is killed and started again and again is first stopped."""


async def forward(tools: Toolbox, plan: Plan, step: PlannedStep, route: Route) -> Settled:
    """Start what the plan intends beside what takes requests, and point the proxy at it once it is well.

    One that does not get well gets no request; it is stopped and kept for its log until the next release.
    """
    begun, server, fence = tools.clock.monotonic(), tools.servers[step.place], await fence_of(tools, plan)
    prior, warm = await together(_prior(tools, server, step.component, fence), _warm(tools, plan, step, server))
    instance = warm or await _stand(tools, plan, step, server, fence)
    kept = {instance.id, prior.id if prior else "", _former_id(step)}
    if not warm:
        await _tidied(tools, server, _clear(tools, server, step, kept, fence))  # while it starts
    await _readmit(server, step, instance, route, fence)
    settled = await _settle(tools, plan, step, instance, route)
    if not settled.healthy:
        await _stop_unless(prior, instance, server, fence)
        return settled
    trial = await share.tried(tools, plan, step, (prior, instance), route, fence)
    if trial.worse:
        await _drain(tools, server, step, instance, route)
        await beside(server)[0].stop(instance.id, fence)
        return replace(settled, healthy=False, cause=trial.worse)
    if trial.cancelled:  # the next stage learns of it, and puts everything back
        return settled
    await _point(server, step, instance, route, fence)
    took = round(tools.clock.monotonic() - begun, 3)
    before = step.before.called if step.before else ""
    await tools.report(Moved(step.component, step.place, before, step.after.tag, took))
    if warm:  # the switch came first, for somebody waits for it
        await prepare(tools, plan, step, fence)
        await _tidied(tools, server, _clear(tools, server, step, kept, fence))
    await _tidied(tools, server, _stop_others(tools, server, step, kept, route, fence))
    left = prior if prior and prior.id != instance.id else None
    await _tidied(tools, server, _drain(tools, server, step, left, route))
    return settled


async def back(tools: Toolbox, plan: Plan, step: PlannedStep, before: Running, route: Route) -> Settled:
    """Point the proxy back at what took requests before the plan: at once where it still runs.

    Where it does not it is started first, or made again from the image that the host kept; and only where that gets
    well does it get requests. What the plan started is stopped last, and kept for its log.
    """
    server, fence = tools.servers[step.place], await fence_of(tools, plan)
    former = await server.containers.inspect(before.container_id) if before.container_id else None
    warm = former is not None and former.running and NETWORK in former.addresses
    if former and warm:
        await _point(server, step, former, route, fence)
    await prepare_back(tools, plan, step, before, fence)
    if not former or not warm:
        former = await _again(tools, server, step, before, former, fence)
        await _readmit(server, step, former, route, fence)
    settled = await _settle(tools, plan, step, former, route)
    if settled.healthy or warm:
        await _point(server, step, former, route, fence)
        await _stop_others(tools, server, step, {former.id}, route, fence)
    return settled


async def withdraw(tools: Toolbox, plan: Plan, step: PlannedStep, route: Route) -> None:
    """Undo a first deploy: nothing takes requests any more; what ran stays to be looked at."""
    server, fence = tools.servers[step.place], await fence_of(tools, plan)
    await beside(server)[1].point(step.component, (), fence)
    await _stop_others(tools, server, step, set(), route, fence)


async def _prior(tools: Toolbox, server: Server, component: str, fence: int) -> Container | None:
    """Return what takes requests now; what was started by hand gets an address, so that it can be gone back to."""
    found = await serving(tools, server, component)
    if found and found.running and NETWORK not in found.addresses:
        return await beside(server)[0].connect(found.id, fence)
    return found


async def _warm(tools: Toolbox, plan: Plan, step: PlannedStep, server: Server) -> Container | None:
    """Find, for a rollback that somebody asked for, what still runs of that version: then only the proxy is moved."""
    if not await _goes_back(tools):
        return None
    image = await server.images.image(f"{step.after.image}@{step.after.digest}")
    for one in await beside(server)[0].all(tools.service.compose_service(step.component)):
        same = LABEL not in one.labels or made_from(one, plan.compose.compose_text)
        if image and one.running and one.image_id == image.id and same and NETWORK in one.addresses:
            return one
    return None


async def _goes_back(tools: Toolbox) -> bool:
    return (await tools.release()).kind == "rollback"


def _former_id(step: PlannedStep) -> str:
    """Name what ran before the plan: repeated after the switch, a move finds it without requests, and keeps it warm."""
    return step.before.container_id if isinstance(step.before, Running) else ""


async def _stand(tools: Toolbox, plan: Plan, step: PlannedStep, server: Server, fence: int) -> Container:
    """Start what the plan intends beside what is there; only a rollback takes a stopped instance up again."""
    image_id = await prepare(tools, plan, step, fence)
    service, variable = tools.service.compose_service(step.component), tools.environment.compose.image_tag_variable
    wanted = Wanted(service, variable, step.after.tag, image_id, plan.compose.compose_text)
    return await beside(server)[0].stand(wanted, fence, stopped=await _goes_back(tools))


async def _again(
    tools: Toolbox, server: Server, step: PlannedStep, before: Running, former: Container | None, fence: int
) -> Container:
    """Start again what ran before, or make it anew where it is gone."""
    instances, _ = beside(server)
    if former:
        return await instances.start(former.id, fence)
    installed = (await server.compose.installed() or b"").decode(errors="replace")
    service, variable = tools.service.compose_service(step.component), tools.environment.compose.image_tag_variable
    wanted = Wanted(service, variable, tag_of(before), before.image_id, installed)
    return await instances.stand(wanted, fence, stopped=True)


async def _settle(tools: Toolbox, plan: Plan, step: PlannedStep, instance: Container, route: Route) -> Settled:
    """Wait until one instance is well and answers at its own address."""
    server, service = tools.servers[step.place], tools.service.compose_service(step.component)
    health, at = tools.environment.health_of(step.component), standing(instance, route)
    project = plan.compose.project
    return await settle(server.host, server.containers, project, service, health, tools.clock, at=at)


async def _point(server: Server, step: PlannedStep, instance: Container, route: Route, fence: int) -> None:
    await beside(server)[1].point(step.component, (backend(instance, route),), fence)


async def _readmit(server: Server, step: PlannedStep, instance: Container, route: Route, fence: int) -> None:
    """Have an instance that an earlier switch took out be judged by what it does; one that is new is left alone."""
    await beside(server)[1].readmit(step.component, backend(instance, route), fence)


async def _drain(tools: Toolbox, server: Server, step: PlannedStep, one: Container | None, route: Route) -> None:
    if one and one.running and NETWORK in one.addresses:
        limit = tools.environment.compose.rolling.drain
        await beside(server)[1].drained(step.component, backend(one, route), limit)


async def _tidied(tools: Toolbox, server: Server, work: Awaitable[None]) -> None:
    """Do what no request waits for: where it fails that undoes no switch, and is left to cooling or the next release.

    Raises `Superseded` where a newer run holds the target.
    """
    try:
        await work
    except Superseded:
        raise
    except ToolError as error:
        log.warning(
            "Instances without requests on %s stay for now: %s", server.name, await hushed(tools, [server], error)
        )


async def _stop_others(
    tools: Toolbox, server: Server, step: PlannedStep, kept: Collection[str], route: Route, fence: int
) -> None:
    """Stop what takes no requests any more, once it has answered those that it had."""
    instances, _ = beside(server)
    for one in await instances.all(tools.service.compose_service(step.component)):
        if one.status in {"running", "restarting"} and one.id not in kept:
            await _drain(tools, server, step, one, route)
            await instances.stop(one.id, fence)


async def _stop_unless(prior: Container | None, instance: Container, server: Server, fence: int) -> None:
    """Stop what did not get well, unless it is what took the requests already."""
    if prior is None or prior.id != instance.id:
        await beside(server)[0].stop(instance.id, fence)


async def _clear(tools: Toolbox, server: Server, step: PlannedStep, kept: Collection[str], fence: int) -> None:
    """Remove stopped instances of earlier releases; one with data that could not be saved stays."""
    instances, _ = beside(server)
    for one in await instances.all(tools.service.compose_service(step.component)):
        if one.id in kept or one.running:
            continue
        if one.status not in _STILL:
            await instances.stop(one.id, fence)
        if await rescue_former(tools, server, step, one, fence):
            await instances.remove([one.id], fence)
