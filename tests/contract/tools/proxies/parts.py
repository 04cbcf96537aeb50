"""Real reverse proxies, each with the settings that a user of Shipmate gives it, and one route to the same service."""

import asyncio
import os
from abc import ABC, abstractmethod
from datetime import timedelta
from pathlib import Path, PurePosixPath

from config.rollout import ReverseProxy, Route
from tests.contract.tools.proxies.fleet import ROUTE
from tests.contract.tools.web import until
from tests.emulators.label_router import LabelRouter
from tests.stage.daemon import Daemon
from tests.stage.front import subnet_of
from tests.stage.parlour.image import PORT
from tests.stage.ports import LOOPBACK, free_port, listens
from tests.stage.proxies import proxy_program, publish_haproxy
from tests.stage.stage import Stage
from tools.clock import Clock, SystemClock
from tools.hosts import Host
from tools.proxies.haproxy import CONTAINER
from tools.proxies.host_setup import HostSetup
from tools.proxies.inclusion import put_first_files
from tools.proxies.kinds import Place, proxy_of
from tools.proxies.port import NETWORK, Proxy
from tools.proxies.reloaded import CADDY, NGINX, file_for
from tools.proxies.setting_up import VOLUME, described

REFRESH = timedelta(seconds=1)
NGINX_CONF = """\
daemon off;
worker_processes 2;
pid {home}/nginx.pid;
error_log {home}/error.log warn;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {home}/body;
    proxy_temp_path {home}/proxied;
    fastcgi_temp_path {home}/fastcgi;
    uwsgi_temp_path {home}/uwsgi;
    scgi_temp_path {home}/scgi;
    include {file};
    server {{
        listen {address}:{port};
        location / {{
            proxy_pass http://{project}.{route};
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $host;
        }}
    }}
}}
"""
CADDYFILE = """\
{{
    admin {address}:{admin}
    auto_https off
}}
http://:{port} {{
    bind {address}
    import {file}
}}
"""


class Part(ABC):
    """One proxy that serves one route of one project."""

    kind = ""
    keeps_every_request = True
    """Whether it loses none; otherwise it may, when it takes a new configuration."""

    def __init__(self, stage: Stage, host: Host, directory: Path, project: str) -> None:
        self.stage = stage
        self.host = host
        self.directory = directory
        self.project = project
        self.port = free_port()
        self.proxy: Proxy = self.another()

    @abstractmethod
    def settings(self) -> ReverseProxy:
        """What the service's file says of it."""

    async def set_up(self) -> tuple[str, ...]:
        """Do what `host setup` does; returns what that was."""
        setup = HostSetup(self.host, self.settings(), self.project, SystemClock())
        todo, found = await setup.look()
        await setup.apply(todo, found)
        directory = PurePosixPath(self.directory / "service")
        await put_first_files(self.settings(), self.host, directory, self.project)
        return described(todo, self.settings())

    @abstractmethod
    async def start(self) -> None:
        """Make it run."""

    @abstractmethod
    async def stop(self) -> None:
        """End it."""

    @abstractmethod
    async def restart(self) -> None:
        """End it as a machine that goes down does, and start it again."""

    def another(self, directory: str = "service") -> Proxy:
        """Make the adapter, as another process would."""
        place = Place(PurePosixPath(self.directory / directory), self.project, {ROUTE: ROUTE})
        return proxy_of(self.settings(), self.host, place, self.clock())

    def clock(self) -> Clock:
        """Tell by which clock it waits."""
        return SystemClock()


class HaProxyPart(Part):
    kind = "haproxy"

    def settings(self) -> ReverseProxy:
        return ReverseProxy(
            routes={ROUTE: Route(port=PORT, listen=self.port, address=LOOPBACK)},
            image=publish_haproxy(self.stage.registry),
            subnet=subnet_of(self.stage.server),
            memory="128M",
        )

    async def start(self) -> None:
        """The setup does all of it."""

    async def stop(self) -> None:
        self.stage.server.docker("rm", "--force", CONTAINER)
        self.stage.server.docker("volume", "rm", "--force", VOLUME)

    async def restart(self) -> None:
        self.stage.server.docker("kill", CONTAINER)
        self.stage.server.docker("start", CONTAINER)


