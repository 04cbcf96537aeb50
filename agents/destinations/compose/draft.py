"""A plan drawn up from facts. Drawn twice from the same world it has the same digest. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

from agents.destinations.compose.composed import Composed
from agents.destinations.compose.marked import marked
from agents.destinations.compose.survey import Found, Surveyed
from agents.wanted import Images
from config.service import Service
from config.targets import ComposeTarget
from guardrails.plan import Intended, Plan, PlannedComponent, PlannedStep, WayBack
from guardrails.plan_targets import (
    ComposePlan,
    PlannedEnvFile,
    PlannedMount,
    PlannedRolling,
    PlannedRoute,
    PlannedService,
)
from guardrails.waves import waves


def draft(
    service: Service, environment: str, wanted: Composed, surveyed: Sequence[Surveyed], downtime: timedelta
) -> Plan:
    """Draw up the plan: every component on every host, hosts in the order they are declared."""
    names = {service.compose_service(name): name for name in service.components}
    running = [wanted.compose.services[name] for name in names if name in wanted.compose.services]
    said = ComposePlan(
        services=tuple(PlannedService(name, service.compose_service(name)) for name in service.components),
        compose_text=wanted.compose_text,
        environment_names=tuple(sorted({name for part in running for name in part.environment})),
        mounts=tuple(
            PlannedMount(part.name, mount.kind, mount.source, mount.target, mount.read_only)
            for part in running
            for mount in part.mounts
        ),
        hosts=(),
        directory="",
        project="",
    )
    named = (service.service, environment, wanted.version, wanted.commit)
    asked = Plan(*named, components=(), target=said, strategy="", steps=(), ways_back=(), expected_downtime=downtime)
    return redraw(asked, service, wanted.images, surveyed, wanted.env_file)


def redraw(
    plan: Plan,
    service: Service,
    images: Images,
    surveyed: Sequence[Surveyed],
    env_file: PlannedEnvFile | None = None,
) -> Plan:
    """Draw up a plan again where its commit is still the same: what that says stays, all else is as it is now."""
    environment = service.environments[plan.environment]
    target = environment.compose
    return replace(
        plan,
        components=tuple(_component(name, images[name]) for name in service.components),
        target=replace(
            plan.compose,
            hosts=tuple(host.name for host in target.hosts),
            directory=str(target.directory),
            project=service.project(target),
            env_file=env_file,
            rolling=_rolling(target),
            at_once=target.at_once,
            canaries=target.canaries,
            share_percent=target.share_percent,
            settings=marked(environment, target),
        ),
        strategy=target.strategy,
        steps=tuple(_steps(service, target, images, surveyed)),
        ways_back=tuple(_way_back(host) for host in surveyed),
    )


def _rolling(target: ComposeTarget) -> PlannedRolling | None:
    proxy, settings = target.proxy, target.rolling
    if proxy is None or not target.rolls:
        return None
    routes = tuple(PlannedRoute(name, route.port, route.listen) for name, route in sorted(proxy.routes.items()))
    return PlannedRolling(proxy.kind, routes, settings.drain.total_seconds(), settings.warm.total_seconds())


def _component(name: str, image: Mapping[str, Any]) -> PlannedComponent:
    return PlannedComponent(
        name=name,
        image=image["image"],
        tag=image["tag"],
        digest=image["digest"],
        size_bytes=image.get("size_bytes"),
        previous_size_bytes=image.get("previous_size_bytes"),
    )


def _steps(
    service: Service, target: ComposeTarget, images: Images, surveyed: Sequence[Surveyed]
) -> Iterator[PlannedStep]:
    """Take one component after the other on the hosts that move side by side, and then the next hosts."""
    hosts = {host.name: host for host in surveyed}
    for wave in waves(tuple(hosts), target.at_once, target.canaries):
        for name, place in product(service.components, wave):
            image, found = images[name], _found(hosts[place], name)
            after = Intended(image["image"], image["tag"], image["digest"])
            yield PlannedStep(name, place, found.running if found else None, after)


def _way_back(host: Surveyed) -> WayBack:
    if not host.reachable:
        return WayBack(host.name, possible=False, reason="the host cannot be reached")
    found = [part for part in (host.components or {}).values() if part.running]
    if not found:
        return WayBack(host.name, possible=True, reason="first deploy: going back means stopping it again")
    lost = [part.container.image for part in found if part.container and not (part.image_kept or part.archived)]
    if lost:
        return WayBack(host.name, possible=False, reason=f"the image {lost[0]} is gone from the host")
    if host.obstacles:
        return WayBack(host.name, possible=False, reason="; ".join(host.obstacles))
    kept = ", ".join(_kept(part) for part in found if part.container)
    tried = ", tried out: a container can be made, the compose file reads, its storage is there"
    return WayBack(host.name, possible=True, reason=f"{kept} on the host{tried if host.rehearsed else ''}")


def _kept(part: Found) -> str:
    image = part.container.image if part.container else ""
    return f"{image} is kept" if part.image_kept else f"{image} is gone, and an archive of it is"


def _found(host: Surveyed, component: str) -> Found | None:
    return (host.components or {}).get(component)
