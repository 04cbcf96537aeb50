"""Which mounts a running container really writes to, seen from its host."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import PurePosixPath

from agents.destinations.compose.survey import Surveyed
from agents.toolbox import Server, Toolbox
from guardrails.written import MountUse
from tools.disk import listing
from tools.inspection import Container
from tools.tasks import side_by_side

LISTING_DEPTH = 6
EARLY = timedelta(milliseconds=200)
"""So much earlier than the engine notes its start may a program begin to write."""


async def mount_uses(server: Server, container: Container) -> tuple[MountUse, ...]:
    """List the writable host directories of a container, each with the files that changed since it started."""
    return tuple(
        [
            MountUse(mount.target, await _written(server, PurePosixPath(mount.source), container))
            for mount in container.mounts
            if mount.kind == "bind" and not mount.read_only
        ]
    )


async def used_now(tools: Toolbox, surveyed: Sequence[Surveyed]) -> Mapping[str, list[str]]:
    """Tell which mounts the running version writes to: `component@host` -> places in the container."""

    async def used_on(host: Surveyed) -> dict[str, list[str]]:
        used = {}
        for name, found in (host.components or {}).items():
            uses = await mount_uses(tools.servers[host.name], found.in_service) if found.in_service else ()
            used[place(name, host.name)] = [use.target for use in uses if use.written]
        return used

    return {name: targets for used in await side_by_side(surveyed, used_on) for name, targets in used.items()}


def place(component: str, host: str) -> str:
    """Name one component on one host."""
    return f"{component}@{host}"


async def _written(server: Server, source: PurePosixPath, container: Container) -> tuple[str, ...] | None:
    entries = await listing(server.host, source, depth=LISTING_DEPTH)
    if entries is None or container.started_at is None:
        return None
    written = (entry for entry in entries if entry.path != source and since(container.started_at, entry.modified_at))
    return tuple(str(entry.path.relative_to(source)) for entry in written)


def since(started: datetime, modified: datetime) -> bool:
    """Tell whether a file changed after a start, and not by whoever ran until just before it."""
    limit = started - EARLY
    return modified >= (limit if modified.microsecond else limit.replace(microsecond=0))
