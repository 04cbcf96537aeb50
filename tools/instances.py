"""The instances of one compose service on a host: containers of old and new version next to each other.

Compose numbers them and never touches those that are there (`--no-recreate`). Only this module starts them: a plain
`docker compose up` starts all that are stopped, and takes away all but one.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Network
from pathlib import PurePosixPath

from tools.compose import compose
from tools.containers import listed
from tools.effects import Effects
from tools.errors import Garbled, NotFound
from tools.hosts import Argv, Host
from tools.inspection import FORMAT, Container, containers_in
from tools.proxies.port import NETWORK

LABEL = "shipmate.configuration"
"""What an instance was made from: a mark of the compose file, a full stop, a mark of all that it came to on the host.

Compose's own mark (`config-hash`) cannot be asked for beforehand: `config --hash` tells another one.
"""
UP_LIMIT = timedelta(minutes=5)
_CANDIDATES = 8
_SUBNET = "{{range .IPAM.Config}}{{.Subnet}} {{end}}"
# $1 the network, $2 addresses to try, $3 the container. An address counts from the start on: until then two containers
# may have the same one, so one that turns out to be taken is given up for the next.
_STARTED = """\
started() {
  network=$1 addresses=$2 container=$3 has= try= said=
  has=$(docker inspect --format "{{with index .NetworkSettings.Networks \\"$network\\"}}{{with .IPAMConfig}}\\
{{.IPv4Address}}{{end}}{{end}}" "$container")
  [ -n "$has" ] || docker network disconnect --force "$network" "$container" 2> /dev/null || :
  for try in $has $addresses; do
    if [ "$try" != "$has" ]; then
      said=$(docker network connect --ip "$try" "$network" "$container" 2>&1) || {
        case $said in *"already in use"*) continue;; esac
        echo "$said" >&2; return 1
      }
    fi
    said=$(docker start "$container" 2>&1) && return 0
    case $said in *"already in use"*) docker network disconnect --force "$network" "$container";; *) break;; esac
  done
  echo "${said:-no address is free in the network $network}" >&2
  return 1
}
"""
# What was made and never started may lack a network or a mount: compose was ended over it, so it is made again.
_STAND = f"""\
set -eu
project=$1 service=$2 network=$3 addresses=$4 image=$5 text=$6 stopped=$7
shift 7
{_STARTED}
mark=$text.$("$@" config "$service" | sha256sum | cut -c 1-64)
found= all=0
containers=$(docker ps --all --quiet --no-trunc --filter "label=com.docker.compose.project=$project" \\
  --filter "label=com.docker.compose.service=$service" --filter label=com.docker.compose.oneoff=False)
for container in $containers; do
  is=$(docker inspect "$container" \\
    --format '{{{{.State.Status}}}} {{{{.Image}}}} {{{{index .Config.Labels "{LABEL}"}}}}')
  case $is in
    "created "*) docker rm "$container" > /dev/null; continue;;
    "running $image $mark"|"restarting $image $mark") found=$container;;
    "exited $image $mark") [ "$stopped" = no ] || found=${{found:-$container}};;
  esac
  all=$((all + 1))
done
if [ -z "$found" ]; then
  printf '{{"services":{{"%s":{{"labels":{{"{LABEL}":"%s"}}}}}}}}' "$service" "$mark" |
    "$@" --file - up --no-start --no-deps --no-build --pull never --no-recreate \\
      --scale "$service=$((all + 1))" "$service" >&2
  found=$(docker ps --all --quiet --no-trunc --filter "label=com.docker.compose.project=$project" \\
    --filter "label=com.docker.compose.service=$service" --filter status=created --filter "label={LABEL}=$mark")
  [ -n "$found" ] || {{ echo "compose made no further container of $service" >&2; exit 1; }}
fi
started "$network" "$addresses" "$found"
echo "$found"
"""
_START = f'set -eu\n{_STARTED}\nstarted "$1" "$2" "$3"\n'
_CONNECT = """\
set -eu
for address in $2; do
  said=$(docker network connect --ip "$address" "$1" "$3" 2>&1) && exit 0
  case $said in *"already in use"*) continue;; *"already exists in network"*) exit 0;; esac
  break
done
echo "${said:-no address is free in the network $1}" >&2
exit 1
"""
_GONE = """\
for container; do
  said=$(docker rm "$container" 2>&1) && continue
  case $said in *"No such container"*) continue;; esac
  echo "$said" >&2; exit 1
