"""The gate: suites that run for every push and pull request, shown beside the commit, whoever it comes from."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from agents.gate.queue import Gating
from agents.gate.sheet import NAME as CHECK
from agents.triggers import Examine
from config.sources import Suite
from tests.contract.crews import HastyClock
from tests.contract.engine_images import busybox
from tests.contract.github_schema import conforming
from tests.contract.pull_house import NAME, House, git, pull_house
from tests.emulators.github import CheckRun
from tests.stage.stage import Stage
from tools.github_client import GithubAccess, GithubClient
from tools.history import Store, open_store
from tools.redaction import Redactor
from tools.repository import Repository

JUNIT = """printf '<testsuite><testcase name="a"/></testsuite>' > junit.xml"""
COVERAGE = """printf '<coverage lines-valid="10" lines-covered="%s"/>' "$(cat COVERED 2>/dev/null || echo 9)" > c.xml"""
UNIT = f"test ! -e HOLD || while test ! -e {{free}}; do sleep 0.05; done; {JUNIT}; {COVERAGE}; test ! -e BROKEN"
BOXED = f"{JUNIT}; touch /etc/x 2>/dev/null; env > e; grep -i -E 'token|secret|key' e && exit 3; test ! -e BROKEN_BOX"
LINT = "cat LINT 2>/dev/null && exit 1 || exit 0"


@dataclass
class Yard:
    """A house whose commits pass a gate."""

    house: House
    gating: Gating
    store: Store
    free: Path
    """Once this is there, the suites that hold go on."""

    async def branch(self, name: str) -> str:
        return await self.gating.ask(Examine(NAME, branch=name))

    async def pull(self, number: int) -> str:
        return await self.gating.ask(Examine(NAME, number=number))

    def checks(self, commit: str) -> list[CheckRun]:
        return [one for one in self.house.checks(commit) if one.name == CHECK]

    async def ended(self, commit: str) -> tuple[str, str, str]:
        """Wait for the verdict; gives conclusion, title and summary of the newest run."""

        async def shown() -> bool:
            gate = await self.store.gates.of(NAME, commit)
            return gate is not None and gate.done

        await until(shown)
        fields = self.checks(commit)[-1].fields
        assert fields["status"] == "completed"
        return fields["conclusion"], fields["output"]["title"], fields["output"]["summary"]

    async def runs(self, commit: str) -> None:
        """Wait until a suite of the commit runs."""

        async def shown() -> bool:
            return any("Running unit" in str(one.fields["output"]) for one in self.checks(commit))

        await until(shown)


async def until(found: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(60):
        while not await found():  # noqa: ASYNC110 - what is awaited lies in files
            await asyncio.sleep(0.02)


@pytest.fixture(scope="module")
async def place(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[House, str]]:
    """Build house and image once; each test has branches of its own."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in stage.bot.env().items():
            patch.setenv(name, value)
        patch.setenv("DEPLOY_TOKEN", "not for suites")
        image = busybox(stage, tmp_path_factory.mktemp("shell"), "gate-shell:1")
        async with pull_house(tmp_path_factory.mktemp("gate")) as house:
            yield house, image


@pytest.fixture
def house(place: tuple[House, str]) -> Iterator[House]:
    place[0].github.requests.clear()
    with conforming():
        yield place[0]
    place[0].github.faults.clear()


@asynccontextmanager
async def gate_at(house: House, image: str, directory: Path, *, token: str = "") -> AsyncIterator[Yard]:
    """Work at the gate; a second one in the same directory goes on where the first was left."""
    free = directory / "free"
    sh: dict[str, Any] = {"junit": "junit.xml", "timeout": "10m"}
    suites = {
        "lint": {"kind": "lint", "command": ["sh", "-c", LINT], "timeout": "1m"},
        "unit": {"kind": "unit", "command": ["sh", "-c", UNIT.format(free=free)], "coverage": "c.xml", **sh},
        "boxed": {"kind": "e2e", "command": ["/bin/busybox", "sh", "-c", BOXED], "image": image, **sh},
        "speed": {"kind": "performance", "command": ["true"], "image": image, "check": "speed"},
        "load": {"kind": "performance", "command": ["/bin/busybox", "true"], "image": image},
    }
    loaded = house.configured(f"sqlite:///{directory}/unused.db")
    service = loaded.services["observer"]
    changes = {
        "repository": service.repository.model_copy(update={"gate": True}),
        "suites": {name: Suite.model_validate(suite) for name, suite in suites.items()},
    }
    settings = loaded.shipmate.model_copy(update={"workspace": directory / "work"})
    services = {"observer": service.model_copy(update=changes)}
    configuration = loaded.model_copy(update={"shipmate": settings, "services": services})
    clock = HastyClock()
    store = await open_store(f"sqlite:///{directory}/gate.db", clock)
    access = GithubAccess(token or house.github.token, house.github.url, politeness=False, limit=timedelta(seconds=20))
    client = GithubClient(access)
    repository = Repository(str(house.bare), directory / "copy.git")
    gating = Gating(configuration, client, lambda _: repository, store, Redactor(), None, clock)
    running = asyncio.create_task(gating.run())
    try:
        yield Yard(house, gating, store, free)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        client.close()
        await store.close()


