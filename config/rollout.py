"""What an operator declares about how a new version takes over from the old one."""

from datetime import timedelta
from typing import Literal

from pydantic import Field

from config.duration import Duration
from config.settings import Name, Settings


class Route(Settings):
    """How requests reach one component through the host's reverse proxy."""

    port: int = Field(ge=1, le=65535)
    """Port that the component listens on inside its container; it is not published on the host."""
    listen: int | None = Field(default=None, ge=1, le=65535)
    """Port of the host that the proxy takes requests at; for `haproxy` only, other proxies have a file of their own."""


class ReverseProxy(Settings):
    """The reverse proxy in front of the service, on every host of the target."""

    kind: Literal["haproxy", "nginx", "caddy", "labels"] = "haproxy"
    """`haproxy` is the one that `./shipmate host setup` sets up; the others are proxies that the host has already."""
    routes: dict[Name, Route] = Field(min_length=1)
    """Component -> its route. A component without one takes no requests and is recreated."""


class Rolling(Settings):
    """How old and new stand next to each other."""

    drain: Duration = timedelta(seconds=10)
    """How long requests under way at the switch may take to end before their instance is stopped."""
    warm: Duration = timedelta(minutes=10)
    """How long the old version goes on running after the release was verified, so that going back is a switch."""
