"""Containers on a host, through its docker command line; with the images they start from and the disk they use."""

from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath

from tools import disk, registry_login
from tools.errors import Garbled
from tools.host_images import HostImages
from tools.hosts import Argv
from tools.inspection import FORMAT, Container, PathChange, containers_in, path_changes_in

__all__ = ["Container", "Containers", "PathChange"]

_ABSENT = ("No such object", "No such container")
_NEIGHBOURS = """\
for label in "project=$1" "project.working_dir=$2"; do
  docker ps --all --quiet --no-trunc --filter label=com.docker.compose.oneoff=False \\
    --filter "label=com.docker.compose.$label" || exit
done | sort -u | xargs -r docker inspect --type container --format "$3"
"""
# A container shares its host's clock unless something fakes it, and its image may lack any program that tells the time.
# A failed `docker exec` complains on its standard output.
_CLOCK = """\
python='import time; print(int(time.time()))'
date +%s
inside=$(docker exec "$1" date +%s 2>/dev/null) \\
  || inside=$(docker exec "$1" python3 -c "$python" 2>/dev/null) \\
  || inside=$(docker exec "$1" python -c "$python" 2>/dev/null) \\
  || inside=unknown
echo "$inside"
date +%s
"""


def listed(project: str, service: str) -> Argv:
    """Build the command that lists a compose service's containers, stopped ones too."""
    return (
        *("docker", "ps", "--all", "--quiet", "--no-trunc"),
        *("--filter", f"label=com.docker.compose.project={project}"),
        *("--filter", f"label=com.docker.compose.service={service}"),
        *("--filter", "label=com.docker.compose.oneoff=False"),
    )


def neighbours(project: str, directory: PurePosixPath) -> Argv:
    """Build the command that describes all containers that compose made for a project or in a directory."""
    return ("sh", "-c", _NEIGHBOURS, "neighbours", project, str(directory), FORMAT)


def inspected(ids: tuple[str, ...]) -> Argv:
    """Build the command that describes containers."""
    return ("docker", "inspect", "--type", "container", "--format", FORMAT, *ids)


def logged(container: str, since: datetime | None, tail: int) -> Argv:
    """Build the command that prints the last lines of a log, both streams in the order they came."""
    window = ("--since", since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")) if since else ()
    return ("sh", "-c", 'exec docker logs "$@" 2>&1', "logs", *window, "--tail", str(tail), container)


def drift_between(before: int, inside: int, after: int) -> timedelta:
    """Tell how far the container's second lies outside the seconds that passed on the host; ahead is positive."""
    return timedelta(seconds=max(0, inside - after) + min(0, inside - before))


def moment_of(text: str) -> datetime:
    """Read the answer of `date +%s.%N`; without the nanoseconds where the host's `date` knows none."""
    seconds, _, nanoseconds = text.strip().partition(".")
    if not seconds.isdecimal():
        raise Garbled(f"A clock answered {text[:80]!r}.")
    microseconds = int(nanoseconds[:6]) if nanoseconds[:6].isdecimal() else 0
    return datetime.fromtimestamp(int(seconds), UTC) + timedelta(microseconds=microseconds)


class Containers(HostImages):
    """What runs on one host."""

    async def find(self, project: str, service: str) -> Container | None:
        """Return the service's container: of several the newest running one; None where there is none."""
        ids = (await self._docker(listed(project, service), f"Looking for {service}")).split()
        return await self.inspect(*ids) if ids else None

    async def neighbours(self, project: str, directory: PurePosixPath) -> tuple[Container, ...]:
        """Describe every container that compose made for the project, or in the directory under whatever name."""
        answer = await self._docker(neighbours(project, directory), "Looking at the project's containers")
        return containers_in(answer)

    async def inspect(self, *ids: str) -> Container | None:
        """Describe a container, of several the newest running one; None where it is gone."""
        answer = await self._host.run(inspected(ids))
        if not answer.stdout.strip() and any(absent in answer.stderr for absent in _ABSENT):
            return None
        found = containers_in(answer.stdout)
        if not found:
            answer.require(f"Describing a container on {self._host.name}")
        return next(iter(found), None)

    async def changes(self, container: str) -> tuple[PathChange, ...]:
        """List what differs from the image in the container's own layer; mount points and parents are listed, too."""
        return path_changes_in(await self._docker(("docker", "diff", container), "Comparing it with its image"))

    async def logs(self, container: str, *, since: datetime | None = None, tail: int = 200) -> str:
        """Return the last lines of the log; empty where the container is gone.

        `since` is a moment of the host's clock, as `now` or `Container.created_at` tells it.
        """
        answer = await self._host.run(logged(container, since, tail))
        if any(absent in answer.stdout for absent in _ABSENT) and not answer.ok:
            return ""
        return answer.require(f"Reading a log on {self._host.name}").stdout

    async def clock_drift(self, container: str) -> timedelta | None:
        """Tell how far the container's clock is from its host's, in whole seconds.

        None where the image has no program that could tell the time.
        """
        answer = await self._docker(("sh", "-c", _CLOCK, "clock", container), "Reading the clocks")
        match answer.split():
            case [_, "unknown", _]:
                return None
            case [before, inside, after] if (before + inside + after).isdecimal():
                return drift_between(int(before), int(inside), int(after))
        raise Garbled(f"The clocks on {self._host.name} answered {answer[:80]!r}.")

    async def now(self) -> datetime:
        """Tell the host's own clock, which stamps its logs."""
        answer = await self._docker(("date", "+%s.%N"), "Reading the clock")
        return moment_of(answer)

    async def free_bytes(self, path: PurePosixPath) -> int:
        """Tell how much is free on the disk of a path, which need not exist yet."""
        return await disk.free_bytes(self._host, path)

    async def listing(self, path: PurePosixPath, depth: int = 1) -> tuple[disk.Entry, ...] | None:
        """List a path itself and what lies below it; None where it does not exist."""
        return await disk.listing(self._host, path, depth)

    async def login_works(self, registry: str, reference: str | None = None) -> registry_login.LoginCheck:
        """Check the host's login to a registry; with a reference by asking the registry for that image."""
        return await registry_login.login_works(self._host, registry, reference)

    async def _docker(self, argv: Argv, doing: str) -> str:
        return (await self._host.run(argv)).require(f"{doing} on {self._host.name}").stdout
