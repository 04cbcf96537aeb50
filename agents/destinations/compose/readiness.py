"""Whether the hosts could carry a release out at all: their env file, and the sources of mounts."""

from collections.abc import Mapping, Sequence

from agents.destinations.compose.composed import Composed
from agents.destinations.compose.on_host import OnHost
from agents.destinations.compose.survey import Surveyed
from agents.discretion import unmasked_names
from agents.toolbox import Server, Toolbox
from guardrails.compose_text import demanded
from guardrails.environment import names_fed, names_taken_from
from guardrails.mount_sources import sources_sound
from guardrails.mounts import backing
from guardrails.readiness import Readiness, host_ready
from guardrails.verdict import Verdict
from guardrails.volumes import sources_present
from tools.places import places
from tools.tasks import side_by_side

# Only names are printed: the values are nobody's business.
_EXPORTED = 'for name; do printenv "$name" > /dev/null && echo "$name"; done; true'


async def readiness(tools: Toolbox, surveyed: Sequence[Surveyed], on_hosts: Mapping[str, OnHost]) -> Verdict:
    """Look at every host that was reached, side by side, and tell what it lacks."""
    reached = [host for host in surveyed if host.reachable]
    verdicts = await side_by_side(reached, lambda host: _host(tools, on_hosts[host.name], host))
    return sum(verdicts, start=Verdict())


async def _host(tools: Toolbox, there: OnHost, host: Surveyed) -> Verdict:
    server, target, wanted = tools.servers[host.name], tools.environment.compose, there.wanted
    needed = demanded(wanted.compose_text) - {target.image_tag_variable}
    names, taken = host.variable_names, _taken(tools, wanted) - {target.image_tag_variable}
    exported = await _exported(server, sorted((needed | taken) - set(names or ())))
    names = None if names is None else (*names, *exported)
    known = {*(names or exported), *needed, target.image_tag_variable}
    env_file = str(target.directory / target.env_file) if target.env_file else None
    given_by = tools.given_env.variable if tools.given_env else None
    seen = Readiness(host.name, env_file, names, await unmasked_names(tools, server), given_by)
    fed = sum((names_fed(tools.environment.variables, *part, known) for part in _parts(tools, wanted)), start=Verdict())
    return host_ready(seen, needed) + fed + there.told(await _sources(tools, wanted, server))


def _parts(tools: Toolbox, wanted: Composed) -> list[tuple[str, Mapping[str, str | None]]]:
    """List the compose services of the release with what the file puts into their environment."""
    names = [tools.service.compose_service(component) for component in tools.service.components]
    return [(name, wanted.compose.services[name].environment) for name in names if name in wanted.compose.services]


def _taken(tools: Toolbox, wanted: Composed) -> set[str]:
    required = tools.environment.variables.required
    return {name for _, environment in _parts(tools, wanted) for name in names_taken_from(required, environment)}


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
    paths = sorted({place.host_path for place in kept if place.host_path} | {str(target.directory)})
    seen = await places(server.host, paths)
    present: dict[str, bool | None] = {path: path in made or seen[path] is not None for path in paths}
    present |= {place.name: await _has_volume(server, place.name) for place in kept if place.kind == "external"}
    verdict = sources_present(compose, names, target.directory, present)
    persist = tools.environment.paths.persist
    for component, name in zip(tools.service.components, names, strict=True):
        user = _user(wanted, component, name)
        verdict += sources_sound(compose, name, target.directory, seen, persist=persist, user=user)
    return verdict


def _user(wanted: Composed, component: str, service: str) -> str:
    """Tell who a service runs as: as the compose file says, or else its image."""
    part = wanted.compose.services.get(service)
    about = wanted.images[component].get("about") or {}
    return (part.user if part else "") or str(about.get("user") or "")


async def _has_volume(server: Server, name: str) -> bool:
    """Tell whether the host has a volume; one that compose makes itself is not looked for."""
    return (await server.host.run(("docker", "volume", "inspect", "--format", "{{.Name}}", name))).ok
