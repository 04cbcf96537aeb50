"""A plan drawn up from facts. Drawn twice from the same world it has the same digest. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from agents.destinations.compose.survey import Found, Surveyed
from config.service import Service
from guardrails.plan import Intended, Plan, PlannedComponent, PlannedMount, PlannedStep, WayBack
from tools.compose_file import ComposeFile

Images = Mapping[str, Mapping[str, Any]]
_UNKNOWN: Mapping[str, Any] = {
    **dict.fromkeys(("components", "hosts", "steps", "ways_back"), ()),
    **dict.fromkeys(("directory", "project", "strategy"), ""),
}
"""What the commit alone does not tell."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a release wants to run: its version, its images and its compose file."""

    version: str
    commit: str
    compose_text: str
    compose: ComposeFile
    images: Images
    """Component -> `image tag digest size_bytes previous_size_bytes`."""


def draft(
    service: Service, environment: str, wanted: Wanted, surveyed: Sequence[Surveyed], downtime: timedelta
) -> Plan:
    """Draw up the plan: every component on every host, hosts in the order they are declared."""
    names = {service.compose_service(name): name for name in service.components}
    running = [wanted.compose.services[name] for name in names if name in wanted.compose.services]
    asked = Plan(
        service=service.service,
        environment=environment,
        version=wanted.version,
        commit=wanted.commit,
        compose_text=wanted.compose_text,
        environment_names=tuple(sorted({name for part in running for name in part.environment})),
        mounts=tuple(
            PlannedMount(part.name, mount.kind, mount.source, mount.target, mount.read_only)
            for part in running
            for mount in part.mounts
        ),
        expected_downtime=downtime,
        **_UNKNOWN,
    )
    return redraw(asked, service, wanted.images, surveyed)


def redraw(plan: Plan, service: Service, images: Images, surveyed: Sequence[Surveyed]) -> Plan:
    """Draw up a plan again where its commit is still the same: what that says stays, all else is as it is now."""
    target = service.environments[plan.environment].compose
    return replace(
        plan,
        components=tuple(_component(name, service, images[name]) for name in service.components),
        hosts=tuple(host.name for host in target.hosts),
        directory=str(target.directory),
        project=service.project(target),
        strategy=target.strategy,
        steps=tuple(_steps(service, images, surveyed)),
        ways_back=tuple(_way_back(host) for host in surveyed),
    )


def _component(name: str, service: Service, image: Mapping[str, Any]) -> PlannedComponent:
    return PlannedComponent(
        name=name,
        compose_service=service.compose_service(name),
        image=image["image"],
        tag=image["tag"],
        digest=image["digest"],
        size_bytes=image.get("size_bytes"),
        previous_size_bytes=image.get("previous_size_bytes"),
    )


def _steps(service: Service, images: Images, surveyed: Sequence[Surveyed]) -> Iterator[PlannedStep]:
    for host in surveyed:
        for name in service.components:
            image = images[name]
            found = _found(host, name)
            after = Intended(image["image"], image["tag"], image["digest"])
            yield PlannedStep(name, host.name, found.running if found else None, after)


def _way_back(host: Surveyed) -> WayBack:
    if not host.reachable:
        return WayBack(host.name, possible=False, reason="the host cannot be reached")
    found = [part for part in (host.components or {}).values() if part.running]
    if not found:
        return WayBack(host.name, possible=True, reason="first deploy: going back means stopping it again")
    lost = [part.container.image for part in found if part.container and not part.image_kept]
    if lost:
        return WayBack(host.name, possible=False, reason=f"the image {lost[0]} is gone from the host")
    kept = ", ".join(part.container.image for part in found if part.container)
    return WayBack(host.name, possible=True, reason=f"{kept} is kept on the host")


def _found(host: Surveyed, component: str) -> Found | None:
    return (host.components or {}).get(component)
