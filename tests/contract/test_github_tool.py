"""The GitHub tool with the real client against a repository with real git behind it."""

import subprocess
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.emulators.github import GitHubEmulator
from tests.stage.observer.history import PULL_REQUEST
from tests.stage.observer.pulls import remember_pull_request
from tests.stage.observer.repository import build_observer
from tools.changes import ChangedFile
from tools.errors import Denied, Garbled, NotFound, TimedOut, ToolError, Unreachable
from tools.github import GithubAccess, GithubClient, GithubRepository, marked
from tools.repository import Repository

NAME = "acme/observer"
SEVEN = PULL_REQUEST.number


def git(directory: Path, *arguments: str, stdin: bytes = b"") -> str:
    done = subprocess.run(("git", "-C", str(directory), *arguments), input=stdin, capture_output=True, check=True)
    return done.stdout.decode().strip()


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("github")
    build_observer(directory / "work")
    git(directory, "clone", "--quiet", "--bare", "work", "observer.git")
    return directory / "observer.git"


@pytest.fixture
async def github(bare: Path) -> AsyncIterator[GitHubEmulator]:
    async with GitHubEmulator({NAME: bare}) as emulator:
        remember_pull_request(emulator[NAME])
        yield emulator


@pytest.fixture
async def client(github: GitHubEmulator) -> AsyncIterator[GithubClient]:
    one = GithubClient(GithubAccess(github.token, github.url, politeness=False, limit=timedelta(seconds=10)))
    yield one
    one.close()


@pytest.fixture
def repository(client: GithubClient) -> GithubRepository:
    return GithubRepository(client, NAME)


def bodies(github: GitHubEmulator) -> list[str]:
    return [comment.body for comment in github[NAME].comments.values()]


async def test_the_pull_request_behind_a_commit_is_found(repository: GithubRepository, bare: Path) -> None:
    found = await repository.pull_request_of(git(bare, "rev-parse", "v1.2.3^{commit}"))
    assert found is not None
    assert (found.number, found.title, found.author) == (SEVEN, PULL_REQUEST.title, "ben")
    assert found.body == PULL_REQUEST.body


async def test_a_commit_without_a_pull_request_has_none(repository: GithubRepository, bare: Path) -> None:
    assert await repository.pull_request_of(git(bare, "rev-parse", "v1.2.5^{commit}")) is None


async def test_a_comment_is_kept_up_to_date_and_never_doubled(
    repository: GithubRepository, github: GitHubEmulator
) -> None:
    first = await repository.sticky_comment(SEVEN, "release", "one")
    assert await repository.sticky_comment(SEVEN, "release", "two") == first
    assert bodies(github) == [marked("release", "two")]


async def test_a_comment_that_says_the_same_is_left_alone(repository: GithubRepository, github: GitHubEmulator) -> None:
    await repository.sticky_comment(SEVEN, "release", "one")
    written = [request for request in github.requests if request[0] != "GET"]
    await repository.sticky_comment(SEVEN, "release", "one")
    assert [request for request in github.requests if request[0] != "GET"] == written


async def test_two_keys_are_two_comments(repository: GithubRepository, github: GitHubEmulator) -> None:
    await repository.sticky_comment(SEVEN, "release", "one")
    await repository.sticky_comment(SEVEN, "other", "two")
    assert len(bodies(github)) == 2


async def test_duplicates_of_ours_are_removed_and_the_oldest_stays(
    repository: GithubRepository, github: GitHubEmulator
) -> None:
    for number in range(3):
        github[NAME].comments_on(SEVEN, "shipmate[bot]", marked("release", f"old {number}"))
    await repository.sticky_comment(SEVEN, "release", "new")
    assert bodies(github) == [marked("release", "new")]


async def test_p17_somebody_elses_comment_with_our_marker_is_not_touched(
    repository: GithubRepository, github: GitHubEmulator
) -> None:
    forged = github[NAME].comments_on(SEVEN, "ana", marked("release", "approved by all"))
    await repository.sticky_comment(SEVEN, "release", "new")
    assert bodies(github) == [forged.body, marked("release", "new")]


