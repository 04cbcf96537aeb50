"""The sample service `parlour` on a stage, with a bot that releases it: for figures, not for conversations."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar

from config.targets import ComposeTarget
from tests.stage.front import Front, behind
from tests.stage.images import PYTHON
from tests.stage.observer.tree import Tree, replaced
from tests.stage.parlour.image import PORT, SOURCE, Behaviour
from tests.stage.ports import free_port
from tests.stage.site import OVERRIDES, Site, lay_over
from tests.stage.versions import begin, publish

FIRST = "v1.0.0"
FILE = "docker-compose.yml"
SUITE = """\
import pathlib

pathlib.Path("junit.xml").write_text('<testsuite tests="1"><testcase classname="parlour" name="reads"/></testsuite>')
compile(pathlib.Path("parlour.py").read_text(), "parlour.py", "exec")
"""
DOCKERFILE = """\
ARG BASE_IMAGE=python:3.11-slim
FROM ${BASE_IMAGE}
COPY parlour.py /app/parlour.py
ARG VERSION=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.version="${VERSION}" org.opencontainers.image.revision="${REVISION}"
ENV PYTHONUNBUFFERED=1
ENV BEHAVIOUR=none
USER 10001
CMD ["python3", "/app/parlour.py"]
"""


@dataclass(slots=True)
class ParlourSite(Site):
    """One image on one server; `proxy` puts it behind the reverse proxy of that server, without a port of its own."""

    service: ClassVar[str] = "parlour"

    behaviour: Behaviour = field(default_factory=Behaviour)
    proxy: bool = False
    warm: timedelta | None = None
    """How long the version before goes on running after a release; the shipped default where it is not said."""

    @property
    def image(self) -> str:
        """The service's image repository."""
        return self.image_of("parlour")

    @property
    def tree(self) -> Tree:
        """The files of the first version."""
        compose = (SOURCE / FILE).read_text().replace("ghcr.io/acme/parlour", self.image)
        if not self.proxy:
            published = f'ports: ["127.0.0.1:${{PARLOUR_PORT:?PARLOUR_PORT required}}:{PORT}"]'
            compose = compose.replace(f'expose: ["{PORT}"]', published)
        base = f"{self.stage.registry.address}/{PYTHON}"
        dockerfile = DOCKERFILE.replace("python:3.11-slim", base)
        program = (SOURCE / "parlour.py").read_text()
        told = _told(FIRST, self.behaviour)
        return {
            "Dockerfile": dockerfile.replace("BEHAVIOUR=none", told),
            FILE: compose,
            "parlour.py": program,
            "prove.py": SUITE,
        }

    def prepare(self) -> None:
        """Make repository, settings and the server's directory; nothing runs yet."""
        begin(self.bare, FIRST, self.tree, "Begin")
        self.port = free_port()
        self.write_settings()
        self.make_server()
        if self.proxy:
            self._front().prepare()

    def make_server(self) -> None:
        """Make the directory as a server has it before the first release."""
        self.server_directory.mkdir(parents=True)
        env = self.server_directory / ".env"
        env.write_text(f"PARLOUR_PORT={self.port}\n")
        env.chmod(0o600)

    def newer(self, version: str, behaviour: Behaviour | None = None) -> str:
        """Publish a further version; returns it."""
        change = replaced("Dockerfile", _told(FIRST, self.behaviour), _told(version, behaviour or self.behaviour))
        publish(self.bare, version, on=FIRST, change=change, subject=f"Tell {version}")
        return version

    def instances(self) -> list[str]:
        """List the containers that run."""
        listed = ("ps", "--quiet", "--filter", "label=com.docker.compose.project=parlour")
        return self.stage.server.docker(*listed).split()

    def clear(self) -> None:
        """Take the service and its proxy off the server."""
        Site.clear(self)
        if self.proxy:
            self._front().remove()

    def _front(self) -> Front:
        target = ComposeTarget.model_validate(self.settings()["environments"]["production"]["target"])
        return Front(self.stage, target, self.service, self.service)

    def settings(self) -> dict[str, Any]:
        """Describe the service, as an operator would."""
        url = f"http://127.0.0.1:{self.port}"
        target: dict[str, Any] = {
            "hosts": [self.host("parlour-1")],
            "directory": str(self.server_directory),
            "file": FILE,
            "archive": 0,
        }
        if self.proxy:
            route = {"port": PORT, "listen": self.port}
            target |= {"strategy": "rolling", "proxy": {"routes": {"parlour": route}, **behind(self.stage)}}
            target |= {"rolling": {"warm": f"{self.warm.total_seconds():g}s"}} if self.warm else {}
        environment = {
            "target": target,
            "approval": dict(self.approval),
            "health": {"probe": {"url": f"{url}/health"}},
            "smoke": [{"url": f"{url}/"}],
        }
        suite = {"kind": "unit", "command": ["python3", "prove.py"], "junit": "junit.xml"}
        return {
            "service": self.service,
            "repository": {"url": str(self.bare)},
            "rules": [],
            "suites": {"unit": suite},
            "components": {"parlour": {"image": self.image}},
            "environments": {"production": lay_over(environment, {**OVERRIDES, **self.extra})},
        }


def _told(version: str, behaviour: Behaviour) -> str:
    """Write a version and its behaviour as the variables of its image."""
    said = [line for line in behaviour.variables(version) if line.partition("=")[0] in _OWN]
    return " ".join(said)


_OWN = frozenset({"VERSION", "START_SECONDS", "ENDING", "FAILING", "SLOWER_SECONDS"})
