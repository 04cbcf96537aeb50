"""The kodex service on a stage: its repository, and its server with a version running in production."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from config.targets import ComposeTarget
from tests.stage.commands import execute
from tests.stage.front import Front, behind
from tests.stage.images import PYTHON_TEST
from tests.stage.kodex.bases import publish_base
from tests.stage.kodex.repository import FIRST, build_kodex
from tests.stage.ports import free_port
from tests.stage.site import OVERRIDES, Site, lay_over

PROGRAM_USER = 10001
"""The user `appuser` of the sample's image, who must be able to write into the server's directories."""
PRODUCTION, STAGING = "production", "staging"
PATHS = ("/", "/search?q=started", "/speak?text=hello")
ENOUGH_FOR_ALL_LIBRARIES = 20_000_000
"""The largest file of the sample's image that is no weights; a trap of 30 MB is enough then."""


@dataclass(slots=True)
class KodexSite(Site):
    """S3 `kodex`: an AI service in two environments on one server, reached by SSH."""

    service: ClassVar[str] = "kodex"

    ports: dict[str, int] = field(default_factory=dict)

    @property
    def image(self) -> str:
        """The service's image repository."""
        return self.image_of("kodex")

    def place(self, environment: str) -> Path:
        """Name an environment's directory on the server."""
        return self.server_directory if environment == PRODUCTION else self.server_directory.with_name("kodex-staging")

    def prepare(self, running: str = FIRST) -> None:
        """Make repository, settings and server; start a version by hand, as somebody did before the bot came."""
        self.directory.mkdir(parents=True, exist_ok=True)
        base = publish_base(self.stage.registry, self.directory)
        build_kodex(self.bare, base_image=base, image=self.image)
        self.ports = {PRODUCTION: free_port(), STAGING: free_port()}
        self.port = self.ports[PRODUCTION]
        for environment in self.ports:
            self._make_place(environment)
        self.write_settings()
        for environment in self.ports:
            self._front(environment).prepare()
        if running:
            self.start_by_hand(running)

    def start_by_hand(self, version: str) -> None:
        """Build, push and start a version in production without Shipmate."""
        sources = self.directory / f"by-hand-{version}"
        sources.mkdir(parents=True)
        checkout = ("checkout", "--quiet", "--force", version, "--", ".")
        execute(("git", f"--git-dir={self.bare}", "--work-tree", sources, *checkout))
        reference = f"{self.image}:{version}"
        self.stage.bot.docker("buildx", "build", "--load", "--quiet", "--tag", reference, str(sources))
        self.stage.bot.docker("push", "--quiet", reference)
        compose = self.server_directory / "docker-compose.yml"
        compose.write_text((sources / "docker-compose.yml").read_text())
        project = ("--project-name", "kodex", "--project-directory", str(self.server_directory), "--file", str(compose))
        variables = {"IMAGE_TAG": version}
        self.stage.server.docker("compose", *project, "up", "--detach", "--wait", variables=variables)
        container = self.stage.server.docker("compose", *project, "ps", "--quiet", variables=variables)
        self._front(PRODUCTION).ask(container.strip())

    def settings(self) -> dict[str, Any]:
        """Take the settings that ship with the bot, and put this stage's places in."""
        service = self.shipped
        service["repository"] |= {"url": str(self.bare)}
        component = service["components"]["kodex"]
        component["image"] = self.image
        component["rules"] |= {"largest_file_bytes": ENOUGH_FOR_ALL_LIBRARIES}
        service["suites"]["unit"]["image"] = f"{self.stage.registry.address}/{PYTHON_TEST}"
        for name, environment in service["environments"].items():
            address = f"http://127.0.0.1:{self.ports[name]}"
            environment["target"] |= {"directory": str(self.place(name)), "hosts": [self.host("kodex-1")]}
            environment["target"]["proxy"]["routes"]["kodex"]["listen"] = self.ports[name]
            environment["target"]["proxy"] |= behind(self.stage)
            environment["health"]["probe"]["url"] = f"{address}/health"
            environment["smoke"] = [{"url": f"{address}{path}"} for path in PATHS]
            environment["watch"].pop("metrics", None)  # the Prometheus of a test is its own
            lay_over(environment, OVERRIDES)
            lay_over(environment, self.environments.get(name, {}))
        service["environments"][PRODUCTION]["approval"] = dict(self.approval)
        lay_over(service["environments"][PRODUCTION], self.extra)
        return service

    def running(self, environment: str = PRODUCTION) -> str:
        """Tell the tag of the image whose instance takes an environment's requests."""
        asked = self._front(environment).asked()
        image = self.stage.server.docker("inspect", "--format", "{{.Config.Image}}", *asked) if asked else ""
        return image.strip().rpartition(":")[2]

    def clear(self) -> None:
        """Take both environments off the server."""
        for environment in (PRODUCTION, STAGING):
            project = f"label=com.docker.compose.project={self._project(environment)}"
            found = self.stage.server.docker("ps", "--all", "--quiet", "--filter", project).split()
            if found:
                self.stage.server.docker("rm", "--force", "--volumes", *found)
        self._front(PRODUCTION).remove()

    def _front(self, environment: str) -> Front:
        target = ComposeTarget.model_validate(self.settings()["environments"][environment]["target"])
        return Front(self.stage, target, self._project(environment), "kodex")

    def _project(self, environment: str) -> str:
        return "kodex" if environment == PRODUCTION else f"kodex-{environment}"

    def _make_place(self, environment: str) -> None:
        """Make what the service needs to find on its server."""
        directory = self.place(environment)
        for name in ("data", "static/tts", "models"):
            (directory / name).mkdir(parents=True)
        for name in ("data", "static", "static/tts"):
            os.chown(directory / name, PROGRAM_USER, PROGRAM_USER)
        (directory / "models" / "de.safetensors").write_bytes(bytes(1000))
        env = directory / ".env"
        env.write_text(f"KODEX_API_KEY={self.secret}\n")
        env.chmod(0o600)
