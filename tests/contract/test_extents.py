"""S4: parts of a release through the crew's own graph, on a real repository and a real history."""

import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import pytest

from agents.graph import crew_graph
from agents.state import State
from agents.toolbox import Toolbox
from config.service import Service
from config.shipmate import FailurePolicy
from config.sources import Suite
from tests.contract.histories import history, release
from tests.contract.test_tester import SERVICE
from tests.stage.observer.repository import build_observer
from tests.stage.packages import ensure
from tools.clock import SystemClock
from tools.history import Store
from tools.history.releases import Outcome, Release
from tools.redaction import Redactor
from tools.repository import Repository
from tools.scanner import Scanner

GREEN = """printf '<testsuite><testcase name="a"/></testsuite>' > junit.xml"""
RED = """printf '<testsuite><testcase name="a"><failure message="no"/></testcase></testsuite>' > junit.xml"""
_UNUSED = cast("Any", None)


def service(script: str) -> Service:
    suite = Suite.model_validate({"kind": "unit", "command": ["sh", "-c", script], "junit": "junit.xml"})
    return SERVICE.model_copy(update={"suites": {"unit": suite}})


@dataclass
class House:
    """The sample's repository, of which v1.2.2 runs."""

    store: Store
    repository: Repository
    directory: Path
    number: int = 0

    async def asked(self, version: str, only: str, script: str = GREEN) -> Release:
        """Ask for a part of a release, and bring it to its end."""
        self.number += 1
        opened = replace(release(self.number), version=version, origin={"only": only})
        await self.store.releases.open(opened)
        workspace = self.directory / opened.id
        workspace.mkdir()
        state = State(
            release=opened.id,
            kind="deploy",
            service="observer",
            environment="production",
            version=version,
            requested_by=opened.requested_by,
            only=only,
        )
        await crew_graph().ainvoke(state, context=self.tools(opened.id, workspace, script))
        shutil.rmtree(workspace)
        ended = await self.store.releases.get(opened.id)
        assert ended is not None
        return ended

    def tools(self, name: str, workspace: Path, script: str) -> Toolbox:
        return Toolbox(
            release_id=name,
            service=service(script),
            environment_name="production",
            failures=FailurePolicy(),
            workspace=workspace,
            store=self.store,
            clock=SystemClock(),
            redactor=Redactor(),
            repository=self.repository,
            images=_UNUSED,
            registry=_UNUSED,
            scanner=Scanner(self.directory / "scanner"),
            servers={},
            github=None,
            narrator=None,
        )

    async def stages(self) -> list[str]:
        """List the stages that the newest release came through."""
        entries = await self.store.journal.of(f"r{self.number}")
        return [f"{entry.body['stage']} {entry.body['status']}" for entry in entries if entry.kind == "left"]


@pytest.fixture(scope="module", autouse=True)
def compose(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Compose reads files without an engine."""
    toolset, client = ensure(), tmp_path_factory.mktemp("client")
    if toolset.plugins:
        (client / "cli-plugins").symlink_to(toolset.plugins)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", toolset.path)
        if toolset.plugins:
            patch.setenv("DOCKER_CONFIG", str(client))
        yield


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("extents") / "observer"
    build_observer(directory)
    return directory


@pytest.fixture
async def house(tmp_path: Path, sources: Path) -> AsyncIterator[House]:
    async with history(tmp_path) as store:
        repository = Repository(str(sources), tmp_path / "observer.git")
        await repository.refresh()
        running = {"version": "v1.2.2", "commit": await repository.resolve("v1.2.2"), "image": "o", "tag": "v1.2.2"}
        await store.deployments.succeed("observer", "production", "observer", "r0", running)
        yield House(store, repository, tmp_path)


async def test_each_part_ends_as_defined_and_leaves_the_target_as_it_was(house: House) -> None:
    await house.store.targets.lock("observer", "production", "r0")
    analysed = await house.asked("v1.2.3", "analyze")
    assert analysed.outcome is Outcome.CHECKED
    assert analysed.cause == (
        "Analysed only, as asked; no objection. A release would run these suites: unit; build: observer."
    )
    assert await house.stages() == ["analyze passed", "close passed"]
    red = await house.asked("v1.2.3", "test", RED)
    assert (red.outcome, red.cause) == (Outcome.REFUSED, "unit: 1 of 1 tests failed.")
    await house.store.targets.unlock("observer", "production")
    lacking = await house.asked("v1.2.3", "deploy")
    assert lacking.outcome is Outcome.REFUSED
    assert lacking.cause.startswith("This commit has not passed every suite: unit (failed in r2).")
    green = await house.asked("v1.2.3", "test")
    assert (green.outcome, green.cause) == (Outcome.CHECKED, "Stopped after the tests, as asked: passed.")
    assert await house.stages() == ["analyze passed", "test passed", "close passed"]
    target = await house.store.targets.get("observer", "production")
    assert (target.failures, target.warnings, target.succeeded_by, target.locked_at) == (0, 0, None, None)


async def test_a_mishap_in_a_part_is_no_failure_of_the_target(house: House) -> None:
    house.repository = Repository("/nowhere/at/all", house.directory / "gone.git")
    gone = await house.asked("v1.2.3", "analyze")
    assert gone.outcome is Outcome.REFUSED
    assert (await house.store.targets.get("observer", "production")).failures == 0
