"""A host in memory with the instances of one service and a proxy in front: for moves, which only see these tools.

Every effect may be the last one of a process (`ends_before`): what comes after it is another process, which finds
the world as it was left.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from types import SimpleNamespace
from typing import Any, cast

from agents.events import Event
from agents.toolbox import Server, Toolbox
from config.service import Service
from guardrails.plan import Intended, Plan, PlannedComponent, PlannedStep, WayBack
from guardrails.plan_targets import ComposePlan, PlannedService, Running
from tools.clock import SystemClock
from tools.host_images import HostImage
from tools.hosts import Completed
from tools.inspection import Container, PathChange
from tools.instances import LABEL, Wanted, mark_of
from tools.proxies.port import NETWORK, Backend
from tools.redaction import Redactor

BEGAN = datetime(2026, 2, 6, 16, 0, tzinfo=UTC)
SERVICE = Service.model_validate(
    {
        "service": "kodex",
        "repository": {"url": "https://git.example.com/kodex.git"},
        "components": {"kodex": {"image": "registry.example.com/kodex"}},
        "environments": {
            "production": {
                "target": {
                    "hosts": [{"name": "kodex-1"}],
                    "directory": "/nowhere/kodex",
                    "strategy": "rolling",
                    "proxy": {"routes": {"kodex": {"port": 8000, "listen": 80}}},
                    "rolling": {"drain": "1s", "warm": "10m"},
                },
                "health": {"probe": {"url": "http://127.0.0.1:80/health"}, "timeout": "400ms", "retries": 0},
            }
        },
    }
)


class Ended(BaseException):
    """The process was killed."""


@dataclass(slots=True)
class World:
    """What is on the host, and what was done there."""

    containers: dict[str, Container] = field(default_factory=dict)
    pointed: tuple[str, ...] = ()
    """Names of the instances that take requests."""
    compose_text: str = ""
    effects: list[str] = field(default_factory=list)
    ends_before: int | None = None
    crashing: frozenset[str] = frozenset()
    """Tags whose containers exit right after their start."""
    mute: frozenset[str] = frozenset()
    """Tags whose programs answer nothing useful."""
    losing: frozenset[str] = frozenset()
    """Containers with files that would die with them, and that cannot be saved."""
    made: int = 0
    bad_requests: int = 0
    """Moments at which the proxy asked somebody who does not answer."""
    reported: list[Event] = field(default_factory=list)
    kind: str = "deploy"

    def effect(self, said: str) -> None:
        """Note an effect, unless the process ends before it."""
        if self.ends_before is not None and len(self.effects) >= self.ends_before:
            raise Ended
        self.effects.append(said)

    def look(self) -> None:
        """Let a user ask the proxy."""
        well = {one.id[:12] for one in self.containers.values() if one.running and self._answers(one)}
        self.bad_requests += not set(self.pointed) <= well

    def _answers(self, one: Container) -> bool:
        return _tag(one) not in self.mute | self.crashing

    def stands(self, tag: str, *, text: str = "", running: bool = True, by_hand: bool = False) -> Container:
        """Put a container there."""
        self.made += 1
        number = self.made
        made = Container(
            id=f"{tag}-{number}".ljust(64, "0"),
            name=f"kodex-kodex-{number}",
            image=f"registry.example.com/kodex:{tag}",
            image_id=f"sha256:{tag}",
            status="running" if running else "exited",
            health="healthy",
            created_at=BEGAN + timedelta(seconds=number),
            labels={} if by_hand else {LABEL: f"{mark_of(text or f'services: {tag}')}.whole"},
            addresses={} if by_hand else {NETWORK: f"198.18.3.{250 - number}"},
        )
        self.containers[made.id] = made
        return made

    def set(self, container: str, **changes: Any) -> Container:
        """Change a container."""
        self.containers[container] = replace(self.containers[container], **changes)
        return self.containers[container]

    def tags(self, *, running: bool) -> list[str]:
        """Tell what runs, or does not."""
        return sorted(_tag(one) for one in self.containers.values() if one.running is running)

    @property
    def serving(self) -> list[str]:
        """Tell the tags that take requests."""
        return [_tag(one) for one in self.containers.values() if one.id[:12] in self.pointed]


def _tag(one: Container) -> str:
    return one.image.rpartition(":")[2]


class Instances:
    """`tools.instances.Instances` on the world; see there."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def all(self, service: str) -> tuple[Container, ...]:
        assert service == "kodex"
        there = self._world.containers.values()
        return tuple(sorted(there, key=lambda one: (one.running, one.created_at), reverse=True))

    async def stand(self, wanted: Wanted, fence: int, *, stopped: bool) -> Container:
        assert fence
        assert self._world.compose_text == wanted.compose_text
        mark = f"{mark_of(wanted.compose_text)}.whole"
        for one in await self.all(wanted.service):
            same = (one.image_id, one.labels.get(LABEL)) == (wanted.image_id, mark)
            if same and (one.running or stopped):
                return one if one.running else await self.start(one.id, fence)
        self._world.effect(f"make {wanted.tag}")
        made = self._world.stands(wanted.tag, text=wanted.compose_text)
        self._world.look()
        return self._crash(made)

    async def start(self, container: str, fence: int) -> Container:
        assert fence
        self._world.effect(f"start {container[:2]}")
        return self._crash(self._world.set(container, status="running"))

    async def connect(self, container: str, fence: int) -> Container:
        assert fence
        self._world.effect(f"connect {container[:2]}")
        return self._world.set(container, addresses={NETWORK: "198.18.3.9"})

    async def stop(self, container: str, fence: int) -> None:
        assert fence
        self._world.effect(f"stop {container[:2]}")
        self._world.set(container, status="exited")
        self._world.look()

    async def remove(self, containers: Sequence[str], fence: int) -> None:
        assert fence
        for one in containers:
            self._world.effect(f"remove {one[:2]}")
            assert self._world.containers.pop(one).status == "exited"

    def _crash(self, one: Container) -> Container:
        return self._world.set(one.id, status="exited", exit_code=1) if _tag(one) in self._world.crashing else one


