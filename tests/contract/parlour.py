"""The sample service on the stage's server, moved as a release moves it: real engine, compose and default proxy."""

from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from types import SimpleNamespace
from typing import Any, cast

from agents.destinations.compose.moves import carry_out, restore
from agents.destinations.compose.serving import serving
from agents.destinations.port import Back, Trouble
from agents.events import Event
from agents.toolbox import Server, Toolbox
from config.service import Service
from guardrails.plan import Intended, Plan, PlannedComponent, PlannedStep, WayBack
from guardrails.plan_targets import ComposePlan, PlannedService, Running
from tests.stage.front import subnet_of
from tests.stage.parlour.image import PORT, SOURCE, Behaviour, publish_parlour
from tests.stage.parlour.site import FILE
from tests.stage.ports import LOOPBACK, free_port
from tests.stage.proxies import publish_haproxy
from tests.stage.stage import Stage
from tools.clock import SystemClock
from tools.compose import Compose
from tools.containers import Containers
from tools.host_images import HostImages
from tools.inspection import Container
from tools.instances import Instances
from tools.local import LocalHost
from tools.proxies.haproxy import CONTAINER
from tools.proxies.host_setup import HostSetup
from tools.proxies.kinds import Place, proxy_of
from tools.proxies.setting_up import VOLUME
from tools.redaction import Redactor

NAME = "parlour"


def quick(ending: str) -> Behaviour:
    """Start soon, and end like this."""
    return Behaviour(start_seconds=0.2, ending=ending)


@dataclass(slots=True)
class Parlour:
    """The sample service on the stage's server, moved as a release moves it."""

    stage: Stage
    scratch: Path
    port: int = field(default_factory=free_port)
    tools: Toolbox = field(init=False)
    server: Server = field(init=False)
    events: list[Event] = field(default_factory=list)
    kind: str = "deploy"
    fence: int = 0
    plans: list[Plan] = field(default_factory=list)

    async def begin(self) -> None:
        """Set the host up."""
        self.directory.mkdir(parents=True)
        (self.directory / ".env").touch()
        service, host = self._service(), LocalHost("here", self.stage.server.env())
        target = service.environments["production"].compose
        assert target.proxy
        setup = HostSetup(host, target.proxy, NAME, SystemClock())
        await setup.apply(*await setup.look())
        where = (host, PurePosixPath(self.directory), PurePosixPath(FILE), NAME)
        place = Place(PurePosixPath(self.directory), NAME, {NAME: NAME})
        proxy = proxy_of(target.proxy, host, place, SystemClock())
        tools = (Compose(*where), Containers(host), HostImages(host), None, Instances(*where), proxy)
        self.server = Server(host, *tools)
        self.tools = cast("Toolbox", self._tools(service))

    @property
    def directory(self) -> Path:
        return self.scratch / "server"

    async def plan(self, version: str, behaviour: Behaviour) -> Plan:
        """Publish a version, and draw up the plan that moves what takes the requests now to it."""
        reference = publish_parlour(self.stage.registry, self.scratch, version, behaviour)
        self.stage.server.docker("pull", "--quiet", reference)
        named = self.stage.server.docker("image", "inspect", "--format", "{{index .RepoDigests 0}}", reference)
        image, _, digest = named.strip().partition("@")
        after = Intended(image, version, digest)
        text = (SOURCE / FILE).read_text().replace("ghcr.io/acme/parlour", image)
        plan = Plan(
            *(NAME, "production", version, "c0ffee"),
            components=(PlannedComponent(NAME, image, version, digest),),
            target=ComposePlan((PlannedService(NAME, NAME),), text, (), (), ("here",), str(self.directory), NAME),
            strategy="rolling",
            steps=(PlannedStep(NAME, "here", await self._before(image, text), after),),
            ways_back=(WayBack("here", possible=True),),
        )
        self.plans.append(plan)
        return plan

    async def moves(self, version: str, behaviour: Behaviour) -> Trouble | None:
        """Release a version."""
        plan = await self.plan(version, behaviour)
        return await carry_out(self.tools, plan, plan.steps[0])

    async def goes_back(self) -> Back:
        """Undo the last release."""
        plan = self.plans.pop()
        return await restore(self.tools, plan, plan.steps[0])

    async def all(self) -> dict[str, Container]:
        """Tell the instances by their tags."""
        assert self.server.instances
        return {one.image.rpartition(":")[2]: one for one in await self.server.instances.all(NAME)}

    def clear(self) -> None:
        """Leave nothing on the server."""
        found = self.stage.server.docker(
            "ps", "--all", "--quiet", "--filter", f"label=com.docker.compose.project={NAME}"
        )
        self.stage.server.docker("rm", "--force", "--volumes", CONTAINER, *found.split())
        self.stage.server.docker("volume", "rm", "--force", VOLUME)

    async def _before(self, image: str, text: str) -> Running | None:
        now = await serving(self.tools, self.server, NAME)
        if now is None:
            return None
        return Running(image, now.image_id, None, now.image.rpartition(":")[2], text, now.id)

    def _service(self) -> Service:
        route = {"port": PORT, "listen": self.port, "address": LOOPBACK}
        proxy = {"routes": {NAME: route}, "subnet": subnet_of(self.stage.server), "memory": "128M"}
        proxy |= {"image": publish_haproxy(self.stage.registry)}
        target = {"hosts": [{"name": "here"}], "directory": str(self.directory), "strategy": "rolling", "proxy": proxy}
        health = {"probe": {"url": f"http://127.0.0.1:{self.port}/health"}, "timeout": "60s", "retries": 0}
        return Service.model_validate(
            {
                "service": NAME,
                "repository": {"url": "https://git.example.com/parlour.git"},
                "components": {NAME: {"image": "registry.example.com/parlour"}},
                "environments": {"production": {"target": target, "health": health}},
            }
        )

    def _tools(self, service: Service) -> Any:
        async def take_fence(*_: str) -> int:
            self.fence += 1
            return self.fence

        async def released() -> Any:
            return SimpleNamespace(kind=self.kind)

        async def report(event: Event) -> None:
            self.events.append(event)

        return SimpleNamespace(
            service=service,
            environment=service.environments["production"],
            servers={"here": self.server},
            store=SimpleNamespace(targets=SimpleNamespace(take_fence=take_fence)),
            clock=SystemClock(),
            redactor=Redactor(),
            given_env=None,
            release=released,
            report=report,
        )
