"""What a rollback puts back: images and compose file as they were recorded."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path, PurePosixPath
from types import SimpleNamespace
from typing import Any, cast

import pytest

from agents.destinations.compose.composed import Composed, composed
from agents.destinations.compose.draft import draft
from agents.state import State
from agents.toolbox import Toolbox
from agents.wanted import wanted_by
from guardrails.plan import to_json
from tests.contract.histories import history, opened
from tests.unit.agents.test_draft import HOSTS, IMAGES, SERVICE, WANTED
from tools.compose_file import ComposeFile
from tools.history import Store
from tools.history.releases import Outcome

COMPOSE = "services:\n  observer-api: {image: 'registry.example.com/api:${IMAGE_TAG}'}\n"


@pytest.fixture(autouse=True)
def _without_compose(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let any compose file say the same: which one is wanted is seen by its text."""

    async def read(*_: object, **__: object) -> ComposeFile:
        return WANTED.compose

    monkeypatch.setattr("agents.destinations.compose.composed.read_compose", read)


async def asked(store: Store, version: str) -> Composed | str:
    async def read(commit: str, path: str) -> bytes:
        assert (commit, path) == ("c", "docker-compose.yml")
        return COMPOSE.encode()

    async def deployed() -> Mapping[str, Any]:
        return await store.deployments.of("observer", "production")

    tools = SimpleNamespace(
        service=SERVICE,
        environment_name="production",
        environment=SERVICE.environments["production"],
        store=store,
        deployed=deployed,
        given_env=None,
        repository=SimpleNamespace(read=read),
    )
    assert tools.environment.target.file == PurePosixPath("docker-compose.yml")
    wanted = await wanted_by(cast("State", {"kind": "rollback", "version": version}), cast("Toolbox", tools))
    if isinstance(wanted, str):
        return wanted
    found = await composed(cast("Toolbox", tools), wanted)
    assert isinstance(found, Composed)
    return found


async def ran(store: Store, number: int, release: str = "") -> None:
    version = f"v1.0.{number}"
    for name, image in IMAGES.items():
        running = {**image, "release": release, "version": version, "commit": "c", "digest": f"{name}{number}"}
        await store.deployments.succeed("observer", "production", name, release or f"before {number}", running)


async def test_the_version_that_the_registry_calls_current_can_be_gone_back_to(tmp_path: Path) -> None:
    async with history(tmp_path) as store:
        await ran(store, 0)
        wanted = await asked(store, "v1.0.0")
    assert isinstance(wanted, Composed)
    assert (wanted.version, wanted.images["api"]["digest"]) == ("v1.0.0", "api0")


async def test_an_older_version_on_the_way_is_put_back_as_its_plan_says(tmp_path: Path) -> None:
    async with history(tmp_path) as store:
        for number in (1, 2, 3):
            await opened(store, number)
            drawn = draft(SERVICE, "production", replace(WANTED, compose_text=COMPOSE), HOSTS, timedelta())
            plan = to_json(replace(drawn, version=f"v1.0.{number}"))
            await store.decisions.save_plan(f"r{number}", "digest", plan)
            await store.releases.finish(f"r{number}", Outcome.SUCCEEDED, "")
            await ran(store, number, f"r{number}")
        wanted = await asked(store, "v1.0.1")
    assert isinstance(wanted, Composed)
    assert (wanted.version, wanted.commit, wanted.compose_text) == ("v1.0.1", WANTED.commit, COMPOSE)
    assert wanted.images["api"]["digest"] == "sha256:api"


async def test_a_version_that_was_rolled_away_from_is_nothing_to_go_back_to(tmp_path: Path) -> None:
    async with history(tmp_path) as store:
        for number, kind, version in ((1, "deploy", "v1.0.1"), (2, "deploy", "v1.0.2"), (3, "rollback", "v1.0.1")):
            await opened(store, number, kind=kind, version=version)
            await store.releases.finish(f"r{number}", Outcome.SUCCEEDED, "")
        await ran(store, 2)
        await ran(store, 1)
        told = await asked(store, "v1.0.2")
    assert told == "v1.0.2 was rolled away from; going forward again is `deploy observer v1.0.2 to production`"