class Proxy:
    """`tools.proxies.port.Proxy` on the world; see there."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def backends(self, route: str) -> tuple[Backend, ...]:
        assert route == "kodex"
        return tuple(Backend(name, "", 8000) for name in self._world.pointed)

    async def point(self, route: str, backends: Sequence[Backend], fence: int) -> None:
        assert (route, bool(fence)) == ("kodex", True)
        names = tuple(one.name for one in backends)
        if names != self._world.pointed:
            self._world.effect(f"point {' '.join(name[:2] for name in names)}")
            self._world.pointed = names
            self._world.look()

    async def readmit(self, route: str, backend: Backend, fence: int) -> None:
        assert (route, bool(fence)) == ("kodex", True)
        assert backend.name

    async def drained(self, route: str, backend: Backend, limit: timedelta) -> bool:
        assert (route, limit) == ("kodex", timedelta(seconds=1))
        assert backend.name not in self._world.pointed
        return True

    async def traffic(self, route: str) -> dict[str, Any]:
        raise AssertionError(route)


@dataclass(slots=True)
class _Host:
    world: World
    name: str = "kodex-1"

    @asynccontextmanager
    async def tunnel(self, port: int, address: str = "127.0.0.1") -> AsyncIterator[tuple[str, int]]:
        """Lead to the program of the instance at an address."""
        assert port == 8000
        (one,) = [one for one in self.world.containers.values() if one.addresses.get(NETWORK) == address]
        status = 503 if _tag(one) in self.world.mute else 200

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 %d Said\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % status)
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        async with server:
            yield server.sockets[0].getsockname()[:2]

    async def read(self, path: PurePosixPath) -> bytes | None:
        """There is no env file."""
        assert path.name == ".env"
        return None

    async def run(self, argv: Sequence[str], **_: object) -> Completed:
        """Fail a rescue; nothing else runs anything here."""
        assert "save" in argv
        return Completed(tuple(argv), 1, "", "no space left on device", timedelta())


class _Containers:
    def __init__(self, world: World, instances: Instances) -> None:
        self._world = world
        self._instances = instances

    async def find(self, project: str, service: str) -> Container | None:
        assert project == "kodex"
        return next(iter(await self._instances.all(service)), None)

    async def inspect(self, container: str) -> Container | None:
        return self._world.containers.get(container)

    async def changes(self, container: str) -> tuple[PathChange, ...]:
        return (PathChange("/app/index", "added"),) if container in self._world.losing else ()

    async def logs(self, container: str, tail: int) -> str:
        return f"log of {container[:2]}, {tail} lines"


class _Images:
    async def ensure(self, repository: str, digest: str, tag: str) -> HostImage:
        assert (repository, digest) == ("registry.example.com/kodex", f"sha256:digest-{tag}")
        return HostImage(f"sha256:{tag}")

    async def image(self, reference: str) -> HostImage | None:
        return HostImage(f"sha256:{reference.rpartition('-')[2]}")

    async def tag(self, reference: str, name: str) -> None:
        assert name == f"registry.example.com/kodex:{reference.removeprefix('sha256:')}"


class _Compose:
    def __init__(self, world: World) -> None:
        self._world = world

    async def prepare(self, directories: Sequence[PurePosixPath], fence: int) -> None:
        assert not directories
        assert fence

    async def install(self, content: bytes, fence: int) -> None:
        assert fence
        if content.decode() != self._world.compose_text:
            self._world.effect("install")
            self._world.compose_text = content.decode()

    async def installed(self) -> bytes:
        return self._world.compose_text.encode()


def plan_from(before: Container | None, tag: str, text: str = "") -> Plan:
    """Draw up a plan that moves from a container to a tag."""
    former = _running(before) if before else None
    after = Intended("registry.example.com/kodex", tag, f"sha256:digest-{tag}")
    target = ComposePlan(
        services=(PlannedService("kodex", "kodex"),),
        compose_text=text or f"services: {tag}",
        environment_names=(),
        mounts=(),
        hosts=("kodex-1",),
        directory="/nowhere/kodex",
        project="kodex",
    )
    return Plan(
        *("kodex", "production", tag, "c0ffee"),
        components=(PlannedComponent("kodex", after.image, tag, after.digest),),
        target=target,
        strategy="rolling",
        steps=(PlannedStep("kodex", "kodex-1", former, after),),
        ways_back=(WayBack("kodex-1", possible=True),),
    )


def _running(before: Container) -> Running:
    tag = _tag(before)
    return Running("registry.example.com/kodex", before.image_id, None, tag, f"services: {tag}", before.id)


def tools_of(world: World) -> Toolbox:
    """Make the tools of a release on the world."""
    host, instances, fences = _Host(world), Instances(world), iter(range(1, 1000))

    async def take_fence(*_: str) -> int:
        return next(fences)

    async def released() -> Any:
        return SimpleNamespace(kind=world.kind)

    async def report(event: Event) -> None:
        world.reported.append(event)

    parts: Any = (host, _Compose(world), _Containers(world, instances), _Images())
    beside: Any = (None, instances, Proxy(world))
    tools = SimpleNamespace(
        service=SERVICE,
        environment=SERVICE.environments["production"],
        servers={"kodex-1": Server(*parts, *beside)},
        store=SimpleNamespace(targets=SimpleNamespace(take_fence=take_fence)),
        clock=SystemClock(),
        redactor=Redactor(),
        workspace=Path(),
        given_env=None,
        release=released,
        report=report,
    )
    return cast("Toolbox", tools)
