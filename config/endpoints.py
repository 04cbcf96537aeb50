"""What cannot be meant about the addresses that a service on servers is asked at, although each is an address."""

from collections.abc import Collection, Iterator, Sequence
from urllib.parse import urlsplit

from config.contracts import Health, Probe
from config.contradiction import Contradiction
from config.document import Location
from config.service import Environment
from config.targets import ComposeTarget

LOOPBACK = ("127.0.0.1", "localhost", "::1")
"""Hosts of addresses that a server may be asked at, which is always done from the server itself."""
_PORTS = {"http": 80, "https": 443}


def endpoint_contradictions(
    at: Location, environment: Environment, target: ComposeTarget, components: Collection[str]
) -> Iterator[Contradiction]:
    """Object to addresses that no server can be asked at, as it asks only itself, and only where its proxy listens."""
    listening = _listening(target, components)
    for place, probe in _probes(environment):
        fault = _fault(probe.url, listening)
        if fault:
            yield Contradiction((*at, *place, "url"), fault)


def _probes(environment: Environment) -> Iterator[tuple[Location, Probe]]:
    """List what is asked, each with its place."""
    yield from _declared((), environment.health, environment.smoke)
    for name, own in environment.components.items():
        yield from _declared(("components", name), own.health, own.smoke or ())


def _declared(at: Location, health: Health | None, smoke: Sequence[Probe]) -> Iterator[tuple[Location, Probe]]:
    if health is not None:
        yield (*at, "health", "probe"), health.probe
    for index, probe in enumerate(smoke):
        yield (*at, "smoke", index), probe


def _listening(target: ComposeTarget, components: Collection[str]) -> tuple[int, ...]:
    """List the only ports that can answer; empty where others may: of another proxy, or of a component without one."""
    proxy = target.proxy
    if proxy is None or proxy.kind != "haproxy" or not target.rolls or set(components) - set(proxy.routes):
        return ()
    return tuple(sorted(route.listen for route in proxy.routes.values() if route.listen))


def _fault(url: str, listening: Sequence[int]) -> str:
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS[parts.scheme]
    except ValueError:
        return "is no address that can be asked; write one such as http://127.0.0.1:8080/health"
    if parts.hostname not in LOOPBACK:
        here = parts._replace(netloc=f"127.0.0.1:{port}").geturl()
        return f"is asked from the server itself, and only on its own loopback address; write one such as {here}"
    if listening and port not in listening:
        ports = " or ".join(map(str, listening))
        return f"asks port {port}, where nothing listens: write the `listen` of the component's route, {ports}"
    return ""
