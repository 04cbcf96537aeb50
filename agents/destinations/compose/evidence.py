"""The failure checklist: what the hosts look like now, for whoever has to look after a failure."""

from agents.destinations.compose.survey import Found, Surveyed, survey
from agents.events import ConditionLine
from agents.toolbox import Toolbox


async def checklist(tools: Toolbox) -> tuple[ConditionLine, ...]:
    """Look at restarts, health, mounts, environment, disk and network of every host of the environment."""
    lines: list[ConditionLine] = []
    for host in await survey(tools):
        lines.append(_network(host))
        if host.reachable:
            lines.append(_disk(host, tools))
            lines.append(_variables(host, tools))
            for name, found in (host.components or {}).items():
                lines.extend(_component(host.name, name, found, tools))
    return tuple(lines)


def _network(host: Surveyed) -> ConditionLine:
    return ConditionLine(f"{host.name}: network", host.reachable, host.fault or "reached, commands run")


def _disk(host: Surveyed, tools: Toolbox) -> ConditionLine:
    free = host.free_bytes or 0
    enough = free > tools.environment.compose.minimum_free_bytes
    return ConditionLine(f"{host.name}: disk", enough, f"{free / 1024**3:.1f} GiB free")


def _variables(host: Surveyed, tools: Toolbox) -> ConditionLine:
    names = host.variable_names
    detail = f"{tools.environment.compose.env_file} is missing"
    if names is not None:
        detail = f"{len(names)} names in the env file" + (f": {', '.join(names)}" if names else "")
    return ConditionLine(f"{host.name}: env file", names is not None, detail)


def _component(host: str, name: str, found: Found, tools: Toolbox) -> list[ConditionLine]:
    where = f"{host}: {name}"
    container = found.container
    if container is None:
        return [ConditionLine(f"{where} container", met=False, detail="no container")]
    missing = set(tools.environment.variables.required) - set(container.environment_names)
    mounted = ", ".join(sorted(mount.target for mount in container.mounts)) or "nothing mounted"
    state = f"{container.status}, health {container.health or 'not checked'}, image {container.image}"
    return [
        ConditionLine(f"{where} container", container.status == "running", state),
        ConditionLine(f"{where} restarts", container.restarts == 0, f"{container.restarts} restarts"),
        ConditionLine(f"{where} mounts", bool(container.mounts), mounted),
        ConditionLine(
            f"{where} environment", not missing, f"missing: {', '.join(sorted(missing))}" if missing else "complete"
        ),
    ]
