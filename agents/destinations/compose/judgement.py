"""The plan before the guardrails: facts in, verdicts out. Nothing here is done."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from agents.destinations.compose.composed import Composed
from agents.destinations.compose.on_host import OnHost
from agents.destinations.compose.room import Room, rooms
from agents.destinations.compose.survey import Surveyed
from agents.destinations.compose.versions_beside import judge_beside
from agents.state import State
from agents.toolbox import Server, Toolbox
from guardrails.composition import name_kept
from guardrails.continuity import none_left_behind, storage_continued
from guardrails.environment import names_planned
from guardrails.gate import Gate, HostFacts, gate
from guardrails.privileges import user_unprivileged
from guardrails.shadowing import image_content_seen
from guardrails.verdict import Verdict
from guardrails.volumes import storage_kept
from guardrails.written import dying, nothing_dies
from tools.errors import ToolError
from tools.inspection import Container
from tools.tasks import side_by_side


def judge(
    tools: Toolbox, wanted: Composed, surveyed: Sequence[Surveyed], on_hosts: Mapping[str, OnHost] | None = None
) -> Verdict:
    """Weigh a plan against what runs now: storage continues, nothing dies with a container, names are fed.

    `on_hosts` is the compose file as each host reads it, where that may be different.
    """
    verdicts = [_names(tools, wanted, host) for host in surveyed]
    verdicts.append(_contract(tools, wanted))
    verdicts += [_image_rules(tools, wanted, name, surveyed) for name in tools.service.components]
    verdicts.append(judge_storage(tools, wanted, surveyed, on_hosts or {}))
    verdicts.append(judge_beside(tools, wanted, surveyed))
    verdicts += [_as_read_there(tools, there) for there in (on_hosts or {}).values() if there.values]
    for host in surveyed:
        verdicts.append(_left_behind(tools, wanted, host))
        for found in (host.components or {}).values():
            if container := found.in_service:
                lost = dying(found.changes, container, tools.environment.paths)
                verdicts.append(nothing_dies(container.name, lost, reasons=tools.environment.paths.waived))
    return sum(verdicts, start=Verdict())


def judge_storage(
    tools: Toolbox, wanted: Composed, surveyed: Sequence[Surveyed], on_hosts: Mapping[str, OnHost]
) -> Verdict:
    """Demand that what the running containers keep their data on is what their successors get."""
    verdict = Verdict()
    for host in surveyed:
        there = on_hosts.get(host.name) or OnHost(wanted, {})
        for name, found in (host.components or {}).items():
            if container := found.in_service:
                service = tools.service.compose_service(name)
                verdict += there.told(_storage(tools, there.wanted, service, container))
    return verdict


def _as_read_there(tools: Toolbox, there: OnHost) -> Verdict:
    names = [tools.service.compose_service(name) for name in tools.service.components]
    target = tools.environment.compose
    return there.told(storage_kept(there.wanted.compose, names, tools.environment.paths, target.directory))


def _left_behind(tools: Toolbox, wanted: Composed, host: Surveyed) -> Verdict:
    absent = [
        tools.service.compose_service(name) for name, found in (host.components or {}).items() if not found.in_service
    ]
    project = tools.service.project(tools.environment.compose)
    return none_left_behind(host.neighbours, wanted.compose, absent, project=project)


async def gate_of(state: State, wanted: Composed, surveyed: Sequence[Surveyed], tools: Toolbox) -> Gate:
    """Measure what the gate still needs, and weigh its five conditions."""
    deploys = state["kind"] == "deploy"
    room = await rooms(tools, wanted.images, surveyed) if deploys else {}
    return gate(
        critical_passed=state["kind"] == "rollback" or state.get("tested") in {"passed", "warning"},
        images=await _images(state, wanted, surveyed, tools),
        hosts=[_facts(host, room.get(host.name, Room())) for host in surveyed],
        minimum_free_bytes=tools.environment.compose.minimum_free_bytes,
    )


async def _images(
    state: State, wanted: Composed, surveyed: Sequence[Surveyed], tools: Toolbox
) -> Mapping[str, bool | None]:
    """Look for the images: in the registry for a deploy; a rollback needs no registry where the hosts kept them."""
    back = state["kind"] == "rollback"
    servers = [tools.servers[host.name] for host in surveyed if host.reachable]
    return {
        f"{image['image']}:{image['tag']}": await _kept(servers, f"{image['image']}@{image['digest']}")
        if back
        else await tools.registry.exists(image["image"], image["digest"])
        for image in wanted.images.values()
    }


async def _kept(servers: Iterable[Server], reference: str) -> bool | None:
    """Tell whether every host has an image; None where one has not, or does not tell: a registry may have it."""
    try:
        found = await side_by_side(servers, lambda server: server.images.image(reference))
    except ToolError:
        return None
    return all(found) or None


def _facts(host: Surveyed, room: Room) -> HostFacts:
    found = list((host.components or {}).values())
    running = [part for part in found if part.running]
    return HostFacts(
        name=host.name,
        reachable=host.reachable,
        free_bytes=host.free_bytes,
        first_deploy=not running if host.reachable else None,
        previous_kept=all(part.image_kept or part.archived for part in running) if host.reachable else None,
        obstacles=host.obstacles,
        disks=room.disks,
        unfit=room.unfit,
    )


def _names(tools: Toolbox, wanted: Composed, host: Surveyed) -> Verdict:
    target = tools.environment.compose
    verdict = Verdict()
    for name in tools.service.components:
        part = wanted.compose.services[tools.service.compose_service(name)]
        sources = {str(target.file): tuple(part.environment), "the image": tuple(_about(wanted, name).get("names", ()))}
        if part.env_files and host.variable_names is not None:
            sources[str(target.env_file)] = host.variable_names
        verdict += names_planned(tools.environment.variables, part.name, sources)
    return verdict


def _contract(tools: Toolbox, wanted: Composed) -> Verdict:
    """Judge the storage of all components together: what must be kept is kept by the one that has it."""
    names = {name: tools.service.compose_service(name) for name in tools.service.components}
    declared = {part: tuple(_about(wanted, name).get("volumes", ())) for name, part in names.items()}
    directory = tools.environment.compose.directory
    return storage_kept(wanted.compose, names.values(), tools.environment.paths, directory, declared)


def _image_rules(tools: Toolbox, wanted: Composed, name: str, surveyed: Sequence[Surveyed]) -> Verdict:
    """Judge what only the built image tells: what lies where something is mounted, and who it runs as; who runs now."""
    part = wanted.compose.services[tools.service.compose_service(name)]
    about = _about(wanted, name)
    kept = image_content_seen(part, about.get("covered") or {})
    running = [found.in_service for host in surveyed if (found := (host.components or {}).get(name))]
    for container in running or [None]:
        user, called = (container.user, container.name) if container else (None, None)
        kept += user_unprivileged(part, image_user=about.get("user"), running_user=user)
        kept += name_kept(part, running_name=called)
    return kept


def _about(wanted: Composed, name: str) -> Mapping[str, Any]:
    return wanted.images[name].get("about") or {}


def _storage(tools: Toolbox, wanted: Composed, compose_service: str, running: Container) -> Verdict:
    target = tools.environment.compose
    return storage_continued(
        running,
        wanted.compose,
        compose_service,
        project=tools.service.project(target),
        directory=target.directory,
        reasons=tools.environment.paths.waived,
    )
