"""GitHub's checks as evidence: the real client asks, and only who is trusted is believed."""

import asyncio
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from agents.checks import vouched
from agents.toolbox import Toolbox
from config.sources import Suite
from tests.contract.crews import HastyClock
from tests.contract.github_schema import conforming
from tests.emulators.github import GitHubEmulator
from tests.emulators.github.world import Repository, Status
from tests.stage.observer.repository import build_observer
from tools.github import GithubRepository
from tools.github_client import GithubAccess, GithubClient
from tools.github_evidence import Trusted
from tools.suites import SuiteResult

NAME = "acme/observer"


def git(directory: Path, *arguments: str) -> str:
    done = subprocess.run(("git", "-C", str(directory), *arguments), capture_output=True, check=True, text=True)
    return done.stdout.strip()


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("evidence")
    build_observer(directory / "work")
    git(directory, "clone", "--quiet", "--bare", "work", "observer.git")
    return directory / "observer.git"


@dataclass
class Bench:
    """One commit, and a suite that asks about it."""

    github: GitHubEmulator
    there: Repository
    sha: str
    other: str
    tools: Toolbox

    def suite(self, **fields: Any) -> Suite:
        return Suite.model_validate({"kind": "unit", "check": "unit", "timeout": "400ms", **fields})

    async def result(self, **fields: Any) -> SuiteResult | None:
        with conforming():
            return await vouched("unit", self.suite(**fields), self.sha, self.tools)

    async def outcome(self, **fields: Any) -> tuple[str, str]:
        result = await self.result(**fields)
        return (result.outcome, result.reason) if result else ("runs its command", "")

    def status(self, state: str, creator: str, context: str = "unit") -> None:
        there = self.there
        number, now = there.new_id(), there.now()
        there.statuses.append(Status(number, self.sha, state, context, "said so", "https://evil", creator, now))


@pytest.fixture
async def bench(bare: Path) -> AsyncIterator[Bench]:
    async with GitHubEmulator({NAME: bare}) as github:
        limit = timedelta(seconds=2)
        client = GithubClient(GithubAccess(github.token, github.url, politeness=False, limit=limit))
        unused = cast("Any", None)
        tools = Toolbox(
            **dict.fromkeys(Toolbox.__slots__, unused)
            | {"clock": HastyClock(), "github": GithubRepository(client, NAME)}
        )
        sha, other = (git(bare, "rev-parse", f"{tag}^{{commit}}") for tag in ("v1.2.3", "v1.2.2"))
        yield Bench(github, github[NAME], sha, other, tools)
        client.close()


async def test_a_check_that_succeeded_is_the_evidence_and_its_address_is_told(bench: Bench) -> None:
    bench.there.checks(bench.sha, "unit", "success")
    outcome, reason = await bench.outcome(command=["false"])
    assert outcome == "passed"
    assert reason.startswith(
        "GitHub check 'unit' of github-actions ended as success: https://github.com/acme/observer/"
    )


@pytest.mark.parametrize("conclusion", ["failure", "cancelled", "timed_out", "neutral", "skipped", "action_required"])
async def test_every_other_conclusion_is_a_failure_whose_words_are_quoted(bench: Bench, conclusion: str) -> None:
    bench.there.checks(bench.sha, "unit", conclusion, title="3 of 40 failed", summary="test_price: 1 != 2")
    result = await bench.result(command=["true"])
    assert result is not None
    assert result.outcome == "failed"
    assert f'ended as {conclusion}: "3 of 40 failed", see https://github.com/' in result.reason
    assert result.log_tail == "test_price: 1 != 2"
    warned = await bench.result(command=["true"], severity="warning")
    assert warned is not None
    assert warned.outcome == "warning"


async def test_without_such_a_check_the_command_runs(bench: Bench) -> None:
    assert await bench.result(command=["true"]) is None


async def test_without_check_and_command_the_suite_has_failed(bench: Bench) -> None:
    outcome, reason = await bench.outcome()
    assert outcome == "failed"
    assert (
        reason == "The commit has no GitHub check 'unit' of github-actions after 0.4 s, and there is no command to run."
    )


