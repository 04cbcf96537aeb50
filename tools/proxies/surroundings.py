"""What a host has before a proxy is set up there: networks, ports in use, and the proxy as it is. Parsers are pure."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from tools.errors import Garbled

_PUBLISHED = re.compile(r"(?:(\S+):)?(\d+)(?:-(\d+))?->")
_LISTENS = "0A"
_MAPPED = "0000000000000000FFFF0000"
"""In front of an IPv4 address in the table of IPv6."""
_IPV4_DIGITS = 8
_ANYWHERE = ("0.0.0.0", "::", "[::]", "*", "")  # noqa: S104 - read, not bound


@dataclass(frozen=True, slots=True)
class Network:
    """One docker network."""

    name: str
    subnets: tuple[str, ...]
    ours: bool
    """Whether Shipmate made it, so that fixed addresses can be had in it."""


@dataclass(frozen=True, slots=True)
class Listening:
    """One port in use."""

    address: str
    port: int
    who: str
    """The container that publishes it, or nothing for a program of the host itself."""

    def meets(self, address: str, port: int) -> bool:
        """Tell whether nobody else can listen there."""
        somewhere = address in _ANYWHERE or self.address in _ANYWHERE
        return self.port == port and (somewhere or self.address == address)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What was found."""

    networks: tuple[Network, ...] = ()
    ways: tuple[str, ...] = ()
    """Subnets that the host itself reaches, its docker networks among them."""
    listening: tuple[Listening, ...] = ()
    image: bool = False
    """Whether the proxy's image is there."""
    volume: bool = False
    running: bool | None = None
    """Whether the proxy's container runs; None where there is none."""
    spec: str = ""
    """What that container was made from."""
    files: Mapping[str, str] = field(default_factory=dict)
    """The proxy's files."""

    def network(self, name: str) -> Network | None:
        """Find a docker network."""
        return next((one for one in self.networks if one.name == name), None)


def networks_in(lines: str) -> tuple[Network, ...]:
    """Read `docker network inspect --format '{{json .}}'`."""
    return tuple(map(_network, _documents(lines)))


def _network(one: Mapping[str, Any]) -> Network:
    config = (one.get("IPAM") or {}).get("Config") or []
    subnets = tuple(str(part["Subnet"]) for part in config if part.get("Subnet") and ":" not in part["Subnet"])
    return Network(str(one["Name"]), subnets, "shipmate.network" in (one.get("Labels") or {}))


def published_in(lines: str) -> tuple[Listening, ...]:
    """Read `docker ps --format '{{json .}}'`."""
    return tuple(
        Listening((address or "").strip("[]"), port, str(one["Names"]))
        for one in _documents(lines)
        for address, first, last in _PUBLISHED.findall(str(one.get("Ports", "")))
        for port in range(int(first), int(last or first) + 1)
    )


def listening_in(table: str) -> tuple[Listening, ...]:
    """Read `/proc/net/tcp` and `/proc/net/tcp6`: the ports that somebody listens at."""
    rows = (line.split() for line in table.splitlines())
    ends = (row[1] for row in rows if row[3:4] == [_LISTENS])
    return tuple(sorted({_listening(end) for end in ends}, key=lambda one: (one.port, one.address)))


def _listening(end: str) -> Listening:
    address, _, port = end.partition(":")
    whole = address.removeprefix(_MAPPED)
    plain = str(IPv4Address(bytes.fromhex(whole)[::-1])) if len(whole) == _IPV4_DIGITS else ""
    return Listening(plain, int(port, 16), "")


def ways_in(table: str) -> tuple[str, ...]:
    """Read `/proc/net/route`: the subnets that the host reaches, without the way to everywhere else."""
    found = []
    for row in (line.split() for line in table.splitlines()[1:]):
        _, way, *_, mask = row[:8]
        if mask.strip("0"):
            numbers = (IPv4Address(bytes.fromhex(word)[::-1]) for word in (way, mask))
            found.append(str(IPv4Network("/".join(map(str, numbers)))))
    return tuple(sorted(set(found)))


def colliding(subnet: str, found: Surroundings) -> str:
    """Tell who has addresses of a subnet already; empty where nobody has."""
    wanted = IPv4Network(subnet)
    for network in found.networks:
        for one in network.subnets:
            if IPv4Network(one).overlaps(wanted):
                return f"the docker network {network.name} ({one})"
    return next((f"the host's route to {way}" for way in found.ways if IPv4Network(way).overlaps(wanted)), "")


def taken(ports: Iterable[str], found: Surroundings, proxy: str) -> tuple[str, ...]:
    """Tell which of the ports (`0.0.0.0:80:80`) somebody else than the proxy listens at, and who."""
    told = []
    own = {(one.address, one.port) for one in found.listening if one.who == proxy}
    for address, port in ((one.split(":")[0], int(one.split(":")[1])) for one in ports):
        others = [one for one in found.listening if one.meets(address, port) and one.who != proxy]
        named = next((one.who for one in others if one.who), "")
        if named:
            told.append(f"port {port} is taken by the container {named}")
        elif others and not any(port == mine for _, mine in own):
            told.append(f"port {port} is taken by a program of the host (`sudo ss -ltnp sport = :{port}` tells which)")
    return tuple(told)


def _documents(lines: str) -> list[dict[str, Any]]:
    try:
        return [json.loads(line) for line in lines.splitlines() if line.strip()]
    except ValueError as error:
        raise Garbled(f"Docker's answer could not be understood: {error}.") from error
