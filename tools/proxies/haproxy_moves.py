"""What HAProxy's runtime API answers, and what it is told so that other instances take the requests. Pure."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from tools.errors import Garbled
from tools.proxies.port import Backend, Traffic

OUT = ("MAINT", "DRAIN")


@dataclass(frozen=True, slots=True)
class Standing:
    """One server as the proxy knows it now."""

    name: str
    address: str
    """`IP:PORT`."""
    weight: int
    serving: bool
    """Whether it takes new requests."""
    traffic: Traffic

    @property
    def backend(self) -> Backend:
        """What the rest of us knows of it."""
        address, _, port = self.address.rpartition(":")
        return Backend(self.name, address, int(port), self.weight)


@dataclass(frozen=True, slots=True)
class Moves:
    """Commands in the order in which no request is lost."""

    joining: tuple[str, ...]
    """First: who shall take requests, takes them."""
    undoing: tuple[str, ...]
    """Only where one of those is refused."""
    leaving: tuple[str, ...]
    """Last: who shall not, takes no more."""


def standing_in(answer: str) -> tuple[Standing, ...]:
    """Read the answer to `show stat NAME 4 -1`; nothing where the proxy does not know the name."""
    lines = answer.strip().splitlines()
    if not lines or not lines[0].startswith("# "):
        return ()
    lines[0] = lines[0].removeprefix("# ")
    try:
        return tuple(map(_standing, csv.DictReader(lines)))
    except (KeyError, TypeError, ValueError) as error:
        raise Garbled(f"The proxy's counters could not be understood: {error!r}.") from error


def _standing(row: Mapping[str, str]) -> Standing:
    requests = int(row["stot"])
    latency = timedelta(milliseconds=int(row["rtime"])) if requests and row["rtime"] else None
    # A request that broke off may count twice: by itself, and by the 502 that the proxy gave in its place.
    errors = min(requests, int(row["hrsp_5xx"] or 0) + _unanswered(row))
    traffic = Traffic(requests, errors, latency, int(row["scur"]))
    out = row["status"].startswith(OUT)
    return Standing(row["svname"], row["addr"], int(row["weight"]), not out, traffic)


def _unanswered(row: Mapping[str, str]) -> int:
    """Count requests that got no answer at all: connections refused, and answers that broke off."""
    return int(row["econ"] or 0) + int(row["eresp"] or 0)


def moves(name: str, standing: Sequence[Standing], wanted: Iterable[Backend]) -> Moves:
    """Tell how exactly these come to take the requests of a route; nothing where they do."""
    known = {one.name: one for one in standing}
    backends = {one.name: one for one in wanted}
    joining = [command for one in backends.values() for command in _join(name, known.get(one.name), one)]
    undoing = [command for one in backends.values() for command in _undo(name, known.get(one.name), one)]
    gone = [one for one in standing if one.name not in backends]
    leaving = [f"set server {name}/{one.name} state maint" for one in gone if one.serving]
    forgotten = [f"del server {name}/{one.name}" for one in gone if not one.serving and not one.traffic.open]
    return Moves(tuple(joining), tuple(undoing), (*leaving, *forgotten))


def _join(name: str, known: Standing | None, wanted: Backend) -> list[str]:
    server, address = f"{name}/{wanted.name}", f"{wanted.address}:{wanted.port}"
    if known is None:
        return [f"add server {server} {address} weight {wanted.weight}", f"enable server {server}"]
    return [
        *([f"set server {server} addr {wanted.address} port {wanted.port}"] if known.address != address else []),
        *([f"set server {server} weight {wanted.weight}"] if known.weight != wanted.weight else []),
        *([] if known.serving else [f"set server {server} state ready"]),
    ]


def _undo(name: str, known: Standing | None, wanted: Backend) -> list[str]:
    server = f"{name}/{wanted.name}"
    if known is None:
        return [f"set server {server} state maint", f"del server {server}"]
    was = known.backend
    return [
        *([] if known.serving else [f"set server {server} state maint"]),
        *([f"set server {server} addr {was.address} port {was.port}"] if was.address != wanted.address else []),
        *([f"set server {server} weight {was.weight}"] if was.weight != wanted.weight else []),
    ]