async def test_a_check_under_way_is_waited_for(bench: Bench) -> None:
    bench.there.checks(bench.sha, "unit", None)
    waiting = asyncio.create_task(bench.result(command=["true"], timeout="20s"))
    await bench.github.until(lambda: len(bench.github.requests) > 3)
    assert not waiting.done()
    bench.there.checks(bench.sha, "unit", "success")
    result = await waiting
    assert result is not None
    assert result.outcome == "passed"


async def test_a_check_that_does_not_end_in_time_is_no_evidence(bench: Bench) -> None:
    bench.there.checks(bench.sha, "unit", None)
    outcome, reason = await bench.outcome(command=["true"])
    assert (outcome, reason) == (
        "failed",
        "GitHub check 'unit' of github-actions did not end within 0.4 s (in_progress).",
    )


async def test_a_check_that_its_app_is_still_to_make_is_waited_for(bench: Bench) -> None:
    suite = bench.there.begins_checks(bench.sha)
    waiting = asyncio.create_task(bench.result(command=["true"], timeout="20s"))
    await bench.github.until(lambda: len(bench.github.requests) > 3)
    assert not waiting.done()
    suite.status, suite.conclusion = "completed", "success"
    assert await waiting is None


@pytest.mark.parametrize("conclusions", [("success", "failure"), ("failure", "success"), ("success", None)])
async def test_of_several_workflows_with_such_a_check_all_must_have_succeeded(
    bench: Bench, conclusions: tuple[str | None, ...]
) -> None:
    for suite, conclusion in enumerate(conclusions):
        bench.there.checks(bench.sha, "unit", conclusion, suite=suite)
    assert (await bench.outcome(command=["true"]))[0] == "failed"


async def test_a_check_that_was_run_again_counts_as_it_ended_last(bench: Bench) -> None:
    bench.there.checks(bench.sha, "unit", "failure")
    bench.there.checks(bench.sha, "unit", "success")
    assert (await bench.outcome(command=["true"]))[0] == "passed"


@pytest.mark.parametrize(
    ("sha", "name", "app"),
    [("other", "unit", "github-actions"), ("sha", "unit tests", "github-actions"), ("sha", "unit", "evil-app")],
    ids=["commit", "name", "app"],
)
async def test_p17_what_is_not_exactly_the_trusted_check_counts_for_nothing(
    bench: Bench, sha: str, name: str, app: str
) -> None:
    bench.there.checks(getattr(bench, sha), name, "success", app=app)
    assert (await bench.outcome())[0] == "failed"
    assert await bench.result(command=["true"]) is None


async def test_p17_a_status_that_anybody_may_write_counts_only_by_the_one_who_is_trusted(bench: Bench) -> None:
    bench.status("success", "mallory")
    assert (await bench.outcome())[0] == "failed"
    bench.status("success", "github-actions[bot]")
    assert (await bench.outcome())[0] == "passed"


async def test_another_app_and_a_person_count_where_the_service_names_them(bench: Bench) -> None:
    bench.there.checks(bench.sha, "unit", "success", app="buildkite")
    assert (await bench.outcome(check="buildkite/unit"))[0] == "passed"
    bench.status("success", "ci-bot", "ci/unit")
    outcome, reason = await bench.outcome(check="@ci-bot/ci/unit")
    assert outcome == "passed"
    assert "https://evil" not in reason
    assert (await bench.outcome(check="@other/ci/unit"))[0] == "failed"


async def test_p13_without_github_the_command_runs_and_without_a_command_it_is_told(bench: Bench) -> None:
    await bench.github.down()
    assert await bench.result(command=["true"]) is None
    outcome, reason = await bench.outcome()
    assert outcome == "failed"
    assert "GitHub cannot be reached" in reason
    bench.tools = Toolbox(
        **{name: getattr(bench.tools, name) for name in Toolbox.__slots__ if name != "github"}, github=None
    )
    assert "GitHub is not configured" in (await bench.outcome())[1]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("unit", Trusted("unit")),
        ("build / unit", Trusted("build / unit")),
        ("github-actions/ci/unit", Trusted("ci/unit")),
        ("codecov/patch", Trusted("patch", "codecov")),
        ("@ci-bot/ci/jenkins", Trusted("ci/jenkins", "ci-bot", person=True)),
        ("Unit/Tests", Trusted("Unit/Tests")),
    ],
)
def test_what_an_operator_writes_names_a_check_and_whom_to_trust(written: str, read: Trusted) -> None:
    assert Trusted.parse(written) == read
