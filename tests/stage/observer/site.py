"""The observer service on a stage: its repository, and its server with a version running."""

import copy
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from tests.stage.images import PYTHON, PYTHON_TEST
from tests.stage.observer.repository import build_observer
from tests.stage.ports import free_port
from tests.stage.site import OVERRIDES, Site, lay_over

PROGRAM_USER = 10001
"""The user `qts` of the sample's image, who must be able to write into the server's directories."""
DIRECTORIES = ("data", "logs", "config")


@dataclass(slots=True)
class ObserverSite(Site):
    """S5 `observer`: one image, one server, reached by SSH."""

    service: ClassVar[str] = "observer"

    @property
    def image(self) -> str:
        """The service's image repository."""
        return self.image_of("observer")

    def prepare(self, running: str = "v1.2.2") -> None:
        """Make repository, settings and server; start a version by hand, as somebody did before the bot came."""
        base = f"{self.stage.registry.address}/{PYTHON}"
        build_observer(self.repository, base_image=base, image=self.image)
        self.publish()
        self.port = free_port()
        self.write_settings()
        self._make_server()
        if running:
            self.start_by_hand(running)

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

    def settings(self) -> dict[str, Any]:
        """Take the settings that ship with the bot, and put this stage's places in."""
        service = self.shipped
        service["repository"] = {**service["repository"], "url": str(self.bare)}
        service["components"]["observer"]["image"] = self.image
        for suite in service["suites"].values():
            if suite.get("image"):
                suite["image"] = f"{self.stage.registry.address}/{PYTHON_TEST}"
        environment = service["environments"]["production"]
        service["environments"] = {"production": environment}
        environment["target"] |= {"directory": str(self.server_directory), "hosts": [self.host("observer-1")]}
        environment["approval"] = dict(self.approval)
        environment["health"]["probe"]["url"] = f"http://127.0.0.1:{self.port}/health"
        environment["smoke"] = [{"url": f"http://127.0.0.1:{self.port}/"}]
        lay_over(environment, {**OVERRIDES, **self.extra})
        for name, different in self.environments.items():
            own = {"target": {"directory": str(self.server_directory.with_name(name)), "project": f"observer-{name}"}}
            service["environments"][name] = lay_over(lay_over(copy.deepcopy(environment), own), different)
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
