"""Whether the hosts could carry a release out at all: their env file, and the sources of mounts."""

import asyncio
from collections.abc import Sequence

from agents.destinations.compose.composed import Composed
from agents.destinations.compose.survey import Surveyed
from agents.discretion import unmasked_names
from agents.toolbox import Server, Toolbox
from guardrails.compose_text import demanded
from guardrails.mounts import Backing, backing
from guardrails.readiness import Readiness, host_ready
from guardrails.verdict import Verdict
from guardrails.volumes import sources_present

# Only names are printed: the values are nobody's business.
_EXPORTED = 'for name; do printenv "$name" > /dev/null && echo "$name"; done; true'


async def readiness(tools: Toolbox, wanted: Composed, surveyed: Sequence[Surveyed]) -> Verdict:
    """Look at every host that was reached, all at once, and tell what it lacks."""
    reached = [host for host in surveyed if host.reachable]
    verdicts = await asyncio.gather(*(_host(tools, wanted, host) for host in reached))
    return sum(verdicts, start=Verdict())


async def _host(tools: Toolbox, wanted: Composed, host: Surveyed) -> Verdict:
    server, target = tools.servers[host.name], tools.environment.compose
    needed = demanded(wanted.compose_text) - {target.image_tag_variable}
    names = host.variable_names
    if names is not None and needed - set(names):
        names = (*names, *await _exported(server, sorted(needed - set(names))))
    env_file = str(target.directory / target.env_file) if target.env_file else None
    given_by = tools.given_env.variable if tools.given_env else None
    seen = Readiness(host.name, env_file, names, await unmasked_names(tools, server), given_by)
    return host_ready(seen, needed) + await _sources(tools, wanted, server)


async def _exported(server: Server, names: Sequence[str]) -> tuple[str, ...]:
    """Tell which names the host itself gives to the commands that run there."""
    answer = await server.host.run(("sh", "-c", _EXPORTED, "exported", *names))
    return tuple(answer.require(f"Looking at the environment of {server.name}").stdout.split())


async def _sources(tools: Toolbox, wanted: Composed, server: Server) -> Verdict:
    """Look for the directories and volumes that are mounted and that neither the deploy nor compose would make."""
    target, compose = tools.environment.compose, wanted.compose
    names = [tools.service.compose_service(component) for component in tools.service.components]
    made = {str(target.directory / path) for path in target.directories}
    mounts = [mount for name in names if name in compose.services for mount in compose.services[name].mounts]
    kept = {backing(mount, compose.volumes, target.directory) for mount in mounts}
    present = {place.name: place.name in made or await _present(server, place) for place in kept if place.name}
    return sources_present(compose, names, target.directory, present)


async def _present(server: Server, place: Backing) -> bool:
    """Tell whether the host has what a mount needs; a volume that compose makes itself is not looked for."""
    if place.kind == "bind":
        return (await server.host.run(("test", "-e", place.name))).ok
    if place.kind == "external":
        return (await server.host.run(("docker", "volume", "inspect", "--format", "{{.Name}}", place.name))).ok
    return True
