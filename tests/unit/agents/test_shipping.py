"""Images go to the hosts before anybody is asked (P11), the way is told, and so is a host that cannot have them."""

from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

from agents.destinations.compose.shipping import ship
from agents.wanted import Wanted
from tools.errors import Denied, ToolError, Unreachable
from tools.host_images import Arrival
from tools.hosts import Completed

API, WORKER = "registry.example.com/api@sha256:1", "registry.example.com/worker@sha256:2"
WANTED = cast(
    "Wanted",
    SimpleNamespace(
        images={
            "api": {"image": "registry.example.com/api", "digest": "sha256:1"},
            "worker": {"image": "registry.example.com/worker", "digest": "sha256:2"},
        }
    ),
)


@dataclass
class Shelf:
    """The images of a host: those it has, those it got, and why it gets no more."""

    has: set[str] = field(default_factory=set)
    got: list[str] = field(default_factory=list)
    fault: ToolError | None = None

    async def image(self, reference: str) -> object | None:
        return reference if reference in self.has else None

    async def bring(self, reference: str) -> Arrival:
        if self.fault:
            raise self.fault
        self.got.append(reference)
        return Arrival("tunnel", "it may not log in", 7)


@dataclass
class Fitting:
    """A host whose engine runs what its images were built for, unless told otherwise."""

    name: str
    images: str = "linux/amd64"

    async def run(self, argv: tuple[str, ...]) -> Completed:
        return Completed(argv, 0, f"linux/amd64\n{self.images}\n", "", timedelta())


@dataclass
class Told:
    """A toolbox that remembers what was reported."""

    servers: dict[str, Any]
    events: list[Any] = field(default_factory=list)
    clock: Any = field(default_factory=lambda: SimpleNamespace(monotonic=lambda: 1.0))

    async def report(self, event: Any) -> None:
        self.events.append(event)


def toolbox(**shelves: Shelf) -> Any:
    return Told({name: SimpleNamespace(name=name, images=shelf, host=Fitting(name)) for name, shelf in shelves.items()})


async def test_every_host_gets_what_it_lacks_and_nothing_else() -> None:
    empty, half = Shelf(), Shelf(has={API})
    tools = toolbox(web1=empty, web2=half)
    verdict = await ship(tools, WANTED)
    assert not verdict.findings
    assert (empty.got, half.got) == ([API, WORKER], [WORKER])
    (told,) = tools.events
    assert [(one.component, one.host) for one in told.arrivals] == [
        ("api", "web1"),
        ("worker", "web1"),
        ("worker", "web2"),
    ]
    assert {(one.way, one.why, one.sent_bytes) for one in told.arrivals} == {("tunnel", "it may not log in", 7)}


async def test_p13_an_image_of_a_foreign_platform_is_refused_before_anybody_is_asked() -> None:
    tools = toolbox(web1=Shelf())
    tools.servers["web1"].host.images = "linux/arm64"
    (first, _) = (await ship(tools, WANTED)).findings
    assert f"{API} was built for linux/arm64, and web1 runs linux/amd64" in first.message
    assert "Add linux/amd64 to `platforms` of the component" in first.remedy


async def test_where_nothing_travels_nothing_is_told() -> None:
    tools = toolbox(web1=Shelf(has={API, WORKER}))
    assert not (await ship(tools, WANTED)).findings
    assert tools.events == []


async def test_a_host_that_is_refused_is_told_with_the_login_and_the_others_get_theirs() -> None:
    refused = Shelf(has={API}, fault=Denied("web1 may not pull it.", remedy="On web1, run `docker login`."))
    well = Shelf()
    (finding,) = (await ship(toolbox(web1=refused, web2=well), WANTED)).findings
    assert (finding.rule, finding.subject) == ("registry-login", f"web1: {WORKER}")
    assert finding.remedy == "On web1, run `docker login`."
    assert well.got == [API, WORKER]


async def test_a_host_that_cannot_reach_the_registry_blocks_the_release() -> None:
    verdict = await ship(toolbox(web1=Shelf(fault=Unreachable("web1 cannot reach the registry."))), WANTED)
    assert verdict.blocks
    assert {finding.rule for finding in verdict.findings} == {"image-not-shipped"}
    assert all("docker pull registry.example.com/" in finding.remedy for finding in verdict.findings)
