"""P13 for GitHub: whatever it does instead of answering ends in a defined way, in time, and nothing is there twice."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from tests.emulators.github import GitHubEmulator
from tests.emulators.github.world import Repository
from tests.emulators.loopback import Fault
from tests.stage.observer.repository import build_observer
from tools.errors import Garbled, TimedOut, ToolError, Unreachable
from tools.github import GithubRepository
from tools.github_client import GithubAccess, GithubClient
from tools.github_deployments import Deployment, GithubDeployments, Standing
from tools.github_refusals import Collided, Limited
from tools.github_releases import GithubReleases

ROOT = Path(__file__).parents[2]
NAME = "acme/observer"
LIMIT = timedelta(seconds=4)
SECONDARY = '{"message": "You have exceeded a secondary rate limit. Please wait a few minutes."}'
PRIMARY = '{"message": "API rate limit exceeded for installation."}'
CONFLICT = '{"message": "Conflict: Commit status checks failed for main."}'
NONSENSE = '{"message": "Validation Failed", "errors": [{"code": "custom"}]}'


@dataclass
class Desk:
    """What the feed does to one commit, with a client that waits for nothing longer than a blink."""

    github: GitHubEmulator
    there: Repository
    client: GithubClient
    sha: str

    async def status(self) -> None:
        await GithubRepository(self.client, NAME).commit_status(self.sha, "success", context="c", description="d")

    async def deployment(self) -> None:
        deployments = GithubDeployments(self.client, NAME)
        number = await deployments.made(Deployment("r1 main", self.sha, "production", "x", production=True))
        await deployments.stands(number, Standing("success", "v1.2.3 runs"))

    async def release(self) -> None:
        await GithubReleases(self.client, NAME).publish("v1.2.3", self.sha, "notes")

    def counts(self) -> tuple[int, int, int]:
        said = sum(len(one.statuses) for one in self.there.deployments.values())
        return len(self.there.statuses), len(self.there.deployments) + said, len(self.there.releases)

    def work(self, what: str) -> Callable[[], Awaitable[None]]:
        return {"status": self.status, "deployment": self.deployment, "release": self.release}[what]


WRITES = {"status": "/statuses/", "deployment": "/deployments", "release": "/releases"}
DONE = {"status": (1, 0, 0), "deployment": (0, 2, 0), "release": (0, 0, 1)}


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("trouble")
    build_observer(directory / "work")
    return directory / "work" / ".git"


@pytest.fixture
async def desk(bare: Path) -> AsyncIterator[Desk]:
    async with GitHubEmulator({NAME: bare}) as github:
        access = GithubAccess(
            github.token, github.url, politeness=False, limit=LIMIT, longest_wait=timedelta(seconds=1)
        )
        client = GithubClient(access)
        yield Desk(github, github[NAME], client, github[NAME].git.resolve("refs/tags/v1.2.3") or "")
        client.close()


TROUBLES: dict[str, tuple[Fault, type[ToolError]]] = {
    "primary limit": (Fault(status=403, body=PRIMARY, headers={"X-RateLimit-Reset": "99999999999"}), Limited),
    "secondary limit": (Fault(status=403, body=SECONDARY), Limited),
    "secondary limit with Retry-After": (Fault(status=403, body=SECONDARY, headers={"Retry-After": "0"}), Limited),
    "403 with Retry-After alone": (Fault(status=403, headers={"Retry-After": "0"}, body="{}"), Limited),
    "429": (Fault(status=429, body="{}"), Limited),
    "429 with Retry-After": (Fault(status=429, body="{}", headers={"Retry-After": "0"}), Limited),
    "500": (Fault(status=500, body="{}"), Unreachable),
    "503": (Fault(status=503, body="<html>busy</html>", content_type="text/html"), Unreachable),
    "409": (Fault(status=409, body=CONFLICT), Collided),
    "422": (Fault(status=422, body=NONSENSE), Collided),
    "a web page": (Fault(status=200, body="<html>Sign in</html>", content_type="text/html"), Garbled),
}


@pytest.mark.parametrize("what", WRITES)
@pytest.mark.parametrize("trouble", TROUBLES)
async def test_p13_each_trouble_is_one_error_in_time_and_gone_when_it_is_over(
    desk: Desk, what: str, trouble: str
) -> None:
    fault, meaning = TROUBLES[trouble]
    fields = {name: getattr(fault, name) for name in Fault.__slots__}
    desk.github.faults.arm(Fault(**{**fields, "path": WRITES[what], "times": 1000}))
    begun = time.monotonic()
    with pytest.raises(ToolError) as caught:
        await desk.work(what)()
    assert time.monotonic() - begun < LIMIT.total_seconds() + 1
    assert type(caught.value) is meaning, caught.value
    assert "goes on without it" in caught.value.standing
    desk.github.faults.clear()
    for _ in range(2):
        await desk.work(what)()
    assert desk.counts() == DONE[what]


@pytest.mark.parametrize("what", WRITES)
async def test_p8_a_write_whose_answer_is_lost_is_there_once(desk: Desk, what: str) -> None:
    asked = [path for path in (WRITES[what], "/statuses") if what == "deployment" or path == WRITES[what]]
    for path in asked:
        desk.github.faults.slow_down(0, path=path, times=1)  # the look before it
        desk.github.faults.lose_answers(path=path, times=1)
        for _ in range(3):
            try:
                await desk.work(what)()
            except ToolError:
                continue
        desk.github.faults.clear()
    await desk.work(what)()
    assert desk.counts() == DONE[what]


@pytest.mark.parametrize("what", WRITES)
async def test_p13_a_silent_github_costs_no_more_than_the_limit(desk: Desk, what: str) -> None:
    desk.client.close()
    access = GithubAccess(desk.github.token, desk.github.url, politeness=False, limit=timedelta(seconds=0.4))
    desk.client = GithubClient(access)
    desk.github.faults.slow_down(1, path=WRITES[what], times=1)
    begun = time.monotonic()
    with pytest.raises(TimedOut):
        await desk.work(what)()
    assert time.monotonic() - begun < 2


async def test_a_limit_tells_how_long_it_lasts(desk: Desk) -> None:
    desk.github.faults.fail(429, body="{}", retry_after=37, path="/statuses/", times=1)
    desk.github.faults.arm(Fault(path="/statuses/", status=429, body="{}", headers={"Retry-After": "37"}, times=9))
    with pytest.raises(Limited) as limited:
        await desk.status()
    assert limited.value.seconds == 37


LEAVING = """
import asyncio, sys
from datetime import timedelta
from tools.errors import TimedOut
from tools.github_client import GithubAccess, GithubClient

async def main():
    client = GithubClient(GithubAccess("x", sys.argv[1], politeness=False, limit=timedelta(seconds=0.3)))
    try:
        await client.ask("Asking", lambda github: github.get_user().login)
    except TimedOut:
        print("timed out")
    client.close()

asyncio.run(main())
"""


async def test_p13_a_silent_github_does_not_hold_up_the_end_of_the_process(desk: Desk) -> None:
    desk.github.faults.hang(times=100)
    begun = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", LEAVING, desk.github.url, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    told, _ = await process.communicate()
    assert told == b"timed out\n"
    assert time.monotonic() - begun < 8, "one request alone is given up after ten seconds"
