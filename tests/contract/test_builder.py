"""The builder with a real engine and two real registries: what is built once, and where it goes when one refuses."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
from langgraph.runtime import Runtime

from agents import events
from agents.builder import build
from agents.state import State
from agents.toolbox import Toolbox
from config.service import Service
from tests.contract.engine_images import DOCKERFILE, sources_of
from tests.contract.histories import history, release
from tests.stage.registry import Registry as RealRegistry
from tests.stage.stage import Stage
from tests.unit.guardrails.services import webapp
from tools.clock import SystemClock
from tools.errors import Denied
from tools.history import Store
from tools.images import Images
from tools.registry import Registry
from tools.scanner import Scanner

COMMIT = "1a2b3c4d" * 5
TAG = "core-stage-1a2b3c4d"


@dataclass
class Workplace:
    """What the builder works with."""

    stage: Stage
    store: Store
    directory: Path
    images: Images
    scanner: Scanner
    count: int = 0

    async def builds(self, service: Service, *, commit: str = COMMIT, content: str = "one") -> dict[str, Any]:
        """Let a release build its components; returns their images."""
        self.count += 1
        name = f"r{self.count}"
        await self.store.releases.open(release(self.count))
        place = self.directory / name
        files = {"Dockerfile": DOCKERFILE + b"COPY word /word\n", "word": content.encode()}
        sources_of(self.stage, place / f"sources-{commit}", files)
        tools = Toolbox(
            **dict.fromkeys(Toolbox.__slots__, cast("Any", None))
            | {
                "release_id": name,
                "service": service,
                "environment_name": "production",
                "workspace": place,
                "store": self.store,
                "clock": SystemClock(),
                "images": self.images,
                "registry": Registry(),
                "scanner": self.scanner,
            }
        )
        state = cast("State", {"components": list(service.components), "version": "v1.0.0", "commit": commit})
        went = await build(state, runtime=Runtime(context=tools))
        assert isinstance(went.update, dict)
        return cast("dict[str, Any]", went.update["images"])

    async def told(self, kind: str) -> list[Any]:
        """List what the newest release reported of a kind."""
        return [
            events.load(one.kind, one.body) for one in await self.store.journal.of(f"r{self.count}") if one.kind == kind
        ]

    def service(self, image: str, **more: Any) -> Service:
        return webapp(components={"core": {"image": image, "tag": "{component}-stage-{sha:8}", **more}})


@pytest.fixture(scope="module")
def refusing(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealRegistry]:
    """A registry that wants a login, which the bot does not have."""
    with RealRegistry(tmp_path_factory.mktemp("refusing") / "registry", stage.toolset, login=True) as registry:
        yield registry


@pytest.fixture
async def workplace(stage: Stage, tmp_path: Path) -> AsyncIterator[Workplace]:
    async with history(tmp_path) as store:
        shared = stage.directory / "scanner"
        yield Workplace(stage, store, tmp_path / "work", Images(stage.bot.env()), Scanner(shared))


async def test_an_image_is_named_by_its_pattern_and_by_its_further_tags(stage: Stage, workplace: Workplace) -> None:
    image = f"{stage.registry.address}/builder/named"
    built = await workplace.builds(workplace.service(image, further_tags=["latest", "{version}"]))
    assert (built["core"]["image"], built["core"]["tag"]) == (image, TAG)
    registry = Registry()
    for tag in (TAG, "latest", release().version):
        assert await registry.digest(image, tag) == built["core"]["digest"]
    assert built["core"]["size_bytes"] == await registry.size_bytes(image, TAG)


async def test_what_was_built_from_the_commit_is_taken_over(stage: Stage, workplace: Workplace) -> None:
    service = workplace.service(f"{stage.registry.address}/builder/again")
    first = await workplace.builds(service)
    again = await workplace.builds(service, content="two")
    assert again["core"]["digest"] == first["core"]["digest"]
    (built,) = await workplace.told("built")
    assert built.reused


@pytest.mark.parametrize("different", ["commit", "recipe"])
async def test_what_carries_the_tag_but_was_made_otherwise_is_built_anew(
    stage: Stage, workplace: Workplace, different: str
) -> None:
    image = f"{stage.registry.address}/builder/other-{different}"
    first = await workplace.builds(workplace.service(image))
    commit = f"{COMMIT[:8]}{'f' * 32}" if different == "commit" else COMMIT
    more = {"build_args": {"FLAVOUR": "plain"}} if different == "recipe" else {}
    again = await workplace.builds(workplace.service(image, **more), commit=commit, content="two")
    assert again["core"]["digest"] != first["core"]["digest"]
    (built,) = await workplace.told("built")
    assert not built.reused


async def test_a_registry_that_refuses_sends_the_image_to_the_fallback(
    stage: Stage, workplace: Workplace, refusing: RealRegistry
) -> None:
    fallback = f"{stage.registry.address}/builder/fallback"
    service = workplace.service(f"{refusing.address}/builder/core", fallback=fallback, further_tags=["latest"])
    built = await workplace.builds(service)
    assert (built["core"]["image"], built["core"]["tag"]) == (fallback, TAG)
    assert await Registry().digest(fallback, TAG) == built["core"]["digest"]
    assert await Registry().digest(fallback, "latest") == built["core"]["digest"]
    (diverted,) = await workplace.told("diverted")
    assert (diverted.image, diverted.fallback) == (f"{refusing.address}/builder/core:{TAG}", f"{fallback}:{TAG}")
    assert diverted.cause


async def test_where_nobody_takes_the_image_both_refusals_are_told(
    workplace: Workplace, refusing: RealRegistry
) -> None:
    service = workplace.service(f"{refusing.address}/builder/a", fallback=f"{refusing.address}/builder/b")
    with pytest.raises(Denied, match=r"builder/a.* was not taken: .*builder/b.* failed too: "):
        await workplace.builds(service)
    with pytest.raises(Denied):
        await workplace.builds(workplace.service(f"{refusing.address}/builder/a"))
