"""A proxy that finds containers by itself, such as Traefik: an instance is taken out by its own health check.

A marker file in the container makes the check fail, the engine calls the container unhealthy, and the proxy, which
follows the engine, sends it nothing any more. The marker survives a restart of the proxy; a restart of the container
only where it does not lie in memory (tmpfs).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import PurePosixPath

from tools.clock import Clock
from tools.effects import Effects
from tools.errors import Denied, NotFound, TimedOut
from tools.hosts import Argv, Host
from tools.inspection import FORMAT, Container, containers_in
from tools.proxies.connections import closed
from tools.proxies.port import NETWORK, Backend, Traffic

PATIENCE = timedelta(minutes=2)
"""How long health checks may take to follow the marker: their interval, as often as they are repeated."""
POLL = timedelta(milliseconds=200)
_LISTED = """\
docker ps --quiet --no-trunc --filter "label=com.docker.compose.project=$1" \\
  --filter "label=com.docker.compose.service=$2" --filter label=com.docker.compose.oneoff=False |
  xargs -r docker inspect --type container --format "$3"
"""
_MARKED = """\
marker=$1
shift
for container; do
  if docker exec "$container" test -e "$marker"; then echo "$container"; fi
done
"""
# First whoever shall take requests, then whoever shall not: at no moment is there nobody.
_MARK = """\
set -eu
marker=$1 doing=$2
shift 2
for container; do
  case $doing in
    take-in) docker exec --user 0 "$container" rm -f "$marker";;
    take-out) docker exec --user 0 "$container" touch "$marker";;
  esac
done
"""
_READMIT = """\
set -eu
marker=$1 container=$2
if docker exec "$container" test -e "$marker" 2> /dev/null; then
  docker exec --user 0 "$container" rm -f "$marker"
  echo "$container"
fi
"""


def listed(project: str, service: str) -> Argv:
    """Build the command that describes the running containers of a compose service."""
    return ("sh", "-c", _LISTED, "listed", project, service, FORMAT)


@dataclass(frozen=True, slots=True)
class Following:
    """How the proxy comes to know."""

    marker: PurePosixPath
    """File in a container that makes its health check fail."""
    refresh: timedelta
    """How long the proxy takes to follow the engine."""
    clock: Clock


class Labels:
    """The proxy, as the compose services of one project are seen by it."""

    def __init__(
        self,
        host: Host,
        directory: PurePosixPath,
        project: str,
        services: Mapping[str, tuple[str, int]],
        following: Following,
    ) -> None:
        self._host = host
        self._project = project
        self._services = services
        self._following = following
        self._effects = Effects(host, directory)

    async def backends(self, route: str) -> tuple[Backend, ...]:
        """List the instances that take new requests now."""
        _, port = self._services[route]
        containers = await self._containers(route)
        out = await self._marked(containers)
        serving = (one for one in containers if one.health == "healthy" and one.id not in out)
        return tuple(Backend(one.id[:12], one.addresses.get(NETWORK, ""), port) for one in serving)

    async def point(self, route: str, backends: Sequence[Backend], fence: int) -> None:
        """Let exactly these instances take new requests; returns once the proxy can be expected to know.

        Raises `Denied` for unequal shares, which such a proxy cannot be told; `TimedOut` where the health checks do not
        follow the marker; `Superseded` where a newer run holds the target.
        """
        if len({one.weight for one in backends}) > 1:
            raise Denied(
                f"A proxy that goes by labels gives every instance of {route} the same share.",
                standing="Requests go where they went.",
                remedy="Leave shares out for this service, or use the proxy that ./shipmate host setup makes.",
            )
        wanted = {one.name for one in backends}
        containers = await self._containers(route)
        if lacking := wanted - {one.id[:12] for one in containers}:
            raise NotFound(
                f"{', '.join(sorted(lacking))} does not run on {self._host.name}.",
                standing="Requests go where they went.",
                remedy="Start it first: docker start, or release the version again.",
            )
        joining = [one.id for one in containers if one.id[:12] in wanted]
        leaving = [one.id for one in containers if one.id[:12] not in wanted]
        await self._mark("take-in", joining, fence)
        await self._until(route, joining, "healthy")
        await self._mark("take-out", leaving, fence)
        await self._until(route, leaving, "unhealthy")
        await self._following.clock.sleep(self._following.refresh)

    async def readmit(self, route: str, backend: Backend, fence: int) -> None:
        """Take the marker off, for with it the engine calls every instance unhealthy; returns once that is over.

        One that stays unhealthy all the same, or does not run, is no error here. It may take requests from here on,
        beside those that do, as one that was just started.
        """
        command = ("sh", "-c", _READMIT, "readmit", str(self._following.marker), backend.name)
        done = await self._effects.do(command, fence, f"Taking the marker off {backend.name}")
        clock = self._following.clock
        deadline = clock.monotonic() + PATIENCE.total_seconds()
        while done.stdout.strip() and clock.monotonic() <= deadline:
            found = await self._containers(route)
            if not any(one.id[:12] == backend.name and one.health == "unhealthy" for one in found):
                return
            await clock.sleep(POLL)

    async def drained(self, route: str, backend: Backend, limit: timedelta) -> bool:
        """Wait until an instance that takes no new requests has answered all it had; False past the limit."""
        del route
        return await closed(self._host, backend, limit)

    async def traffic(self, route: str) -> Mapping[str, Traffic]:
        """Tell nothing: what such a proxy counts depends on which one it is."""
        del route
        return {}

    async def _containers(self, route: str) -> tuple[Container, ...]:
        service, _ = self._services[route]
        answer = await self._host.run(listed(self._project, service))
        return containers_in(answer.require(f"Looking for the instances of {service} on {self._host.name}").stdout)

    async def _marked(self, containers: Iterable[Container]) -> set[str]:
        """Tell which containers have the marker."""
        command = ("sh", "-c", _MARKED, "marked", str(self._following.marker), *(one.id for one in containers))
        answer = await self._host.run(command)
        return set(answer.require(f"Looking for markers on {self._host.name}").stdout.split())

    async def _mark(self, doing: str, containers: Sequence[str], fence: int) -> None:
        if containers:
            command = ("sh", "-c", _MARK, "mark", str(self._following.marker), doing, *containers)
            await self._effects.do(command, fence, f"Marking who takes requests ({doing})")

    async def _until(self, route: str, containers: Sequence[str], health: str) -> None:
        clock = self._following.clock
        deadline = clock.monotonic() + PATIENCE.total_seconds()
        while strays := [one for one in await self._containers(route) if one.id in containers and one.health != health]:
            if clock.monotonic() > deadline or any(one.health is None for one in strays):
                raise TimedOut(
                    f"{strays[0].name} on {self._host.name} is {strays[0].health or 'without a health check'} and does "
                    f"not become {health}.",
                    standing="The instances that took requests before still do, beside those that became healthy.",
                    remedy=f"Let the service's health check fail while there is a file {self._following.marker}.",
                )
            await clock.sleep(POLL)