@pytest.fixture
async def yard(house: House, place: tuple[House, str], tmp_path: Path) -> AsyncIterator[Yard]:
    async with gate_at(house, place[1], tmp_path) as made:
        yield made


async def test_a_push_to_main_passes_every_suite_and_is_a_success(yard: Yard) -> None:
    commit = git(yard.house.work, "rev-parse", "main")
    assert "is to be tested" in await yard.branch("main")
    conclusion, title, summary = await yard.ended(commit)
    assert (conclusion, title) == ("success", "4 passed; 1 left out")
    assert "**unit** passed: 1 test, coverage 90.00 %" in summary
    assert "**boxed** passed: 1 test" in summary
    assert "**speed** did not run: the check 'speed' of github-actions of the commit shows it." in summary
    (check,) = yard.checks(commit)
    assert check.fields["status"] == "completed"
    assert not list(yard.free.with_name("work").rglob("sources"))


async def test_a_pull_request_shows_failures_lines_and_the_change_of_coverage(yard: Yard) -> None:
    await yard.branch("main")
    main = git(yard.house.work, "rev-parse", "main")
    await yard.ended(main)
    files = {"BROKEN": "x", "COVERED": "8", "LINT": "src/a.py:3:1: F401 `os` is @imported\n", "src/server/a.ts": "x"}
    number = yard.house.opens("bad", files)
    await yard.pull(number)
    commit = git(yard.house.work, "rev-parse", "bad")
    conclusion, title, summary = await yard.ended(commit)
    assert (conclusion, title) == ("failure", "2 failed: lint, unit; 2 passed; 1 left out")
    assert f"coverage 80.00 % (-10.00 against `{main[:12]}`)" in summary
    assert "Its command ended with exit code 1" in summary
    (remark,) = yard.checks(commit)[-1].annotations
    assert (remark["path"], remark["start_line"], remark["annotation_level"]) == ("src/a.py", 3, "failure")


async def test_what_rules_leave_out_is_told_and_is_no_success(yard: Yard) -> None:
    commit = yard.house.pushes("backend", {"src/server/only.py": "X = 1\n"})
    await yard.branch("backend")
    conclusion, title, summary = await yard.ended(commit)
    assert (conclusion, title) == ("neutral", "3 passed; 2 left out")
    assert "**load** did not run: Only backend" in summary


async def test_code_of_a_fork_never_runs_on_the_machine_of_the_bot(yard: Yard) -> None:
    proof = yard.free.with_name("proof")
    number = yard.house.opens("eve", {"HOLD": "", "BROKEN": "", "LINT": f"$(touch {proof})"}, fork="eve/observer")
    commit = git(yard.house.work, "rev-parse", "eve")
    git(yard.house.bare, "update-ref", "-d", "refs/heads/eve")
    await yard.pull(number)
    conclusion, title, summary = await yard.ended(commit)
    assert (conclusion, title) == ("action_required", "2 passed; 2 not run for a fork; 1 left out")
    assert "**unit** did not run: it would run on the bot's own machine" in summary
    assert "Give the suite an \\`image\\`, or push the commit to a branch" in summary
    git(yard.house.work, "push", "--quiet", str(yard.house.bare), f"{commit}:refs/heads/read-by-ana")
    yard.free.touch()
    assert "is to be tested" in await yard.branch("read-by-ana")
    assert (await yard.ended(commit))[0] == "failure"


async def test_a_newer_push_ends_the_older_run_in_time(yard: Yard) -> None:
    older = yard.house.pushes("moving", {"HOLD": ""})
    await yard.branch("moving")
    await yard.runs(older)
    newer = yard.house.pushes("moving", {"src/server/x.py": "Y = 2\n"})
    await yard.branch("moving")
    assert (await yard.ended(newer))[0] in {"success", "neutral"}
    assert (await yard.ended(older))[:2] == ("cancelled", "Superseded by a newer commit.")
    assert not yard.free.exists()


