"""What the guardrails say to the sources of each version of the sample: the good ones pass, the static traps do not."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest

from agents.contents import inspect_sources
from agents.toolbox import Toolbox
from config.loading import load
from guardrails.verdict import Level
from tests.stage.observer.repository import build_observer
from tests.stage.stage import Stage
from tools.clock import SystemClock
from tools.repository import Repository
from tools.scanner import Scanner

SETTINGS = Path(__file__).parents[2] / "config/shipmate.yaml"
BLOCKED = {
    "v1.2.5": {"mount-dropped", "persist-not-mounted"},
    "v1.2.6": {"secret-literal"},
    "v1.3.3": {"environment-alias-in-source"},
    "v1.3.4": {"health-useless"},
}
FINE = ("v1.2.0", "v1.2.1", "v1.2.2", "v1.2.3", "v1.2.4", "v1.2.7", "v1.2.8", "v1.3.0", "v1.3.1", "v1.3.2", "v1.3.5")


class Sources:
    """The part of a toolbox that an inspection of sources needs."""

    def __init__(self, repository: Repository, directory: Path) -> None:
        self.service = load(SETTINGS, {}).services["observer"]
        self.environment = self.service.environments["production"]
        self.scanner = Scanner(directory / "scanner")
        self.clock = SystemClock()
        self.repository = repository
        self._directory = directory

    async def sources(self, commit: str) -> Path:
        """Check a commit out."""
        await self.repository.export(commit, self._directory / commit)
        return self._directory / commit

    async def rules(self, version: str) -> set[str]:
        """Name the rules that stop a version."""
        commit = await self.repository.resolve(version)
        assert commit is not None
        verdict = await inspect_sources(cast("Toolbox", cast("Any", self)), commit)
        return {finding.rule for finding in verdict.findings if finding.level is Level.BLOCKING}


@pytest.fixture(scope="module")
async def sources(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Sources]:
    directory = tmp_path_factory.mktemp("guarded")
    repository = Repository(str(build_observer(directory / "observer")), directory / "copy.git")
    await repository.refresh()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in stage.bot.env().items():
            patch.setenv(name, value)
        yield Sources(repository, directory)


@pytest.mark.parametrize("version", FINE)
async def test_a_version_without_a_fault_in_its_files_passes(sources: Sources, version: str) -> None:
    assert await sources.rules(version) == set()


@pytest.mark.parametrize(("version", "rules"), BLOCKED.items())
async def test_a_trap_in_the_files_is_stopped_before_anyone_is_asked(
    sources: Sources, version: str, rules: set[str]
) -> None:
    assert await sources.rules(version) == rules
