"""The observer service on a stage: its repository, its server with a version running, and a bot's settings for it."""

import copy
import http.client
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.stage.commands import execute
from tests.stage.images import PYTHON, PYTHON_TEST
from tests.stage.observer.repository import build_observer
from tests.stage.ports import free_port
from tests.stage.registry import Registry
from tests.stage.stage import Stage

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "config" / "services" / "observer.yaml"
PROGRAM_USER = 10001
"""The user `qts` of the sample's image, who must be able to write into the server's directories."""
DIRECTORIES = ("data", "logs", "config")
OVERRIDES: Mapping[str, Any] = {
    "health": {"timeout": "15s", "retries": 0},
    "watch": {"window": "2s", "every": "400ms", "latency_floor": "200ms"},
}
"""Shorter than an operator would want: a scene must not take minutes, on a machine that may be busy with others."""


@dataclass(slots=True)
class Site:
    """One bot's world: everything lies below `directory`, which the stage removes."""

    stage: Stage
    directory: Path
    approval: Mapping[str, Any] = field(default_factory=lambda: {"approvers": ["U0HANA", "terminal:hana"]})
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Further settings of the environment, laid over all others."""
    environments: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Further environments on the same server, each in a directory of its own, with what it has differently."""
    registry: Registry | None = None
    """Where the service's image lives; the stage's own registry, which asks nobody to log in, where there is none."""
    failures: Mapping[str, Any] = field(default_factory=dict)
    """When failures in a row are reported, and when they lock."""

    @property
    def image(self) -> str:
        """The service's image repository in the stage's registry."""
        return f"{(self.registry or self.stage.registry).address}/acme/observer"

    @property
    def server_directory(self) -> Path:
        """The service's directory on the server."""
        return self.directory / "server" / "observer"

    @property
    def repository(self) -> Path:
        """The sample repository."""
        return self.directory / "observer"

    @property
    def bare(self) -> Path:
        """A bare clone of it, as a hosting service keeps one."""
        return self.directory / "observer.git"

    @property
    def config(self) -> Path:
        """The bot's settings file."""
        return self.directory / "config" / "shipmate.yaml"

    def prepare(self, running: str = "v1.2.2") -> None:
        """Make repository, settings and server; start a version by hand, as somebody did before the bot came."""
        base = f"{self.stage.registry.address}/{PYTHON}"
        build_observer(self.repository, base_image=base, image=self.image)
        execute(("git", "clone", "--quiet", "--mirror", self.repository, self.bare))
        self.port = free_port()
        self._write_settings()
        self._make_server()
        if running:
            self.start_by_hand(running)

    port: int = 0
    secret: str = field(default_factory=lambda: secrets.token_hex(16))
    """The value of the service's own credentials, in the env file on its server and nowhere else."""

    def environ(self, **more: str) -> dict[str, str]:
        """Give the environment of a bot process for this site; credentials are the caller's."""
        return {
            **{name: value for name, value in os.environ.items() if name in {"HOME", "LANG", "PATH"}},
            **self.stage.bot.env(),
            "SHIPMATE_CONFIG": str(self.config),
            "LANGGRAPH_STRICT_MSGPACK": "true",
            "LANGSMITH_TRACING": "false",
            "MALLOC_ARENA_MAX": "2",
            **more,
        }

    def answer(self, path: str = "/") -> tuple[int, str]:
        """Ask the running service, as its users do; status 0 where nothing answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read().decode()
        except OSError as error:
            return 0, str(error)
        finally:
            connection.close()

    def running(self) -> str:
        """Tell the tag of the image that the server runs."""
        listed = self.stage.server.docker(
            "ps", "--filter", "label=com.docker.compose.service=observer", "--format", "{{.Image}}"
        )
        return listed.strip().rpartition(":")[2]

    def start_by_hand(self, version: str) -> None:
        """Build, push and start a version without Shipmate."""
        sources = self.directory / f"by-hand-{version}"
        sources.mkdir(parents=True)
        self._git("--work-tree", str(sources), "checkout", "--quiet", "--force", version, "--", ".")
        reference = f"{self.image}:{version}"
        named = ("--build-arg", f"VERSION={version}", "--tag", reference)
        self.stage.bot.docker("buildx", "build", "--load", "--quiet", *named, str(sources))
        self.stage.bot.docker("push", "--quiet", reference)
        compose = (sources / "docker-compose.server.yml").read_text()
        (self.server_directory / "docker-compose.server.yml").write_text(compose)
        self.compose("up", "--detach", "--wait", version=version)

    def clear(self) -> None:
        """Take the service off the server, so that the next site finds none."""
        found = self.stage.server.docker(
            "ps", "--all", "--quiet", "--filter", "label=com.docker.compose.project=observer"
        )
        if found.split():
            self.stage.server.docker("rm", "--force", "--volumes", *found.split())

    def compose(self, *words: str, version: str) -> str:
        """Run compose on the server, as a person there would."""
        file = self.server_directory / "docker-compose.server.yml"
        argv = (
            "compose",
            "--project-name",
            "observer",
            "--project-directory",
            str(self.server_directory),
            "--file",
            str(file),
        )
        return self.stage.server.docker(*argv, *words, variables={"IMAGE_TAG": version})

    def _write_settings(self) -> None:
        services = self.config.parent / "services"
        services.mkdir(parents=True)
        bot = {
            "services": "services",
            "workspace": str(self.directory / "work"),
            "database": f"sqlite:///{self.directory / 'shipmate.db'}",
            "failures": dict(self.failures),
            "slack": {
                "releases_channel": "C0REL",
                "escalation_channel": "C0ONCALL",
                "edit_every": "800ms",
                "post_every": "50ms",
            },
        }
        self.config.write_text(yaml.safe_dump(bot, sort_keys=False))
        (services / "observer.yaml").write_text(yaml.safe_dump(self._service(), sort_keys=False))
        self._share_scanner()

    def _share_scanner(self) -> None:
        """Let all bots of a stage use one compiled scanner; compiling it takes seconds."""
        shared = self.stage.directory / "scanner"
        shared.mkdir(mode=0o700, exist_ok=True)
        work = self.directory / "work"
        work.mkdir()
        (work / "scanner").symlink_to(shared)

    def _service(self) -> dict[str, Any]:
        """Take the settings that ship with the bot, and put this stage's places in."""
        service: dict[str, Any] = yaml.safe_load(SHIPPED.read_text())
        service["repository"] = {**service["repository"], "url": str(self.bare)}
        service["components"]["observer"]["image"] = self.image
        for suite in service["suites"].values():
            if suite.get("image"):
                suite["image"] = f"{self.stage.registry.address}/{PYTHON_TEST}"
        environment = service["environments"]["production"]
        service["environments"] = {"production": environment}
        ssh = self.stage.ssh
        environment["target"] |= {
            "directory": str(self.server_directory),
            "hosts": [
                {
                    "name": "observer-1",
                    "address": "127.0.0.1",
                    "port": ssh.port,
                    "user": ssh.user,
                    "key": str(ssh.key),
                    "known_hosts": str(ssh.known_hosts),
                }
            ],
        }
        environment["approval"] = dict(self.approval)
        environment["health"]["probe"]["url"] = f"http://127.0.0.1:{self.port}/health"
        environment["smoke"] = [{"url": f"http://127.0.0.1:{self.port}/"}]
        _lay_over(environment, {**OVERRIDES, **self.extra})
        for name, different in self.environments.items():
            own = {"target": {"directory": str(self.server_directory.with_name(name)), "project": f"observer-{name}"}}
            service["environments"][name] = _lay_over(_lay_over(copy.deepcopy(environment), own), different)
        return service

    def _make_server(self) -> None:
        for place in ("observer", *self.environments):
            self._make_place(self.server_directory.with_name(place))

    def _make_place(self, directory: Path) -> None:
        """Make what the service needs to find on its server."""
        directory.mkdir(parents=True)
        for name in DIRECTORIES:
            (directory / name).mkdir()
            os.chown(directory / name, PROGRAM_USER, PROGRAM_USER)
        lines = (
            f"OBSERVER_PORT={self.port}",
            "QTS_OBSERVER_STANDALONE=1",
            f"KIS_API_KEY={self.secret}",
            f"KIS_API_SECRET={self.secret}",
        )
        env = directory / ".env"
        env.write_text("\n".join(lines) + "\n")
        env.chmod(0o600)

    def _git(self, *words: str) -> None:
        execute(("git", f"--git-dir={self.repository / '.git'}", *words))


def _lay_over(environment: dict[str, Any], sections: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    for section, values in sections.items():
        environment[section] = {**environment.get(section, {}), **values}
    return environment
