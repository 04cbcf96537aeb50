"""What an operator declares about how a new version takes over from the old one."""

from datetime import timedelta
from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import Field

from config.duration import Duration
from config.settings import Name, Settings

Command = Annotated[tuple[str, ...], Field(min_length=1)]


class Route(Settings):
    """How requests reach one component through the host's reverse proxy."""

    port: int = Field(ge=1, le=65535)
    """Port that the component listens on inside its container; it is not published on the host."""
    listen: int | None = Field(default=None, ge=1, le=65535)
    """Port of the host that the proxy takes requests at; for `haproxy` only, other proxies have a file of their own."""
    address: str = "0.0.0.0"  # noqa: S104 - what a web server does
    """Address of the host that goes with it: 127.0.0.1 where another proxy stands in front, for TLS."""


class ReverseProxy(Settings):
    """The reverse proxy in front of the service, on every host of the target."""

    kind: Literal["haproxy", "nginx", "caddy", "labels"] = "haproxy"
    """`haproxy` is the one that `./shipmate host setup` sets up; the others are proxies that the host has already.
    `labels`: one that finds containers by itself, such as Traefik."""
    routes: dict[Name, Route] = Field(min_length=1)
    """Component -> its route. A component without one takes no requests and is recreated."""
    subnet: str = "10.231.57.0/24"
    """Addresses of the docker network `shipmate`, which `./shipmate host setup` makes; nothing else may use them."""
    image: str = "haproxy:3.2.22"
    """Image of the proxy that is set up, for `haproxy`; it needs bash and flock, as those based on Debian have."""
    memory: str = "256M"
    """How much memory that proxy may take."""
    test: Command | None = None
    """Command on the host that tells whether nginx or Caddy would take its configuration; `sudo -n nginx -t`, or
    `caddy validate` with /etc/caddy/Caddyfile, where absent."""
    reload: Command | None = None
    """Command on the host that makes it take its configuration: `sudo -n nginx -s reload`, or `caddy reload`."""
    marker: PurePosixPath = PurePosixPath("/tmp/drain")  # noqa: S108 - inside the service's container
    """File in a container that makes its health check fail, for `labels`: an instance that has it takes no requests."""
    refresh: Duration = timedelta(seconds=3)
    """How long the proxy takes to follow what the engine says about health, for `labels`."""


class Rolling(Settings):
    """How old and new stand next to each other."""

    drain: Duration = timedelta(seconds=10)
    """How long requests under way at the switch may take to end before their instance is stopped."""
    warm: Duration = timedelta(minutes=10)
    """How long the old version goes on running after the release was verified, so that going back is a switch."""


class Canary(Settings):
    """How the first hosts with the new version are compared with those that still run the old one."""

    hosts: int = Field(default=1, ge=1)
    """So many go first, as declared; the others follow only where these are not worse."""
    share: int | None = Field(default=None, ge=1, le=50)
    """Percent of the requests of each canary that its new version gets first, to be compared with the old one beside
    it; needs a `proxy`. Absent: canaries get all of theirs, and are compared with other hosts."""
    window: Duration = timedelta(minutes=2)
    """How long both versions are asked side by side; shorter where it is clear before that the new one is worse."""
    every: Duration = timedelta(seconds=2)
    """How often."""
    requests: int = Field(default=3, ge=1, le=20)
    """So many times each host is asked each of its addresses at every look."""
    answers: int = Field(default=30, ge=5)
    """Fewer per version and address than this are not enough to tell anything."""
    confidence: float = Field(default=99, ge=80, lt=100)
    """Percent: how sure it must be that a difference in errors or latency is none by chance."""
    error_points: float = Field(default=1, gt=0, le=100)
    """Percentage points of failed requests above the old version's that are worth a rollback."""
    latency_ratio: float = Field(default=1.2, gt=1)
    """Times the old version's median latency that are worth a rollback."""
    latency_floor: Duration = timedelta(milliseconds=20)
    """A difference smaller than this is worth none, whatever its ratio."""
    unclear: Literal["go-on", "go-back"] = "go-on"
    """What is done where there were not enough answers to tell; it is told either way."""
