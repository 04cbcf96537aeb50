"""The reverse proxy of the stage's server, set up for a compose project as `./shipmate host setup` does it."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import PurePosixPath
from typing import Any

from config.targets import ComposeTarget
from tests.stage.bridge import claimed
from tests.stage.engine import Engine
from tests.stage.proxies import publish_haproxy
from tests.stage.stage import Stage
from tools.clock import SystemClock
from tools.instances import Instances
from tools.local import LocalHost
from tools.proxies.haproxy import CONTAINER
from tools.proxies.host_setup import HostSetup
from tools.proxies.kinds import Place, proxy_of
from tools.proxies.port import NETWORK, Backend
from tools.proxies.setting_up import VOLUME


def behind(stage: Stage) -> dict[str, Any]:
    """Tell what the settings of a proxy on this stage's server must say."""
    return {"image": publish_haproxy(stage.registry), "subnet": subnet_of(stage.server), "memory": "128M"}


def subnet_of(engine: Engine) -> str:
    """Name addresses for the network `shipmate` of one engine: no other engine of this machine has them."""
    bridge = claimed(engine.directory, engine.toolset)
    return str(list(IPv4Network(bridge.range).subnets(new_prefix=25))[-1]) if bridge else "10.231.57.0/25"


@dataclass(frozen=True, slots=True)
class Front:
    """What stands in front of one project with one component; for callers that are not asynchronous."""

    stage: Stage
    target: ComposeTarget
    project: str
    component: str

    def prepare(self) -> None:
        """Set the host up; repeated, nothing happens."""
        _run(self._prepare())

    def ask(self, container: str) -> None:
        """Let a running container take the requests, as an operator would who brings a service behind the proxy."""
        _run(self._ask(container))

    def asked(self) -> tuple[str, ...]:
        """Name the containers that take the requests."""
        backends: tuple[Backend, ...] = _run(self._proxy().backends(self.component))
        return tuple(one.name for one in backends)

    def remove(self) -> None:
        """Take the proxy off the server, with the routes of all projects: their ports may be somebody else's then."""
        self.stage.server.docker("rm", "--force", "--volumes", CONTAINER)
        self.stage.server.docker("volume", "rm", "--force", VOLUME)

    async def _prepare(self) -> None:
        assert self.target.proxy
        setup = HostSetup(self._host, self.target.proxy, self.project, SystemClock())
        await setup.apply(*await setup.look())

    async def _ask(self, container: str) -> None:
        assert self.target.proxy
        where = (self._host, self.target.directory, PurePosixPath(self.target.file), self.project)
        one = await Instances(*where).connect(container, 1)
        port = self.target.proxy.routes[self.component].port
        await self._proxy().point(self.component, [Backend(one.id[:12], one.addresses[NETWORK], port)], 1)

    @property
    def _host(self) -> LocalHost:
        return LocalHost("server", self.stage.server.env())

    def _proxy(self) -> Any:
        assert self.target.proxy
        place = Place(self.target.directory, self.project, {self.component: self.component})
        return proxy_of(self.target.proxy, self._host, place, SystemClock())


def _run(work: Coroutine[Any, Any, Any]) -> Any:
    """Do something asynchronous in a loop of its own, also where the caller's thread has one that runs."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()
