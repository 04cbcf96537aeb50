"""Images go to the hosts before anybody is asked, and a host that cannot have them is told."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

from agents.destinations.compose.shipping import ship
from agents.wanted import Wanted
from tools.errors import Denied, ToolError, Unreachable

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

    async def pull(self, reference: str) -> None:
        if self.fault:
            raise self.fault
        self.got.append(reference)


def toolbox(**shelves: Shelf) -> Any:
    return SimpleNamespace(servers={name: SimpleNamespace(name=name, images=shelf) for name, shelf in shelves.items()})


async def test_every_host_gets_what_it_lacks_and_nothing_else() -> None:
    empty, half = Shelf(), Shelf(has={API})
    verdict = await ship(toolbox(web1=empty, web2=half), WANTED)
    assert not verdict.findings
    assert (empty.got, half.got) == ([API, WORKER], [WORKER])


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