class ProgramPart(Part):
    """nginx and Caddy: programs of the host."""

    _daemon: Daemon | None = None
    suffix = ""

    @property
    def home(self) -> Path:
        return self.directory / self.kind

    @abstractmethod
    def prepare(self) -> list[str]:
        """Write its settings; returns the command that runs it."""

    async def start(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        command = self.prepare()
        env = {
            "HOME": str(self.home),
            "XDG_CONFIG_HOME": str(self.home),
            "XDG_DATA_HOME": str(self.home),
            "PATH": os.environ["PATH"],
        }
        self._daemon = Daemon(command, self.home / "log", env)
        self._daemon.wait_until(lambda: listens(self.port))

    async def stop(self) -> None:
        if self._daemon:
            self._daemon.stop()

    async def restart(self) -> None:
        await self.stop()
        await self.start()


class NginxPart(ProgramPart):
    kind = "nginx"
    keeps_every_request = False

    def settings(self) -> ReverseProxy:
        nginx = (str(proxy_program("nginx")), "-q", "-p", str(self.home), "-c", str(self.home / "nginx.conf"))
        return ReverseProxy(
            kind="nginx",
            routes={ROUTE: Route(port=PORT)},
            subnet=subnet_of(self.stage.server),
            test=(*nginx, "-t"),
            reload=(*nginx, "-s", "reload"),
        )

    def prepare(self) -> list[str]:
        file = file_for(PurePosixPath(self.directory / "service"), f"{self.project}.{ROUTE}", NGINX)
        words = {"home": self.home, "file": file, "address": LOOPBACK, "port": self.port}
        (self.home / "nginx.conf").write_text(NGINX_CONF.format(**words, project=self.project, route=ROUTE))
        return [str(proxy_program("nginx")), "-p", str(self.home), "-c", str(self.home / "nginx.conf")]


class CaddyPart(ProgramPart):
    kind = "caddy"
    keeps_every_request = False

    def __init__(self, stage: Stage, host: Host, directory: Path, project: str) -> None:
        self.admin = free_port()
        super().__init__(stage, host, directory, project)

    def settings(self) -> ReverseProxy:
        caddy = ("env", f"HOME={self.home}", str(proxy_program("caddy")))
        file = ("--adapter", "caddyfile", "--config", str(self.home / "Caddyfile"))
        address = ("--address", f"{LOOPBACK}:{self.admin}")
        return ReverseProxy(
            kind="caddy",
            routes={ROUTE: Route(port=PORT)},
            subnet=subnet_of(self.stage.server),
            test=(*caddy, "validate", *file),
            reload=(*caddy, "reload", *file, *address),
        )

    def prepare(self) -> list[str]:
        file = file_for(PurePosixPath(self.directory / "service"), f"{self.project}.{ROUTE}", CADDY)
        words = {"file": file, "address": LOOPBACK, "port": self.port, "admin": self.admin}
        (self.home / "Caddyfile").write_text(CADDYFILE.format(**words))
        return [str(proxy_program("caddy")), "run", "--adapter", "caddyfile", "--config", str(self.home / "Caddyfile")]


class RouterClock(SystemClock):
    """Let the time for which a proxy is waited end when it has really looked: no machine is too slow for that."""

    def __init__(self, part: "LabelsPart") -> None:
        self._part = part

    async def sleep(self, duration: timedelta) -> None:
        if duration != REFRESH or self._part.router is None:
            await SystemClock.sleep(self, duration)
            return
        router, looks = self._part.router, self._part.router.looks
        await until(lambda: router.looks >= looks + 2)  # the next one to end may have begun before


class LabelsPart(Part):
    kind = "labels"
    router: LabelRouter | None = None

    def settings(self) -> ReverseProxy:
        return ReverseProxy(
            kind="labels",
            routes={ROUTE: Route(port=PORT)},
            subnet=subnet_of(self.stage.server),
            refresh=REFRESH,
        )

    def clock(self) -> Clock:
        return RouterClock(self)

    async def start(self) -> None:
        self.router = LabelRouter(self.port, self._healthy)
        await asyncio.to_thread(self.router.start)

    async def stop(self) -> None:
        if self.router:
            await asyncio.to_thread(self.router.stop)

    async def restart(self) -> None:
        await self.stop()
        await self.start()

    def _healthy(self) -> list[str]:
        label = f"label=com.docker.compose.project={self.project}"
        found = self.stage.server.docker("ps", "--quiet", "--filter", label, "--filter", "health=healthy").split()
        form = "{{.NetworkSettings.Networks." + NETWORK + ".IPAddress}}"
        addresses = self.stage.server.docker("inspect", "--format", form, *found).split() if found else []
        return sorted(f"{address}:{PORT}" for address in addresses)
