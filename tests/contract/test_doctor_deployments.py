"""What the doctor says of an environment behind a deployment repository."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path, PurePosixPath

import pytest

from agents.entrypoints.checkup.check import Check, State
from agents.entrypoints.checkup.deployments import deployment_checks
from agents.entrypoints.checkup.services import Subject
from config.loading import load
from config.service import ApprovalPolicy
from tests.contract import deployment_repository as place
from tests.emulators.argocd import Application, ArgoCdEmulator, Workload
from tests.emulators.github import GitHubEmulator
from tools.clock import SystemClock

TEXT = "core:\n  image: {tag: v1}\n"
POLICY = ApprovalPolicy(approvers=("U0HANA",))
SHIPPED = Path(__file__).parents[2] / "config" / "shipmate.yaml"


@dataclass(slots=True)
class World:
    """GitHub with the repository, and ArgoCD that follows it."""

    github: GitHubEmulator
    argo: ArgoCdEmulator

    async def checks(self, file: str = place.FILE, **environ: str) -> dict[str, Check]:
        known = {
            "GITHUB_TOKEN": self.github.token,
            "GITHUB_API_URL": self.github.url,
            "ARGOCD_TOKEN": self.argo.token,
            **environ,
        }
        configuration = load(SHIPPED, known)
        subject = Subject(configuration, configuration.services["astrago"], timedelta(seconds=10))
        target = place.target({"core": "core.image.tag"}, file)
        argocd = target.argocd.model_copy(update={"url": self.argo.url})
        found = await deployment_checks(subject, "dev", POLICY, target.model_copy(update={"argocd": argocd}))
        return {check.name: check for check in found}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    bare = place.bare_repository(tmp_path, {place.FILE: TEXT})
    workloads = {"core": Workload("core.image.tag", "ghcr.io/acme/core")}
    application = Application("astrago-dev", bare, PurePosixPath(place.FILE), workloads, SystemClock())
    async with GitHubEmulator({place.NAME: bare}) as github, ArgoCdEmulator(application) as argo:
        yield World(github, argo)


FILE, ARGO = f"{place.NAME}: {place.FILE}", "ArgoCD astrago-dev"


async def test_what_can_be_written_and_synced_is_told_with_what_stands_there(world: World) -> None:
    found = await world.checks()
    assert {name: check.state for name, check in found.items()} == dict.fromkeys(("approval", FILE, ARGO), State.OK)
    assert "core v1" in found[FILE].detail


async def test_without_logins_both_are_missing_with_the_variable_to_set(world: World) -> None:
    found = await world.checks(GITHUB_TOKEN="", ARGOCD_TOKEN="")
    assert (found[FILE].state, found[ARGO].state) == (State.MISSING, State.MISSING)
    assert "GITHUB_TOKEN" in found[FILE].remedy
    assert "ARGOCD_TOKEN" in found[ARGO].remedy


async def test_a_file_that_is_not_there_is_missing_by_its_name(world: World) -> None:
    found = await world.checks(file="astrago/nowhere/values.yaml")
    check = found[f"{place.NAME}: astrago/nowhere/values.yaml"]
    assert check.state is State.MISSING
    assert "astrago/nowhere/values.yaml" in check.detail


async def test_a_login_that_may_only_read_is_not_enough(world: World) -> None:
    found = await world.checks(GITHUB_TOKEN=world.github.fine_grained(contents="read"))
    assert found[FILE].state is State.MISSING
    assert "contents: write" in found[FILE].remedy


async def test_an_argocd_that_is_away_is_missing(world: World) -> None:
    await world.argo.down()
    found = await world.checks()
    assert found[ARGO].state is State.MISSING
    assert "cannot be reached" in found[ARGO].detail
