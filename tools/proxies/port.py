"""What a release needs of a reverse proxy, whichever it is: requests moved from one instance to another, none lost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

NETWORK = "shipmate"
"""Docker network on every host with a proxy. Instances have fixed addresses in it, so they keep them over a restart."""


def name_of(project: str, route: str) -> str:
    """Name a component's route among all those of a host: no two compose projects there share a name."""
    return f"{project}.{route}"


@dataclass(frozen=True, slots=True)
class Backend:
    """One instance that may take requests."""

    name: str
    """First twelve digits of its container's id."""
    address: str
    """IP address in the network `shipmate`."""
    port: int
    weight: int = 100
    """Share of new requests, in relation to the other backends of the route; 0 to 100."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """What a backend was asked and how it answered, counted since the proxy knows it."""

    requests: int
    errors: int
    """Answers with 5xx, and requests that got none."""
    latency: timedelta | None = None
    """Mean of the last requests; None where the proxy does not tell."""
    open: int = 0
    """Requests under way."""


class Proxy(Protocol):
    """The proxy of one host, as one compose project sees it: routes go by the names of components.

    Every effect converges: repeating it changes nothing.
    """

    async def backends(self, route: str) -> tuple[Backend, ...]:
        """List the instances that take new requests now; none where the route is not known yet."""
        ...

    async def point(self, route: str, backends: Sequence[Backend], fence: int) -> None:
        """Let exactly these instances take new requests; returns once that is so, and it outlives the proxy's restart.

        Requests under way elsewhere go on to their end. Raises `ToolError` where the proxy refuses, and then what was
        in force stays so; `Superseded` where a newer run holds the target.
        """
        ...

    async def readmit(self, route: str, backend: Backend, fence: int) -> None:
        """Let an instance that was taken out be well again, before `point`; nothing where that does not depend on us.

        Whether it is well is not told: one that is not, or does not run, is no error here.
        """
        ...

    async def drained(self, route: str, backend: Backend, limit: timedelta) -> bool:
        """Wait until an instance that takes no new requests has answered all it had; False past the limit."""
        ...

    async def traffic(self, route: str) -> Mapping[str, Traffic]:
        """Tell by a backend's name what it was asked and how it answered; empty where the proxy does not tell."""
        ...
