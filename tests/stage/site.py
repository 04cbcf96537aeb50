"""One bot's world on a stage: repositories, servers with something running, and the bot's settings for its service."""

import http.client
import os
import secrets
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import yaml

from tests.stage.commands import execute
from tests.stage.registry import Registry
from tests.stage.stage import Stage

ROOT = Path(__file__).parents[2]
OVERRIDES: Mapping[str, Any] = {
    "health": {"timeout": "15s", "retries": 0},
    "watch": {"window": "2s", "every": "400ms", "latency_floor": "200ms"},
}
"""Shorter than an operator would want: a scene must not take minutes, on a machine that may be busy with others."""


@dataclass(slots=True)
class Site(ABC):
    """One service's world: everything lies below `directory`, which the stage removes."""

    service: ClassVar[str]
    """The service's name, as in `config/services/`."""

    stage: Stage
    directory: Path
    approval: Mapping[str, Any] = field(
        default_factory=lambda: {"approvers": ["U0HANA", "terminal:hana"], "break_glass": ["U0MAX"]}
    )
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Further settings of the environment, laid over all others."""
    environments: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Further environments on the same server, each in a directory of its own, with what it has differently."""
    registry: Registry | None = None
    """Where the service's images live; the stage's own registry, which asks nobody to log in, where there is none."""
    failures: Mapping[str, Any] = field(default_factory=dict)
    """When failures in a row are reported, and when they lock."""
    bot: Mapping[str, Any] = field(default_factory=dict)
    """Further settings of the bot itself."""
    port: int = 0
    secret: str = field(default_factory=lambda: secrets.token_hex(16))
    """The value of the service's own credentials, in the env file on its server and nowhere else."""

    @abstractmethod
    def prepare(self) -> None:
        """Make repository, settings and server."""

    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """Take the service's settings that ship with the bot, and put this stage's places in."""

    @property
    def github(self) -> Mapping[str, Path]:
        """The repositories that GitHub serves, by `owner/name`."""
        return {f"acme/{self.service}": self.bare}

    @property
    def server_directory(self) -> Path:
        """The service's directory on the server."""
        return self.directory / "server" / self.service

    @property
    def repository(self) -> Path:
        """The sample repository."""
        return self.directory / self.service

    @property
    def bare(self) -> Path:
        """A bare clone of it, as a hosting service keeps one."""
        return self.directory / f"{self.service}.git"

    @property
    def config(self) -> Path:
        """The bot's settings file."""
        return self.directory / "config" / "shipmate.yaml"

    def image_of(self, name: str) -> str:
        """Name an image repository in the registry of this site."""
        return f"{(self.registry or self.stage.registry).address}/acme/{name}"

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
            "ps", "--filter", f"label=com.docker.compose.service={self.service}", "--format", "{{.Image}}"
        )
        return listed.strip().rpartition(":")[2]

    def clear(self) -> None:
        """Take the service off the server, so that the next site finds none."""
        found = self.stage.server.docker(
            "ps", "--all", "--quiet", "--filter", f"label=com.docker.compose.project={self.service}"
        )
        if found.split():
            self.stage.server.docker("rm", "--force", "--volumes", *found.split())

    @property
    def shipped(self) -> dict[str, Any]:
        """The service's settings as they ship with the bot."""
        loaded: dict[str, Any] = yaml.safe_load((ROOT / "config" / "services" / f"{self.service}.yaml").read_text())
        return loaded

    def host(self, name: str) -> dict[str, Any]:
        """Describe the stage's server, as an operator would."""
        ssh = self.stage.ssh
        return {
            "name": name,
            "address": "127.0.0.1",
            "port": ssh.port,
            "user": ssh.user,
            "key": str(ssh.key),
            "known_hosts": str(ssh.known_hosts),
        }

    def publish(self) -> None:
        """Keep a bare clone of the repository, as a hosting service does."""
        execute(("git", "clone", "--quiet", "--mirror", self.repository, self.bare))

    def write_settings(self) -> None:
        """Write the settings of the bot and of the service."""
        services = self.config.parent / "services"
        services.mkdir(parents=True, exist_ok=True)
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
            **self.bot,
        }
        self.config.write_text(yaml.safe_dump(bot, sort_keys=False))
        (services / f"{self.service}.yaml").write_text(yaml.safe_dump(self.settings(), sort_keys=False))
        self._share_scanner()

    def _share_scanner(self) -> None:
        """Let all bots of a stage use one compiled scanner; compiling it takes seconds."""
        shared = self.stage.directory / "scanner"
        shared.mkdir(mode=0o700, exist_ok=True)
        work = self.directory / "work"
        work.mkdir(exist_ok=True)
        if not (work / "scanner").exists():
            (work / "scanner").symlink_to(shared)

    def _git(self, *words: str) -> None:
        execute(("git", f"--git-dir={self.repository / '.git'}", *words))


def lay_over(environment: dict[str, Any], sections: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Put sections over those of an environment, key by key; returns the environment."""
    for section, values in sections.items():
        environment[section] = {**environment.get(section, {}), **values}
    return environment
