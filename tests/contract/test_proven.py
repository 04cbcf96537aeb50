"""S4: a deploy alone needs a passed test stage of the same commit in the history, and its images in the registry."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest

from agents import events
from agents.endings import record
from agents.proven import Proof, proven, taken_over
from agents.toolbox import Toolbox
from guardrails.scope import Scope
from tests.contract.histories import history, release
from tests.contract.test_tester import SERVICE
from tools.clock import SystemClock
from tools.engine import LocalImage
from tools.errors import NotFound
from tools.history import Store

COMMIT, OTHER = "a" * 40, "b" * 40
DIGEST = "sha256:" + "1" * 64
CHOSEN = Scope((), run=("unit",), build=("observer",))
IMAGE = "ghcr.io/acme/observer"


@dataclass
class Shelf:
    """A registry and an engine that know images by name."""

    images: dict[str, str] = field(default_factory=dict)

    async def digest(self, repository: str, tag: str) -> str | None:
        return self.images.get(f"{repository}:{tag}")

    async def pull(self, reference: str) -> LocalImage | None:
        digest = self.images.get(reference)
        repository = reference.rpartition(":")[0]
        return cast("LocalImage", _Pulled((f"{repository}@{digest}",))) if digest else None


@dataclass
class _Pulled:
    digests: tuple[str, ...]
    id: str = "sha256:local"
    size_bytes: int = 7


@dataclass
class House:
    """A history, and the release that asks it."""

    store: Store
    shelf: Shelf = field(default_factory=Shelf)
    number: int = 0

    async def ran(self, outcome: str, *, commit: str = COMMIT, tag: str = "", environment: str = "production") -> str:
        """Write down an earlier run: how its suite ended, and the image that it made."""
        self.number += 1
        opened = await self.store.releases.open(replace(release(self.number, environment=environment), commit=commit))
        await record(self.store, opened.id, events.SuiteRan("unit", "unit", outcome, 1, (), None, 1.0))
        if tag:
            await record(self.store, opened.id, events.Built("observer", f"{IMAGE}:{tag}", DIGEST, 1, None, 1.0))
        return opened.id

    @property
    def tools(self) -> Toolbox:
        unused = dict.fromkeys(Toolbox.__slots__, cast("Any", None))
        known = {"release_id": "r99", "service": SERVICE, "environment_name": "production", "clock": SystemClock()}
        return Toolbox(**unused | known | {"store": self.store, "registry": self.shelf, "images": self.shelf})

    async def proof(self) -> Proof | str:
        await self.store.releases.open(release(99))
        return await proven(COMMIT, CHOSEN, self.tools)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with history(tmp_path) as store:
        yield House(store)


@pytest.mark.parametrize(("outcome", "environment"), [("passed", "production"), ("warning", "staging")])
async def test_what_passed_on_the_commit_is_taken_over_with_its_image(
    house: House, outcome: str, environment: str
) -> None:
    name = await house.ran(outcome, tag="20260206-160000", environment=environment)
    house.shelf.images[f"{IMAGE}:20260206-160000"] = DIGEST
    assert await house.proof() == Proof(outcome)
    (told,) = await house.store.journal.of("r99")
    assert (told.body["outcome"], told.body["reason"]) == ("skipped", f"Passed on this commit in {name}.")
    image = await taken_over("observer", COMMIT, house.tools)
    assert (image.reference, image.digest) == (f"{IMAGE}:20260206-160000", DIGEST)


async def test_a_suite_that_never_ran_on_this_commit_is_named(house: House) -> None:
    await house.ran("passed", commit=OTHER, tag="v1")
    lacking = await house.proof()
    assert lacking == (
        "This commit has not passed every suite: unit (never ran). A release with --skip-deploy tests and builds it."
    )


async def test_the_newest_result_counts_and_a_skipped_one_is_none(house: House) -> None:
    house.shelf.images[f"{IMAGE}:v1"] = DIGEST
    await house.ran("passed", tag="v1")
    await house.ran("skipped")
    assert await house.proof() == Proof("passed")
    failed = await house.ran("failed")
    lacking = await house.proof()
    assert f"unit (failed in {failed})" in str(lacking)


@pytest.mark.parametrize("digest", [None, "sha256:" + "2" * 64])
async def test_an_image_that_is_gone_or_another_one_is_named(house: House, digest: str | None) -> None:
    await house.ran("passed", tag="v1")
    if digest:
        house.shelf.images[f"{IMAGE}:v1"] = digest
    lacking = await house.proof()
    assert str(lacking).startswith("No image of this commit is in its registry for observer.")
    with pytest.raises(NotFound, match="is gone"):
        await taken_over("observer", COMMIT, house.tools)
