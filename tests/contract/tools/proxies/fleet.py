"""Instances of the sample service next to each other, as a rolling release leaves them, each at its own address."""

import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import IPv4Network
from pathlib import Path

from tests.stage.front import subnet_of
from tests.stage.parlour.image import PORT, Behaviour, publish_parlour
from tests.stage.stage import Stage
from tools.proxies.port import NETWORK, Backend

_CHECK = "python3 -c \"import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health', timeout=20)\""
HEALTH = (
    *(f"--health-cmd={_CHECK}", "--health-interval=1s", "--health-retries=1"),
    *("--health-start-period=30s", "--health-start-interval=300ms"),
)
LIMIT = timedelta(seconds=120)
ROUTE = "web"


@dataclass(slots=True)
class Fleet:
    """Containers of one compose project, made one by one."""

    stage: Stage
    scratch: Path
    project: str = field(default_factory=lambda: f"p{uuid.uuid4().hex[:8]}")
    made: list[str] = field(default_factory=list)

    @property
    def addresses(self) -> list[str]:
        return [str(one) for one in IPv4Network(subnet_of(self.stage.server)).hosts()][::-1]

    def start(self, version: str, behaviour: Behaviour, *more: str) -> Backend:
        """Have one more instance run."""
        image = publish_parlour(self.stage.registry, self.scratch, f"{self.project}-{version}", behaviour)
        address = self.addresses[len(self.made)]
        labels = (f"--label=com.docker.compose.project={self.project}", f"--label=com.docker.compose.service={ROUTE}")
        oneoff = "--label=com.docker.compose.oneoff=False"
        where = ("--network", NETWORK, "--ip", address)
        words = ("run", "--detach", *labels, oneoff, *where, *HEALTH, "--env", f"VERSION={version}", *more, image)
        container = self.stage.server.docker(*words).strip()
        self.made.append(container)
        return Backend(container[:12], address, PORT)

    def healthy(self, one: Backend) -> bool:
        """Tell what the engine says of it."""
        return (
            "healthy" in self.stage.server.docker("inspect", "--format", "{{.State.Health.Status}}", one.name).split()
        )

    def remove(self) -> None:
        """End them all."""
        if self.made:
            self.stage.server.docker("rm", "--force", "--volumes", *self.made)
