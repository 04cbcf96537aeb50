"""A few separate hosts, each with a loopback of its own: what is asked there is answered there."""

import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import aiohttp
from typing_extensions import override

from tests.stage.commands import StageError, execute
from tests.stage.daemon import Daemon
from tests.stage.engine import Engine
from tests.stage.observer.tree import Tree
from tests.stage.parlour.image import Behaviour, publish_parlour
from tests.stage.parlour.site import FILE, FIRST, ParlourSite
from tests.stage.ports import free_port
from tests.stage.sshd import SshServer
from tests.stage.stage import Stage
from tests.stage.versions import publish

SEEN_PORT = 8080
"""Where every host answers on its own loopback."""
_BETWEEN = Path(__file__).with_name("between.py")
_APART = """\
mount --bind "$1" "$2"
"$3" "$4" lo "$5/ssh" "$6" "$7" "$5/web" &
shift 7
exec "$@"
"""


@dataclass(slots=True)
class FleetHost:
    """One of them."""

    name: str
    engine: Engine
    ssh: SshServer
    own: Path
    """What it sees as the service's directory."""
    sockets: Path
    port: int
    """Where this machine finds what the host publishes."""

    @property
    def settings(self) -> dict[str, Any]:
        """Describe it as an operator would."""
        known = {"key": str(self.ssh.key), "known_hosts": str(self.ssh.known_hosts)}
        return {"name": self.name, "address": "127.0.0.1", "port": self.ssh.port, "user": self.ssh.user, **known}

    @property
    def running(self) -> str:
        """Tell the tag that runs, and since when."""
        return self._told("{{.Config.Image}}").rpartition(":")[2]

    @property
    def since(self) -> str:
        """Tell since when the container runs; later moments are later in the alphabet."""
        return self._told("{{.State.StartedAt}}")

    async def answers(self) -> str:
        """Tell the version that answers."""
        async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{self.port}/health") as response:
            return str((await response.json())["version"])

    def _told(self, what: str) -> str:
        containers = self.engine.docker("ps", "--quiet").split()
        return self.engine.docker("inspect", "--format", what, *containers).strip() if containers else ""


class _SshApart(SshServer):
    """Runs with files and a loopback of its own; connections come and go through sockets."""

    @override
    def start(self) -> None:
        """Start it, and who carries connections to and from its loopback."""
        apart = ["unshare", "--mount", "--net", "sh", "-c", _APART, "apart", *self._within[-5:]]
        self._within = [*apart, str(self.port), str(SEEN_PORT)]
        super().start()


class Fleet:
    """`with Fleet(stage, "name", 3) as fleet:`; needs root, for each host has files and a loopback of its own."""

    def __init__(self, stage: Stage, name: str, size: int) -> None:
        if not stage.toolset.private:
            raise StageError("Separate hosts need engines of their own: run as root on Debian.")
        self._stage = stage
        self._sockets = Path(tempfile.mkdtemp(prefix="fleet-", dir="/run"))
        self.directory = stage.scratch(name)
        self.seen = self.directory / "seen"
        """The service's directory, as every host sees it."""
        self.hosts = [self._host(f"web-{number}") for number in range(1, size + 1)]
        self._closing = ExitStack()
        self._closing.callback(shutil.rmtree, self._sockets, ignore_errors=True)

    def __enter__(self) -> Self:
        self.seen.mkdir()
        try:
            with ThreadPoolExecutor(len(self.hosts)) as pool:
                list(pool.map(self._start, self.hosts))
        except BaseException:
            self._closing.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        with ThreadPoolExecutor(len(self.hosts)) as pool:  # one after the other takes seconds each
            list(pool.map(lambda host: host.engine.stop(), self.hosts))
        self._closing.close()

    def _host(self, name: str) -> FleetHost:
        place, sockets = self.directory / name, self._sockets / name
        engine, port = Engine(place / "engine", self._stage.toolset), free_port()
        apart: list[str | Path] = [place / "files", self.seen, sys.executable, _BETWEEN, sockets]
        ssh = _SshApart(place / "ssh", self._stage.toolset, engine.env(), apart)
        return FleetHost(name, engine, ssh, place / "files", sockets, port)

    def _start(self, host: FleetHost) -> None:
        host.own.mkdir(parents=True)
        host.sockets.mkdir()
        self._closing.callback(host.engine.stop)
        host.engine.launch()
        pairs = (str(host.ssh.port), host.sockets / "ssh", host.sockets / "web", str(host.port))
        carrier = Daemon([sys.executable, str(_BETWEEN), *map(str, pairs)], self.directory / f"{host.name}.log", {})
        self._closing.callback(carrier.stop)
        self._closing.callback(host.ssh.stop)
        host.ssh.start()
        host.engine.wait()


@dataclass(slots=True)
class FleetSite(ParlourSite):
    """The sample on every host of a fleet; the last host is one on which some versions do not start."""

    fleet: Fleet | None = None

    @property
    def hosts(self) -> list[FleetHost]:
        """The hosts."""
        return self.fleet.hosts if self.fleet else []

    @property
    def server_directory(self) -> Path:
        """The service's directory, as every host sees it."""
        return self.fleet.seen if self.fleet else self.directory

    def make_server(self) -> None:
        """Let every host publish a port of its own."""
        for host in self.hosts:
            odd = "ODD_HOST=yes\n" if host is self.hosts[-1] else ""
            (host.own / ".env").write_text(f"PARLOUR_PORT={host.port}\n{odd}")

    def start_by_hand(self) -> None:
        """Start the first version on every host, as somebody did before the bot came."""
        publish_parlour(self.stage.registry, self.directory, FIRST, self.behaviour)
        with ThreadPoolExecutor(len(self.hosts)) as pool:
            list(pool.map(self._start_on, self.hosts))

    def _start_on(self, host: FleetHost) -> None:
        (host.own / FILE).write_text(self.tree[FILE])
        place = ("--project-name", self.service, "--project-directory", str(self.server_directory))
        compose = ("docker", "compose", *place, "--file", str(self.server_directory / FILE), "up", "--detach", "--wait")
        execute(host.ssh.command("env", f"IMAGE_TAG={FIRST}", *compose))

    def settings(self) -> dict[str, Any]:
        """Describe the service with all its hosts."""
        service = ParlourSite.settings(self)
        environment = service["environments"]["production"]
        environment["target"] |= {"hosts": [host.settings for host in self.hosts]}
        environment["health"]["probe"] = {"url": f"http://127.0.0.1:{SEEN_PORT}/health"}
        environment["smoke"] = [{"url": f"http://127.0.0.1:{SEEN_PORT}/"}]
        return service

    def not_for_odd_hosts(self, version: str) -> str:
        """Publish a version that does not start on the last host."""
        program = 'if __name__ == "__main__":\n'
        crash = f'{program}    if os.environ.get("ODD_HOST"):\n        sys.exit("parlour does not like this host")\n'

        def change(tree: Tree) -> Tree:
            dockerfile = tree["Dockerfile"].replace(f"VERSION={FIRST}", f"VERSION={version}")
            return tree | {"Dockerfile": dockerfile, "parlour.py": tree["parlour.py"].replace(program, crash)}

        publish(self.bare, version, on=FIRST, change=change, subject=f"Tell {version}")
        return version

    def clear(self) -> None:
        """Nothing stays on hosts that go."""


QUICK = Behaviour(start_seconds=0.1)
