"""The webapp service on a stage: its repository, and its server with both components running."""

import http.client
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

from tests.stage.commands import execute
from tests.stage.images import PYTHON, PYTHON_TEST
from tests.stage.packages import ensure_browser
from tests.stage.ports import free_port
from tests.stage.site import OVERRIDES, Site, lay_over
from tests.stage.web_images import NODE
from tests.stage.webapp.bases import publish_nginx
from tests.stage.webapp.repository import FIRST, NGINX_BASE, NODE_BASE, PYTHON_BASE, build_webapp

COMPONENTS = {"backend": 8000, "frontend": 8080}
"""Component -> its port in the settings that ship with the bot."""
DOCKERFILES = {"backend": "server/Dockerfile", "frontend": "web/Dockerfile"}
PROGRAM_USER = 10001
"""The user of the back end's image, who must be able to write into the server's directory."""
ON_A_BUSY_MACHINE = {"lcp": "20s", "fid": "5s", "score": 1}


@dataclass(slots=True)
class WebappSite(Site):
    """S4 `webapp`: a front end and a back end on one server, reached by SSH."""

    service: ClassVar[str] = "webapp"

    ports: dict[str, int] = field(default_factory=lambda: {name: free_port() for name in COMPONENTS})
    """Component -> where it is reached on the server."""

    def prepare(self, running: str = FIRST) -> None:
        """Make repository, settings and server; start a version by hand, as somebody did before the bot came."""
        ensure_browser()
        self.directory.mkdir(parents=True, exist_ok=True)
        address = self.stage.registry.address
        bases = {PYTHON_BASE: f"{address}/{PYTHON}", NODE_BASE: f"{address}/{NODE}"}
        images = {f"ghcr.io/acme/webapp-{name}": self.image(name) for name in COMPONENTS}
        build_webapp(self.bare, {**bases, NGINX_BASE: publish_nginx(self.stage.registry)}, images)
        self.port = self.ports["frontend"]
        self._make_place()
        self.write_settings()
        self._start_by_hand(running)

    def image(self, component: str) -> str:
        """Name a component's image repository."""
        return self.image_of(f"webapp-{component}")

    def tag(self, version: str) -> str:
        """Tell the tag that the images of a version have."""
        return execute(("git", f"--git-dir={self.bare}", "rev-parse", f"{version}^0")).strip()[:7]

    def published(self, component: str) -> list[str]:
        """List the tags that a component's images have in the registry."""
        registry, _, repository = self.image(component).partition("/")
        connection = http.client.HTTPConnection(registry, timeout=30)
        try:
            connection.request("GET", f"/v2/{repository}/tags/list")
            return list(json.load(connection.getresponse())["tags"])
        finally:
            connection.close()

    def settings(self) -> dict[str, Any]:
        """Take the settings that ship with the bot, and put this stage's places in."""
        service = self.shipped
        service["repository"] |= {"url": str(self.bare)}
        for name, component in service["components"].items():
            component["image"] = self.image(name)
        service["suites"]["backend"]["image"] = f"{self.stage.registry.address}/{PYTHON_TEST}"
        service["suites"]["performance"]["page"] |= ON_A_BUSY_MACHINE
        environment = service["environments"]["production"]
        environment["target"] |= {"directory": str(self.server_directory), "hosts": [self.host("webapp-1")]}
        environment["approval"] = dict(self.approval)
        lay_over(environment, {**OVERRIDES, **self.extra})
        lay_over(environment["components"]["frontend"], {"health": OVERRIDES["health"]})
        for probe in _probes(environment):
            for name, port in COMPONENTS.items():
                probe["url"] = probe["url"].replace(f":{port}/", f":{self.ports[name]}/")
        return service

    def running(self) -> str:
        """Tell the tags that the server runs, the back end's first."""
        listed = self._docker("ps", "--format", '{{.Label "com.docker.compose.service"}} {{.Image}}')
        found = dict(line.split() for line in listed.splitlines())
        return " ".join(found.get(name, "nothing").rpartition(":")[2] for name in COMPONENTS)

    def container(self, component: str) -> str:
        """Tell which container runs a component."""
        return self._docker("ps", "--quiet", "--filter", f"label=com.docker.compose.service={component}").strip()

    def pin(self, text: str) -> int:
        """Pin a note as people do, through the front end; returns the status of the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("POST", "/api/notes", json.dumps({"text": text}))
            return connection.getresponse().status
        finally:
            connection.close()

    def clear(self) -> None:
        """Take both components off the server."""
        found = self._docker("ps", "--all", "--quiet").split()
        if found:
            self.stage.server.docker("rm", "--force", "--volumes", *found)

    def _docker(self, command: str, *words: str) -> str:
        return self.stage.server.docker(command, "--filter", "label=com.docker.compose.project=webapp", *words)

    def _start_by_hand(self, version: str) -> None:
        """Build, push and start a version without Shipmate."""
        sources = self.directory / f"by-hand-{version}"
        sources.mkdir()
        checkout = ("checkout", "--quiet", "--force", version, "--", ".")
        execute(("git", f"--git-dir={self.bare}", "--work-tree", sources, *checkout))
        for name, dockerfile in DOCKERFILES.items():
            reference = f"{self.image(name)}:{self.tag(version)}"
            options = ("--load", "--quiet", "--build-arg", f"VERSION={version}", "--file", str(sources / dockerfile))
            self.stage.bot.docker("buildx", "build", *options, "--tag", reference, str(sources))
            self.stage.bot.docker("push", "--quiet", reference)
        compose = self.server_directory / "docker-compose.prod.yml"
        compose.write_text((sources / compose.name).read_text())
        place = ("--project-name", "webapp", "--project-directory", str(self.server_directory), "--file", str(compose))
        variables = {"IMAGE_TAG": self.tag(version)}
        self.stage.server.docker("compose", *place, "up", "--detach", "--wait", variables=variables)

    def _make_place(self) -> None:
        data = self.server_directory / "data"
        data.mkdir(parents=True)
        os.chown(data, PROGRAM_USER, PROGRAM_USER)
        env = self.server_directory / ".env"
        env.write_text(f"WEBAPP_PORT={self.ports['frontend']}\nBACKEND_PORT={self.ports['backend']}\n")


def _probes(environment: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """List all that is asked in an environment."""
    for part in (environment, *environment["components"].values()):
        yield part["health"]["probe"]
        yield from part["smoke"]
