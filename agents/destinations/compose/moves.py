"""Putting one image on one host: the effect that a deploy and a rollback share. Repeating it changes nothing."""

from collections.abc import Sequence

from agents.destinations.compose import rolling
from agents.destinations.compose.preparation import fence_of, prepare, prepare_back, tag_of
from agents.destinations.compose.rescue import rescue_failed, rescue_replaced
from agents.destinations.compose.serving import route_to
from agents.destinations.compose.untouched import untouched
from agents.destinations.port import Back, Trouble
from agents.discretion import told
from agents.events import Moved, Settled
from agents.toolbox import Server, Toolbox
from agents.words.failure_log import around_failure
from guardrails.mounts import is_under_any
from guardrails.plan import Plan, PlannedStep
from guardrails.plan_targets import Running
from tools.errors import CommandFailed
from tools.health import Settled as Start
from tools.health import settle as wait_until_well
from tools.inspection import Container


async def carry_out(tools: Toolbox, plan: Plan, step: PlannedStep) -> Trouble | None:
    """Move one component on one host to what the plan intends, and wait until it is well."""
    route = route_to(tools, step.component)
    settled = await (rolling.forward(tools, plan, step, route) if route else _recreate(tools, plan, step))
    waited = round(settled.waited.total_seconds(), 3)
    said = (await told(tools, tools.servers[step.place], settled.log_tail)).text if settled.log_tail else ""
    log = around_failure(said)
    await tools.report(Settled(step.component, step.place, settled.healthy, waited, settled.cause, log))
    if settled.healthy:
        return None
    return Trouble(f"{step.component} on {step.place} did not become healthy: {settled.cause}", log)


async def restore(tools: Toolbox, plan: Plan, step: PlannedStep) -> Back:
    """Put one component on one host back to what ran before the plan, and wait until it is well."""
    route = route_to(tools, step.component)
    if not isinstance(step.before, Running):
        await (rolling.withdraw(tools, plan, step, route) if route else take_away(tools, plan, step))
        return Back(well=True, detail="first deploy: the container is stopped, it and its volumes are kept")
    if route:
        settled = await rolling.back(tools, plan, step, step.before, route)
    else:
        try:
            await move_back(tools, plan, step, step.before)
        except CommandFailed as error:  # a host without room, for one, cannot even be told to do nothing
            if await untouched(tools, plan, step, step.before):
                return Back(well=True, detail=f"It was never stopped, and nothing of it was changed. {error.happened}")
            raise
        settled = await settle(tools, plan, step)
    if settled.container and settled.container.status == "exited":  # by a stop that was cut off with the deploy
        return Back(None, settled.cause)
    return Back(settled.healthy, settled.cause or _volumes(settled.container, _kept_by(tools, plan, step)))


async def _recreate(tools: Toolbox, plan: Plan, step: PlannedStep) -> Start:
    begun = tools.clock.monotonic()
    await move_forward(tools, plan, step)
    moved = tools.clock.monotonic() - begun
    before = step.before.called if step.before else ""
    await tools.report(Moved(step.component, step.place, before, step.after.tag, round(moved, 3)))
    return await settle(tools, plan, step)


async def move_forward(tools: Toolbox, plan: Plan, step: PlannedStep) -> None:
    """Make a host run what the plan intends: its compose file, and exactly its digest under its tag."""
    server, fence = tools.servers[step.place], await fence_of(tools, plan)
    await prepare(tools, plan, step, fence)
    if isinstance(step.before, Running):
        await rescue_replaced(tools, server, step, step.before.container_id, fence)
    await _up(tools, server, step, step.after.tag, fence)


async def move_back(tools: Toolbox, plan: Plan, step: PlannedStep, before: Running) -> None:
    """Make a host run again what it ran before the plan, from the image that it kept."""
    server, fence = tools.servers[step.place], await fence_of(tools, plan)
    await prepare_back(tools, plan, step, before, fence)
    await rescue_failed(tools, server, plan, step, fence)
    await _up(tools, server, step, tag_of(before), fence)


async def take_away(tools: Toolbox, plan: Plan, step: PlannedStep) -> None:
    """Undo a first deploy: the container stops; its log and its volumes stay to be looked at."""
    server, fence = tools.servers[step.place], await fence_of(tools, plan)
    variable = tools.environment.compose.image_tag_variable
    await server.compose.stop(tools.service.compose_service(step.component), variable, step.after.tag, fence)


async def settle(tools: Toolbox, plan: Plan, step: PlannedStep) -> Start:
    """Wait until what a step moved is healthy and answers, or is seen not to."""
    server, service = tools.servers[step.place], tools.service.compose_service(step.component)
    health = tools.environment.health_of(step.component)
    return await wait_until_well(server.host, server.containers, plan.compose.project, service, health, tools.clock)


async def _up(tools: Toolbox, server: Server, step: PlannedStep, tag: str, fence: int) -> None:
    service = tools.service.compose_service(step.component)
    await server.compose.up(service, tools.environment.compose.image_tag_variable, tag, fence)


def _kept_by(tools: Toolbox, plan: Plan, step: PlannedStep) -> list[str]:
    """Name what must outlive a container and is this component's to keep: others mount the rest."""
    service = tools.service.compose_service(step.component)
    own = [mount.target for mount in plan.compose.mounts if mount.compose_service == service]
    return [path for path in tools.environment.paths.persist if is_under_any(path, own)]


def _volumes(container: Container | None, persist: Sequence[str]) -> str:
    """Tell whether what must outlive a container is mounted again; the version before may have known less of it."""
    mounted = (
        sorted(mount.target for mount in container.mounts if mount.kind in {"bind", "volume"}) if container else []
    )
    lost = [path for path in persist if not is_under_any(path, mounted)]
    if lost:
        return f"NOT mounted: {', '.join(lost)}."
    return f"Volumes checked, mounted: {', '.join(mounted)}." if mounted else ""
