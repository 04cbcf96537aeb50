"""What it takes for a host to have the network and the proxy that its services ask for. Pure."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from itertools import pairwise

from config.rollout import ReverseProxy
from tools.errors import Denied
from tools.hosts import Argv
from tools.proxies.haproxy import CONTAINER, HOME
from tools.proxies.haproxy_text import COMMON, LAST_MINUTES, common_text, file_of, published, route_text
from tools.proxies.port import NETWORK, name_of
from tools.proxies.surroundings import Surroundings, colliding, taken

VOLUME = "shipmate-proxy"
USER = "99:99"
"""As in the official image; said here, so that the volume and the process agree in any image."""
SPEC = "shipmate.proxy"
_UNDER_WAY = f"new requests find it all the time, those under way get {LAST_MINUTES} minutes to end"


@dataclass(frozen=True, slots=True)
class Setup:
    """What is still to be done on one host; nothing of it where everything is there."""

    network: str = ""
    """Subnet of the network to be made."""
    pull: str = ""
    """Image to be fetched."""
    files: Mapping[str, str] | None = None
    """All files of the proxy, where one of them changes."""
    container: Argv = ()
    """Command that makes the container."""
    replaces: bool = False
    """Whether there is a container that it takes the place of, so that requests find nobody for a moment."""
    start: bool = False
    """Whether it only has to be started."""
    kept: str = ""
    """What is not as declared and stays so, in words."""

    @property
    def nothing(self) -> bool:
        """Tell whether everything is there already."""
        return not (self.network or self.pull or self.files or self.container or self.start)


def setup_of(settings: ReverseProxy, project: str, found: Surroundings) -> Setup:
    """Compare what is wanted with what was found; raises `Denied` for what cannot be had.

    Routes of other services on the host stay as they are.
    """
    network, kept = _network(settings, found)
    if settings.kind != "haproxy":
        return Setup(network=network, kept=kept)
    files = _files(settings, project, found.files)
    ports = published([text for name, text in files.items() if name != COMMON])
    command = container_command(settings, ports)
    anew = found.running is None or found.spec != spec_of(command)
    if anew and (told := taken(ports, found, CONTAINER)):
        raise Denied(
            f"The proxy cannot listen: {'; '.join(told)}.",
            standing="Nothing was changed.",
            remedy="Stop what listens there, or give the route another `listen`, then set the host up again.",
        )
    return Setup(
        network=network,
        pull="" if found.image else settings.image,
        files=files if files != dict(found.files) else None,
        container=command if anew else (),
        replaces=anew and found.running is not None,
        start=not anew and not found.running,
        kept=kept,
    )


def network_command(subnet: str) -> Argv:
    """Build the command that makes the network; the engine gives out addresses from its first eighth by itself."""
    first = next(IPv4Network(subnet).subnets(prefixlen_diff=3))
    return (
        *("docker", "network", "create", "--driver", "bridge", "--subnet", subnet, "--ip-range", str(first)),
        *("--label", "shipmate.network=1", NETWORK),
    )


def container_command(settings: ReverseProxy, ports: tuple[str, ...]) -> Argv:
    """Build the command that makes the proxy's container, as little trusted as it can be."""
    return (
        *("docker", "run", "--detach", "--name", CONTAINER, "--restart", "unless-stopped", "--network", NETWORK),
        *("--user", USER, "--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL"),  # noqa: S108 - inside of it
        *("--security-opt", "no-new-privileges", "--sysctl", "net.ipv4.ip_unprivileged_port_start=0"),
        *("--memory", settings.memory, "--pids-limit", "200"),
        *("--log-driver", "local", "--stop-signal", "SIGUSR1", "--stop-timeout", "10"),
        *("--volume", f"{VOLUME}:{HOME}"),
        *(word for port in ports for word in ("--publish", port)),
        *("--entrypoint", "haproxy", settings.image, "-W", "-db", "-f", str(HOME)),
    )


def labelled(command: Argv) -> Argv:
    """Let a container remember what it was made from."""
    return (*command[:3], "--label", f"{SPEC}={spec_of(command)}", *command[3:])


def spec_of(command: Argv) -> str:
    """Name what a container is made from."""
    return hashlib.sha256("\0".join(command).encode()).hexdigest()[:16]


def described(todo: Setup, settings: ReverseProxy) -> tuple[str, ...]:
    """Say step by step what is to be done."""
    replaced = (
        "takes the place of the one that runs: its last requests get 5 seconds to end, and until about a second after "
        "that new requests find nobody"
    )
    return (
        *([f"make the docker network {NETWORK} with the addresses {todo.network}"] if todo.network else []),
        *([f"fetch the image {todo.pull}"] if todo.pull else []),
        *([f"write the proxy's files into the volume {VOLUME}: {', '.join(sorted(todo.files))}"] if todo.files else []),
        *([f"make the container {CONTAINER} from {settings.image}, at {_ports(todo)}"] if todo.container else []),
        *([f"it {replaced}"] if todo.replaces else []),
        *([f"start the container {CONTAINER}"] if todo.start else []),
        *([f"let the proxy read its files again; {_UNDER_WAY}"] if todo.files and not todo.container else []),
        *([todo.kept] if todo.kept else []),
    )


def _ports(todo: Setup) -> str:
    published_at = (after for word, after in pairwise(todo.container) if word == "--publish")
    return ", ".join(port.rpartition(":")[0] for port in published_at)


def _network(settings: ReverseProxy, found: Surroundings) -> tuple[str, str]:
    """Tell the subnet of the network to be made, and what is to be known of one that is there."""
    there = found.network(NETWORK)
    if there is None:
        if other := colliding(settings.subnet, found):
            raise Denied(
                f"The addresses {settings.subnet} belong to {other} already.",
                standing="Nothing was changed.",
                remedy="Give `subnet` of the proxy addresses that nobody uses, such as 10.231.58.0/24.",
            )
        return settings.subnet, ""
    if not there.ours:
        raise Denied(
            f"There is a docker network {NETWORK} that Shipmate did not make.",
            standing="Nothing was changed.",
            remedy=f"Where nobody needs it: docker network rm {NETWORK}; then set the host up again.",
        )
    if settings.subnet in there.subnets:
        return "", ""
    return "", f"the network {NETWORK} keeps its addresses {', '.join(there.subnets)} (declared: {settings.subnet})"


def _files(settings: ReverseProxy, project: str, former: Mapping[str, str]) -> dict[str, str]:
    """Write all files anew; the servers in them, and the routes of others, stay."""
    files = {**former, COMMON: common_text()}
    for component, route in settings.routes.items():
        name = name_of(project, component)
        files[file_of(name)] = route_text(name, route, former.get(file_of(name), ""))
    return files
