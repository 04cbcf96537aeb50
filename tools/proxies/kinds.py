"""From what an operator declares to the proxy of one host."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from config.rollout import ReverseProxy
from tools.clock import Clock
from tools.hosts import Host
from tools.proxies.haproxy import HaProxy
from tools.proxies.labels import Following, Labels
from tools.proxies.port import Proxy
from tools.proxies.reloaded import CADDY, NGINX, Dialect, Reloaded


@dataclass(frozen=True, slots=True)
class Place:
    """What stands behind the proxy: one compose project in one directory of a host."""

    directory: PurePosixPath
    """Its fence holds the effects, and the files for nginx and Caddy lie there."""
    project: str
    services: Mapping[str, str]
    """Component -> the compose service that runs it."""


def proxy_of(settings: ReverseProxy, host: Host, place: Place, clock: Clock) -> Proxy:
    """Make the proxy of the declared kind."""
    if settings.kind == "haproxy":
        return HaProxy(host, place.directory, place.project)
    if settings.kind == "labels":
        services = {route: (place.services[route], of.port) for route, of in settings.routes.items()}
        following = Following(settings.marker, settings.refresh, clock)
        return Labels(host, place.directory, place.project, services, following)
    return Reloaded(host, place.directory, place.project, dialect_of(settings))


def dialect_of(settings: ReverseProxy) -> Dialect:
    """Tell how nginx or Caddy of this host is spoken to."""
    usual = NGINX if settings.kind == "nginx" else CADDY
    return replace(usual, test=settings.test or usual.test, reload=settings.reload or usual.reload)