async def test_the_same_news_again_tests_nothing_again(yard: Yard) -> None:
    commit = yard.house.pushes("same", {"README.md": "Same.\n"})
    number = yard.house.github[NAME].opens_pull("same", "Same").number
    await asyncio.gather(yard.branch("same"), yard.pull(number), yard.branch("same"))
    await yard.ended(commit)
    writes = yard.house.writes()
    assert "was tested before" in await yard.branch("same")
    assert "was tested before" in await yard.pull(number)
    assert yard.house.writes() == writes
    assert len(yard.checks(commit)) == 1


async def test_who_asks_for_the_check_again_gets_a_new_run(yard: Yard) -> None:
    commit = yard.house.pushes("again", {"README.md": "Again.\n"})
    wish = Examine(NAME, commit=commit)
    assert "is not to be tested" in await yard.gating.ask(wish)
    await yard.branch("again")
    await yard.ended(commit)
    assert "is to be tested again" in await yard.gating.ask(wish)
    await yard.ended(commit)
    assert [one.fields["status"] for one in yard.checks(commit)] == ["completed", "completed"]


async def test_at_most_two_commits_are_tested_at_once(yard: Yard) -> None:
    commits = [yard.house.pushes(f"crowd-{number}", {"HOLD": str(number)}) for number in range(3)]
    for number in range(3):
        await yard.branch(f"crowd-{number}")
    await yard.runs(commits[0])
    await yard.runs(commits[1])

    async def third_waits() -> bool:
        return [one.fields["status"] for one in yard.checks(commits[2])] == ["queued"]

    await until(third_waits)
    yard.free.touch()
    for commit in commits:
        assert (await yard.ended(commit))[0] in {"success", "neutral"}


async def test_a_bot_that_stops_goes_on_with_the_same_check_run(
    house: House, place: tuple[House, str], tmp_path: Path
) -> None:
    kept, moved = (house.pushes(name, {"HOLD": name}) for name in ("stopped", "overtaken"))
    async with gate_at(house, place[1], tmp_path) as yard:
        for name, commit in (("stopped", kept), ("overtaken", moved)):
            await yard.branch(name)
            await yard.runs(commit)
    assert {one.fields["status"] for commit in (kept, moved) for one in yard.checks(commit)} == {"in_progress"}
    newer = house.pushes("overtaken", {"README.md": "Overtaken.\n"})
    (tmp_path / "free").touch()
    async with gate_at(house, place[1], tmp_path) as yard:
        await yard.branch("overtaken")
        verdicts = [(await yard.ended(commit))[0] for commit in (kept, newer)]
        assert set(verdicts) <= {"success", "neutral"}
        assert (await yard.ended(moved))[0] in {"cancelled", "success", "neutral"}
        assert len(yard.checks(kept)) == len(yard.checks(moved)) == 1


async def test_a_verdict_waits_for_github_and_the_suites_are_not_run_twice(yard: Yard) -> None:
    commit = yard.house.pushes("weather", {"README.md": "Weather.\n"})
    repository = yard.gating.repository_of(yard.gating.configuration.services["observer"])
    await repository.refresh()
    yard.house.github.faults.fail(503, times=400)
    await yard.branch("weather")

    async def judged() -> bool:
        gate = await yard.store.gates.of(NAME, commit)
        return gate is not None and gate.verdict is not None

    await until(judged)
    assert yard.checks(commit) == []
    yard.house.github.faults.clear()
    assert (await yard.ended(commit))[0] in {"success", "neutral"}


async def test_a_token_that_is_no_apps_sets_a_status_and_leaves_nothing_out(
    house: House, place: tuple[House, str], tmp_path: Path
) -> None:
    commit = house.pushes("by-a-person", {"src/server/only.py": "X = 2\n"})
    async with gate_at(house, place[1], tmp_path, token=house.github.person_token) as yard:
        await yard.branch("by-a-person")

        async def done() -> bool:
            gate = await yard.store.gates.of(NAME, commit)
            return gate is not None and gate.done

        await until(done)
    statuses = [one for one in house.github[NAME].statuses if one.subject == commit and one.context == CHECK]
    assert {one.state for one in statuses} == {"pending", "success"}
    assert statuses[-1].description == "4 passed; 1 left out"


async def test_containers_of_suites_are_gone_afterwards(yard: Yard) -> None:
    await yard.branch("main")
    await yard.ended(git(yard.house.work, "rev-parse", "main"))
    listed = ("docker", "ps", "--all", "--format", "{{.Names}}", "--filter", "name=shipmate-gate-observer")
    found = await asyncio.to_thread(subprocess.run, listed, capture_output=True, check=True)
    assert found.stdout.decode() == ""