done
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an instance is made from."""

    service: str
    variable: str
    """Through which the compose file receives the tag."""
    tag: str
    image_id: str
    compose_text: str


def mark_of(compose_text: str) -> str:
    """Name a compose file in the label of what is made from it."""
    return hashlib.sha256(compose_text.encode()).hexdigest()[:16]


def made_from(container: Container, compose_text: str) -> bool:
    """Tell whether an instance was made from this compose file."""
    return container.labels.get(LABEL, "").startswith(f"{mark_of(compose_text)}.")


def stand(project: str, wanted: Wanted, addresses: Iterable[str], base: Argv, *, stopped: bool) -> Argv:
    """Build the command that finds or makes the instance, connects and starts it, and prints its id."""
    return (
        *("sh", "-c", _STAND, "stand", project, wanted.service, NETWORK, " ".join(addresses), wanted.image_id),
        *(mark_of(wanted.compose_text), "yes" if stopped else "no"),
        *("env", f"{wanted.variable}={wanted.tag}", *base),
    )


def started(container: str, addresses: Iterable[str]) -> Argv:
    """Build the command that starts an instance at the address it has, or at a new one where another took that."""
    return ("sh", "-c", _START, "start", NETWORK, " ".join(addresses), container)


def connected(container: str, addresses: Iterable[str]) -> Argv:
    """Build the command that gives a container a fixed address, and leaves alone one that has it."""
    return ("sh", "-c", _CONNECT, "connect", NETWORK, " ".join(addresses), container)


def free_addresses(subnet: str, taken: Iterable[str]) -> tuple[str, ...]:
    """List free addresses from the top of a subnet downwards: the engine itself gives them out from below."""
    network, gone = IPv4Network(subnet), set(taken)
    first, last = int(network.network_address) + 2, int(network.broadcast_address) - 1
    free = (str(network[number - int(network.network_address)]) for number in range(last, first - 1, -1))
    return tuple(address for address, _ in zip((a for a in free if a not in gone), range(_CANDIDATES), strict=False))


class Instances:
    """The instances of the services of one compose project. Every effect is behind the fence of its directory."""

    def __init__(self, host: Host, directory: PurePosixPath, file: PurePosixPath, project: str) -> None:
        self._host = host
        self._project = project
        self._base = compose(project, directory, file)
        self._effects = Effects(host, directory)

    async def all(self, service: str) -> tuple[Container, ...]:
        """List them, running ones first, newest first; those without a start yet, too."""
        return await self._described(listed(self._project, service), f"Looking for {service}")

    async def stand(self, wanted: Wanted, fence: int, *, stopped: bool) -> Container:
        """Have an instance of exactly this image and compose configuration run beside the others; returns it.

        Repeated, nothing happens: one that runs is taken as it is, and with `stopped` also one that does not run any
        more. What was made and never started is made anew. Raises `Superseded` where a newer run holds the target.
        """
        command = stand(self._project, wanted, await self._free(), self._base, stopped=stopped)
        doing = f"Starting {wanted.service} {wanted.tag} beside what runs"
        completed = await self._effects.do(command, fence, doing, limit=UP_LIMIT)
        return await self._one(completed.stdout.strip())

    async def start(self, container: str, fence: int) -> Container:
        """Start a stopped instance again, and give it a fixed address where it has none."""
        command = started(container, await self._free())
        await self._effects.do(command, fence, f"Starting {container[:12]} again", limit=UP_LIMIT)
        return await self._one(container)

    async def connect(self, container: str, fence: int) -> Container:
        """Give a running container a fixed address, without touching it otherwise."""
        await self._effects.do(connected(container, await self._free()), fence, f"Connecting {container[:12]}")
        return await self._one(container)

    async def stop(self, container: str, fence: int) -> None:
        """Stop an instance within its own grace period; it, its log and its volumes stay."""
        command = ("docker", "stop", container)
        await self._effects.do(command, fence, f"Stopping {container[:12]}", limit=UP_LIMIT)

    async def remove(self, containers: Iterable[str], fence: int) -> None:
        """Remove stopped instances; their volumes stay."""
        if names := tuple(containers):
            await self._effects.do(("sh", "-c", _GONE, "gone", *names), fence, "Removing former instances")

    async def _one(self, container: str) -> Container:
        found = await self._described(("echo", container), f"Describing {container[:12]}")
        if len(found) != 1:
            raise Garbled(f"{self._host.name} started {container[:80]!r}, and does not describe it.")
        return found[0]

    async def _described(self, listing: Argv, doing: str) -> tuple[Container, ...]:
        script = 'shift; ids=$("$@") || exit; [ -z "$ids" ] || docker inspect --type container --format "$0" $ids'
        answer = await self._host.run(("sh", "-c", script, FORMAT, "described", *listing))
        return containers_in(answer.require(f"{doing} on {self._host.name}").stdout)

    async def _free(self) -> tuple[str, ...]:
        """Look for addresses in the network that no container has, not even one that is stopped."""
        answer = await self._host.run(("docker", "network", "inspect", "--format", _SUBNET, NETWORK))
        if not answer.ok:
            raise NotFound(
                f"{self._host.name} has no network {NETWORK}.",
                standing="Nothing was started.",
                remedy="Let Shipmate set the host up: ./shipmate host setup SERVICE ENVIRONMENT",
            )
        listing = ("docker", "ps", "--all", "--quiet", "--no-trunc", "--filter", f"network={NETWORK}")
        there = await self._described(listing, f"Looking at the network {NETWORK}")
        return free_addresses(answer.stdout.split()[0], (one.addresses.get(NETWORK, "") for one in there))
