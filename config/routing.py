"""What cannot be meant about a reverse proxy, although every key has the right shape."""

from collections.abc import Collection, Iterator, Mapping
from ipaddress import IPv4Address, IPv4Network

from config.contradiction import Contradiction
from config.document import Location
from config.nearest import did_you_mean
from config.rollout import ReverseProxy, Route
from config.service import Service
from config.targets import ComposeTarget

SMALLEST = 26


def proxy_contradictions(at: Location, target: ComposeTarget, components: Collection[str]) -> Iterator[Contradiction]:
    """Object to a strategy without its proxy, and to a proxy that cannot do what is asked of it."""
    if target.strategy == "rolling" and target.proxy is None:
        yield Contradiction((*at, "target", "strategy"), "needs `proxy`: what moves requests to the new version")
    if target.proxy is None:
        return
    here = (*at, "target", "proxy")
    yield from _addresses(here, target.proxy)
    seen: set[int] = set()
    for component, route in target.proxy.routes.items():
        yield from _route((*here, "routes", component), target.proxy, route)
        if component not in components:
            yield Contradiction((*here, "routes", component), f"is no component{did_you_mean(component, components)}")
        if route.listen in seen:
            yield Contradiction((*here, "routes", component, "listen"), "is already the port of another route")
        seen.update([route.listen] if route.listen else [])


def proxy_collisions(services: Mapping[str, Service]) -> Iterator[tuple[str, Contradiction]]:
    """Find services that want something else of the one proxy on a machine, each with the name of its service."""
    ports: dict[tuple[str, int, int], str] = {}
    wishes: dict[tuple[str, int], tuple[str, tuple[str, ...]]] = {}
    for name, place, machine, at, proxy in _proxies(services):
        owner = f"{name} in {place}"
        for component, route in proxy.routes.items():
            first = ports.setdefault((*machine, route.listen or 0), owner)
            if first != owner:
                here = (*at, "routes", component, "listen")
                yield name, Contradiction(here, f"{route.listen} is where {first} listens on the same host")
        wanted = (proxy.image, proxy.memory, proxy.subnet)
        other, theirs = wishes.setdefault(machine, (owner, wanted))
        if theirs != wanted:
            message = f"wants another image, memory or subnet than {other}; a host has one proxy: write the same"
            yield name, Contradiction(at, message)


def _proxies(
    services: Mapping[str, Service],
) -> Iterator[tuple[str, str, tuple[str, int], Location, ReverseProxy]]:
    """List the proxies of our own kind: service, environment, machine, where it is declared, and the proxy."""
    for name, service in services.items():
        for place, environment in service.environments.items():
            target = environment.target
            if not isinstance(target, ComposeTarget) or target.proxy is None or target.proxy.kind != "haproxy":
                continue
            for host in target.hosts:
                machine = (host.address.lower(), host.port) if host.address else ("", 0)
                yield name, place, machine, ("environments", place, "target", "proxy"), target.proxy


def _addresses(here: Location, proxy: ReverseProxy) -> Iterator[Contradiction]:
    try:
        small = IPv4Network(proxy.subnet).prefixlen > SMALLEST
    except ValueError:
        yield Contradiction((*here, "subnet"), "is no subnet; write one such as 10.231.57.0/24")
        return
    if small:
        yield Contradiction((*here, "subnet"), f"is too small; the smallest is a /{SMALLEST}")


def _route(here: Location, proxy: ReverseProxy, route: Route) -> Iterator[Contradiction]:
    if proxy.kind == "haproxy" and route.listen is None:
        yield Contradiction((*here, "listen"), "is missing: the port of the host that haproxy takes requests at")
    if proxy.kind != "haproxy" and route.listen is not None:
        yield Contradiction((*here, "listen"), f"belongs into the configuration of your own {proxy.kind}; take it out")
    try:
        IPv4Address(route.address)
    except ValueError:
        yield Contradiction((*here, "address"), "is no address of a host; write one such as 127.0.0.1")
