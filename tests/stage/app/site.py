"""The app service on a stage: its repository, and the bot's own machine as its server."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from tests.stage.app.repository import FIRST, build_app
from tests.stage.commands import execute
from tests.stage.engine import Engine
from tests.stage.images import PYTHON, PYTHON_TEST
from tests.stage.oci import publish_index
from tests.stage.ports import free_port
from tests.stage.site import OVERRIDES, Site, lay_over

PLATFORMS = ("linux/amd64", "linux/arm64")
BASE = "library/python-any:3.11-slim"


@dataclass(slots=True)
class AppSite(Site):
    """S1 `app`: one image for two platforms, on the machine that the bot runs on."""

    service: ClassVar[str] = "app"

    given: bool = True
    """Whether the bot is given ENV_FILE at all."""
    greeting: str = "hello"
    more: Mapping[str, str] = field(default_factory=dict)
    """Further variables of the bot's environment."""

    @property
    def image(self) -> str:
        """The service's image repository."""
        return self.image_of("app")

    @property
    def engine(self) -> Engine:
        """The engine that builds and runs: there is one machine."""
        return self.stage.bot

    @property
    def env_file(self) -> str:
        """What the bot is given to write."""
        return f"APP_PORT={self.port}\nAPP_GREETING={self.greeting}\nAPP_TOKEN={self.secret}\n"

    def prepare(self, running: str = FIRST) -> None:
        """Make repository, settings and directory; start a version by hand, as somebody did before the bot came."""
        base = publish_index(self.stage.registry, BASE, PYTHON, ("amd64", "arm64"))
        build_app(self.bare, base_image=base, image=self.image)
        self.port = free_port()
        self.write_settings()
        self.server_directory.mkdir(parents=True)
        if running:
            self.start_by_hand(running)

    def start_by_hand(self, version: str) -> None:
        """Build, push and start a version without Shipmate, with an env file that a person wrote."""
        sources = self.directory / f"by-hand-{version}"
        sources.mkdir(parents=True)
        self._checkout(version, sources)
        reference = f"{self.image}:{self.tag(version)}"
        self.engine.docker("buildx", "build", "--load", "--quiet", "--tag", reference, str(sources))
        self.engine.docker("push", "--quiet", reference)
        (self.server_directory / "docker-compose.yml").write_text((sources / "docker-compose.yml").read_text())
        env = self.server_directory / ".env"
        env.write_text(f"APP_PORT={self.port}\nAPP_GREETING=by hand\nAPP_TOKEN={self.secret[::-1]}\n")
        env.chmod(0o600)
        self.compose("up", "--detach", "--wait", version=version)

    def compose(self, *words: str, version: str) -> str:
        """Run compose as a person on the machine would."""
        directory = str(self.server_directory)
        argv = ("compose", "--project-name", "app", "--project-directory", directory)
        file = ("--file", f"{directory}/docker-compose.yml")
        return self.engine.docker(*argv, *file, *words, variables={"IMAGE_TAG": self.tag(version)})

    def tag(self, version: str) -> str:
        """Tell the tag of a version's image."""
        return execute(("git", f"--git-dir={self.bare}", "rev-parse", f"{version}^0")).strip()[:12]

    def environ(self, **more: str) -> dict[str, str]:
        """Give the environment of a bot process: with ENV_FILE, as its service manager hands it over."""
        given = {"ENV_FILE": self.env_file} if self.given else {}
        return {**Site.environ(self, **given, **self.more), **more}

    def greets(self) -> str:
        """Tell whom the running service greets; its whole answer where it does not."""
        status, body = self.answer("/")
        return str(json.loads(body).get("greeting", body)) if status else body

    def kept(self) -> list[str]:
        """List the tags of the service's images that the machine still has."""
        listed = self.engine.docker("image", "ls", "--format", "{{.Tag}}", self.image)
        return sorted(set(listed.split()))

    def running(self) -> str:
        """Tell the tag of the image that runs."""
        label = "label=com.docker.compose.project=app"
        return self.engine.docker("ps", "--filter", label, "--format", "{{.Image}}").strip().rpartition(":")[2]

    def clear(self) -> None:
        """Take the service off the machine, and its images too: the next site's are to be built anew."""
        found = self.engine.docker("ps", "--all", "--quiet", "--filter", "label=com.docker.compose.project=app")
        if found.split():
            self.engine.docker("rm", "--force", "--volumes", *found.split())
        images = self.engine.docker("image", "ls", "--quiet", "--filter", f"reference={self.image}").split()
        if images:
            self.engine.docker("image", "rm", "--force", *dict.fromkeys(images))

    def settings(self) -> dict[str, Any]:
        """Take the settings that ship with the bot, and put this stage's places in."""
        service = self.shipped
        service["repository"] |= {"url": str(self.bare)}
        service["components"]["app"]["image"] = self.image
        service["suites"]["unit"]["image"] = f"{self.stage.registry.address}/{PYTHON_TEST}"
        environment = service["environments"]["production"]
        environment["target"] |= {"directory": str(self.server_directory)}
        environment["approval"] = dict(self.approval)
        environment["health"]["probe"]["url"] = f"http://127.0.0.1:{self.port}/health"
        environment["smoke"] = [{"url": f"http://127.0.0.1:{self.port}/"}]
        lay_over(environment, {**OVERRIDES, **self.extra})
        return service

    def _checkout(self, version: str, sources: Path) -> None:
        checkout = ("checkout", "--quiet", "--force", version, "--", ".")
        execute(("git", f"--git-dir={self.bare}", "--work-tree", str(sources), *checkout))