async def test_p8_a_comment_whose_answer_is_lost_is_written_once(
    repository: GithubRepository, github: GitHubEmulator
) -> None:
    comments = f"/issues/{SEVEN}/comments"
    github.faults.slow_down(0, path=comments)  # the question whether it is there already
    github.faults.lose_answers(path=comments)
    address = await repository.sticky_comment(SEVEN, "release", "one")
    assert github.faults.take(comments) is None
    assert address == await repository.sticky_comment(SEVEN, "release", "one")
    assert [method for method, path, _ in github.requests if path.endswith(comments)].count("POST") == 1
    assert bodies(github) == [marked("release", "one")]


async def test_changed_files_are_those_that_git_names(repository: GithubRepository, bare: Path, tmp_path: Path) -> None:
    local = Repository(str(bare), tmp_path / "copy.git")
    await local.refresh()
    base, head = (git(bare, "rev-parse", f"{tag}^{{commit}}") for tag in ("v1.2.0", "v1.2.8"))
    assert await repository.changed_files(base, head) == await local.changed_files(base, head)


async def test_histories_that_went_apart_are_compared_by_their_trees(
    repository: GithubRepository, bare: Path, tmp_path: Path
) -> None:
    local = Repository(str(bare), tmp_path / "copy.git")
    await local.refresh()
    base, head = (git(bare, "rev-parse", f"{tag}^{{commit}}") for tag in ("v1.2.5", "v1.2.8"))
    named = [(file.path, file.status) for file in await local.changed_files(base, head)]
    assert [(file.path, file.status) for file in await repository.changed_files(base, head)] == named


async def test_more_than_300_files_are_all_named(repository: GithubRepository, bare: Path) -> None:
    base = git(bare, "rev-parse", "v1.2.8^{commit}")
    files = "".join(f"M 100644 inline many/{n}.txt\ndata 2\n{n % 10}\n\n" for n in range(350))
    stream = (
        f"commit refs/heads/many\ncommitter ana <ana@acme.example> 1770000000 +0000\ndata 4\nmany\nfrom {base}\n{files}"
    )
    git(bare, "fast-import", "--quiet", stdin=stream.encode())
    changed = await repository.changed_files(base, git(bare, "rev-parse", "many"))
    assert len(changed) == 350
    assert changed[0] == ChangedFile("many/0.txt", "added")


async def test_a_status_is_set_once(repository: GithubRepository, github: GitHubEmulator, bare: Path) -> None:
    sha = git(bare, "rev-parse", "v1.2.3^{commit}")
    for state in ("pending", "success", "success"):
        await repository.commit_status(sha, state, context="shipmate/production", description="x" * 200)
    assert [status.state for status in github[NAME].statuses] == ["pending", "success"]
    assert len(github[NAME].statuses[0].description) == 140


async def test_p13_each_way_to_fail_is_one_of_our_errors(
    repository: GithubRepository, github: GitHubEmulator, bare: Path
) -> None:
    sha = git(bare, "rev-parse", "v1.2.3^{commit}")

    async def raised() -> type[ToolError]:
        with pytest.raises(ToolError) as caught:
            await repository.pull_request_of(sha)
        github.faults.clear()
        return caught.type

    github.faults.show_a_web_page(times=20)
    assert await raised() is Garbled
    github.faults.fail(503, times=20)
    assert await raised() is Unreachable
    await github.down()
    assert await raised() is Unreachable


async def test_a_wrong_token_and_an_unknown_repository_are_told(github: GitHubEmulator) -> None:
    stranger = GithubClient(GithubAccess("gh" + "p_" + "0" * 36, github.url, politeness=False))
    friend = GithubClient(GithubAccess(github.token, github.url, politeness=False))
    with pytest.raises(Denied):
        await GithubRepository(stranger, NAME).sticky_comment(SEVEN, "release", "x")
    with pytest.raises(NotFound):
        await GithubRepository(friend, "acme/nothing").sticky_comment(SEVEN, "release", "x")
    stranger.close()
    friend.close()


async def test_p13_a_silent_github_costs_no_more_than_the_limit(github: GitHubEmulator) -> None:
    client = GithubClient(GithubAccess(github.token, github.url, politeness=False, limit=timedelta(seconds=0.3)))
    github.faults.slow_down(1, times=1)
    with pytest.raises(TimedOut):
        await GithubRepository(client, NAME).sticky_comment(SEVEN, "release", "x")
    client.close()
