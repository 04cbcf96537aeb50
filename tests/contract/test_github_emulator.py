"""The GitHub emulator, driven by the real PyGithub, over real git."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest
import requests
from github import Auth, Github, GithubException, InputGitTreeElement
from github.GithubException import BadCredentialsException, UnknownObjectException
from github.Repository import Repository

from tests.contract.github_schema import conforming, objections, violations
from tests.emulators.github import GitHubEmulator
from tests.emulators.github.git import IDENTITY

T = TypeVar("T")
NAME = "acme/observer"


def git(directory: Path, *args: str) -> str:
    """Run git in a work tree."""
    environment = {**IDENTITY, "PATH": "/usr/local/bin:/usr/bin:/bin", "GIT_CONFIG_GLOBAL": "/dev/null"}
    done = subprocess.run(("git", *args), cwd=directory, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def save(directory: Path, message: str, **files: str) -> str:
    """Commit some files and return the sha."""
    for name, content in files.items():
        path = directory / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    git(directory, "add", "--all")
    git(directory, "commit", "--quiet", "--message", message)
    return git(directory, "rev-parse", "HEAD")


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """Make a bare repository: two releases on main, and a branch that renames, adds, edits and deletes."""
    work = tmp_path / "work"
    work.mkdir()
    git(work, "init", "--quiet", "--initial-branch=main")
    save(work, "Start", app_dot_py="print('one')\n" * 5, old_dot_txt="a file\nthat moves\n", gone_dot_txt="gone\n")
    git(work, "tag", "v1.0.0")
    save(work, "Read the clock", app_dot_py="print('two')\n" * 5, values_dot_yaml="tag: v1.0.0\n")
    git(work, "tag", "--annotate", "--message", "second", "v1.1.0")
    git(work, "checkout", "--quiet", "-b", "feature/clock")
    git(work, "mv", "old.txt", "new.txt")
    git(work, "rm", "--quiet", "gone.txt")
    save(work, "Move things", src__clock_dot_py="import time\n")
    git(work, "checkout", "--quiet", "main")
    bare = tmp_path / "observer.git"
    git(tmp_path, "clone", "--quiet", "--bare", str(work), str(bare))
    return bare


@pytest.fixture
async def hub(origin: Path) -> AsyncIterator[GitHubEmulator]:
    """Run the emulator on that repository."""
    async with GitHubEmulator({NAME: origin}) as emulator:
        yield emulator


@pytest.fixture(autouse=True)
def conformity() -> Iterator[None]:
    """Hold every exchange with the emulator against GitHub's own description of its API."""
    with conforming():
        yield


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreadPoolExecutor]:
    """Give the one thread that owns PyGithub."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    with ThreadPoolExecutor(max_workers=1) as executor:
        yield executor


def client(hub: GitHubEmulator, token: str = "", *, lazy: bool = True) -> Github:
    """Build a client without throttle and retries."""
    return Github(
        auth=Auth.Token(token or hub.token),
        base_url=hub.url,
        retry=None,
        timeout=5,
        per_page=100,
        lazy=lazy,
        seconds_between_requests=None,
        seconds_between_writes=None,
    )


async def ask(
    worker: ThreadPoolExecutor, hub: GitHubEmulator, question: Callable[[Repository], T], token: str = ""
) -> T:
    """Ask about the repository on the worker thread."""

    def answer() -> T:
        with client(hub, token) as github:
            return question(github.get_repo(NAME))

    return await asyncio.get_running_loop().run_in_executor(worker, answer)


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, [{"name": 5}]), (200, {"message": "not a list"}), (418, [])],
    ids=["type", "shape", "status"],
)
def test_an_answer_that_github_would_not_give_is_noticed(status: int, body: object) -> None:
    assert violations("GET", f"/repos/{NAME}/branches", status, body)


NOTE = {"path": "a.py", "start_line": 1, "end_line": 1, "annotation_level": "notice", "message": "m"}
REFUSED = {
    "an unknown parameter": ("GET", "/commits/main/check-runs", {"name": "x"}, None),
    "an unknown field": ("POST", "/check-runs", {}, {"name": "x", "head_sha": "a", "verdict": "good"}),
    "a missing field": ("POST", "/check-runs", {}, {"name": "x"}),
    "too many annotations": (
        "PATCH",
        "/check-runs/7",
        {},
        {"output": {"title": "t", "summary": "s", "annotations": [NOTE] * 51}},
    ),
    "an unknown level": (
        "PATCH",
        "/check-runs/7",
        {},
        {"output": {"title": "t", "summary": "s", "annotations": [NOTE | {"annotation_level": "blocking"}]}},
    ),
    "a comment without words": ("POST", "/issues/7/comments", {}, {}),
}


@pytest.mark.parametrize(("method", "path", "query", "body"), REFUSED.values(), ids=REFUSED)
def test_a_question_that_github_does_not_know_is_noticed(
    method: str, path: str, query: dict[str, str], body: object
) -> None:
    assert objections(method, f"/repos/{NAME}{path}", query, body)
    assert not objections("GET", f"/repos/{NAME}/commits/main/check-runs", {"check_name": "x", "per_page": "1"}, None)


async def test_branches_tags_and_commits_are_those_of_git(hub: GitHubEmulator, worker: ThreadPoolExecutor) -> None:
    def question(repository: Repository) -> tuple[object, ...]:
        return (
            repository.default_branch,
            [branch.name for branch in repository.get_branches()],
            [tag.name for tag in repository.get_tags()],
            [commit.commit.message for commit in repository.get_commits(sha="feature/clock")],
            repository.get_branch("main").raw_data["commit"]["sha"] == repository.get_commit("v1.1.0").raw_data["sha"],
        )

    assert await ask(worker, hub, question) == (
        "main",
        ["feature/clock", "main"],
        ["v1.1.0", "v1.0.0"],
        ["Move things", "Read the clock", "Start"],
        True,
    )


async def test_comparing_tells_what_happened_to_each_file(hub: GitHubEmulator, worker: ThreadPoolExecutor) -> None:
    def question(repository: Repository) -> object:
        comparison = repository.compare("main", "feature/clock")
        files = [(one.filename, one.status, one.previous_filename) for one in comparison.files]
        return comparison.ahead_by, comparison.behind_by, comparison.status, files, comparison.files[-1].patch

    assert await ask(worker, hub, question) == (
        1,
        0,
        "ahead",
        [
            ("gone.txt", "removed", None),
            ("new.txt", "renamed", "old.txt"),
            ("src/clock.py", "added", None),
        ],
        "@@ -0,0 +1 @@\n+import time\n",
    )


async def test_a_comparison_stops_silently_at_300_files(
    hub: GitHubEmulator, worker: ThreadPoolExecutor, tmp_path: Path
) -> None:
    work = tmp_path / "work"
    save(work, "Many", **{f"many__{number}": f"{number}\n" for number in range(310)})
    git(work, "push", "--quiet", str(tmp_path / "observer.git"), "main")
    assert await ask(worker, hub, lambda repository: len(repository.compare("v1.1.0", "main").files)) == 300


async def test_lists_come_in_pages(hub: GitHubEmulator, worker: ThreadPoolExecutor) -> None:
    hub[NAME].opens_pull("feature/clock", "Clock")
    for number in range(7):
        hub[NAME].comments_on(1, "ana", f"note {number}")

    def question(repository: Repository) -> list[str]:
        repository.requester.per_page = 3
        return [comment.body for comment in repository.get_issue(1).get_comments()]

    assert await ask(worker, hub, question) == [f"note {number}" for number in range(7)]
    assert [path for _, path, _ in hub.requests].count(f"/repos/{NAME}/issues/1/comments") == 3


async def test_a_pull_request_is_opened_read_commented_and_merged(
    hub: GitHubEmulator, worker: ThreadPoolExecutor
) -> None:
    def question(repository: Repository) -> tuple[object, ...]:
        pull = repository.create_pull(base="main", head="feature/clock", title="Clock", body="Why not")
        comment = repository.get_issue(pull.number).create_comment("first")
        comment.edit("second")
        with pytest.raises(GithubException) as moved:
            pull.merge(sha="0" * 40)
        merged = pull.merge(sha=pull.head.sha)
        with pytest.raises(GithubException) as again:
            pull.merge()
        found = [one.number for one in repository.get_commit(merged.sha).get_pulls()]
        names = [one.filename for one in pull.get_files()]
        return moved.value.status, again.value.status, found, names

    assert await ask(worker, hub, question) == (409, 405, [1], ["gone.txt", "new.txt", "src/clock.py"])
    assert hub[NAME].page(1) == ("#1 Clock (merged, feature/clock -> main)\n\nWhy not\n\nshipmate[bot]:\nsecond")


async def test_the_pull_request_of_a_commit_is_found_while_open(
    hub: GitHubEmulator, worker: ThreadPoolExecutor
) -> None:
    hub[NAME].opens_pull("feature/clock", "Clock", author="ana")
    sha = hub[NAME].git.resolve("feature/clock")
    assert sha is not None

    def question(repository: Repository) -> list[tuple[str, str]]:
        return [(pull.title, pull.user.login) for pull in repository.get_commit(sha).get_pulls()]

    assert await ask(worker, hub, question) == [("Clock", "ana")]


async def test_a_file_is_written_only_over_the_content_that_was_read(
    hub: GitHubEmulator, worker: ThreadPoolExecutor
) -> None:
    def question(repository: Repository) -> tuple[object, ...]:
        before = repository.get_contents("values.yaml")
        assert not isinstance(before, list)
        repository.update_file("values.yaml", "Bump", "tag: v1.1.0\n", before.sha, branch="main")
        with pytest.raises(GithubException) as stale:
            repository.update_file("values.yaml", "Bump", "tag: v9\n", before.sha, branch="main")
        with pytest.raises(GithubException) as blind:
            repository.create_file("values.yaml", "Bump", "tag: v9\n", branch="main")
        repository.create_file("deep/er.txt", "Add", "x\n", branch="main")
        after = repository.get_contents("values.yaml")
        assert not isinstance(after, list)
        return stale.value.status, blind.value.status, after.decoded_content, repository.get_commits()[0].commit.message

    assert await ask(worker, hub, question) == (409, 422, b"tag: v1.1.0\n", "Add")


async def test_of_writers_with_the_same_sha_one_wins(hub: GitHubEmulator) -> None:
    sha = hub[NAME].git.run("rev-parse", "main:values.yaml").strip()

    def write(number: int) -> int:
        with client(hub) as github:
            try:
                github.get_repo(NAME).update_file("values.yaml", "Bump", f"tag: {number}\n", sha)
            except GithubException as error:
                return error.status
            return 200

    statuses = await asyncio.gather(*(asyncio.to_thread(write, number) for number in range(4)))
    assert sorted(statuses) == [200, 409, 409, 409]


async def test_several_files_become_one_commit_and_only_fast_forward(
    hub: GitHubEmulator, worker: ThreadPoolExecutor
) -> None:
    def question(repository: Repository) -> tuple[object, ...]:
        ref = repository.get_git_ref("heads/main")
        parent = repository.get_git_commit(ref.object.sha)
        elements = [
            InputGitTreeElement("a.txt", "100644", "blob", content="a\n"),
            InputGitTreeElement("gone.txt", "100644", "blob", sha=None),
        ]
        tree = repository.create_git_tree(elements, base_tree=parent.tree)
        commit = repository.create_git_commit("Both", tree, [parent])
        ref.edit(commit.sha)
        with pytest.raises(GithubException) as backwards:
            ref.edit(parent.sha)
        listed = [entry.path for entry in repository.get_git_tree("main", recursive=True).tree]
        return backwards.value.status, listed

    assert await ask(worker, hub, question) == (422, ["a.txt", "app.py", "old.txt", "values.yaml"])


async def test_a_tag_object_alone_is_no_tag_and_a_release_is_made_once(
    hub: GitHubEmulator, worker: ThreadPoolExecutor
) -> None:
    def question(repository: Repository) -> tuple[object, ...]:
        head = repository.get_branch("main").commit.sha
        tag = repository.create_git_tag("v2.0.0", "two", head, "commit")
        before = [one.name for one in repository.get_tags()]
        repository.create_git_ref("refs/tags/v2.0.0", tag.sha)
        repository.create_git_release("v2.0.0", name="Two", message="notes")
        with pytest.raises(GithubException) as twice:
            repository.create_git_release("v2.0.0", name="Two", message="notes")
        release = repository.get_release("v2.0.0")
        release.update_release("Two", "better notes")
        return "v2.0.0" in before, twice.value.status, repository.get_latest_release().body

    assert await ask(worker, hub, question) == (False, 422, "better notes")


async def test_statuses_deployments_and_checks_are_recorded(hub: GitHubEmulator, worker: ThreadPoolExecutor) -> None:
    def question(repository: Repository) -> tuple[object, ...]:
        commit = repository.get_commit("main")
        commit.create_status("pending", context="shipmate", description="working")
        commit.create_status("success", context="shipmate", description="done")
        deployment = repository.create_deployment(
            ref=commit.sha, environment="production", auto_merge=False, required_contexts=[], payload={"id": "r1"}
        )
        deployment.create_status("in_progress")
        deployment.create_status("success", description="healthy")
        check = repository.create_check_run("gate", commit.sha, status="in_progress")
        check.edit(status="completed", conclusion="success", output={"title": "Gate", "summary": "ok"})
        return (
            [status.state for status in commit.get_statuses()],
            commit.get_combined_status().state,
            [status.state for status in deployment.get_statuses()],
            [one.payload for one in repository.get_deployments(environment="production")],
            [(run.name, run.conclusion) for run in commit.get_check_runs()],
        )

    assert await ask(worker, hub, question) == (
        ["success", "pending"],
        "success",
        ["success", "in_progress"],
        [{"id": "r1"}],
        [("gate", "success")],
    )


async def test_only_an_app_writes_checks_and_only_a_person_has_an_account(
    hub: GitHubEmulator, worker: ThreadPoolExecutor
) -> None:
    def check(repository: Repository) -> object:
        return repository.create_check_run("gate", repository.get_commit("main").sha)

    with pytest.raises(GithubException) as person:
        await ask(worker, hub, check, hub.person_token)
    assert person.value.status == 403
    with client(hub) as app, pytest.raises(GithubException, match="not accessible by integration"):
        await asyncio.to_thread(lambda: app.get_user().login)


async def test_a_wrong_token_and_an_unknown_repository_are_told_apart(hub: GitHubEmulator) -> None:
    with client(hub, "wrong", lazy=False) as stranger, pytest.raises(BadCredentialsException):
        await asyncio.to_thread(stranger.get_repo, NAME)
    with client(hub, lazy=False) as known, pytest.raises(UnknownObjectException):
        await asyncio.to_thread(known.get_repo, "acme/nothing")


async def test_the_rate_limit_runs_out(origin: Path) -> None:
    async with GitHubEmulator({NAME: origin}, hourly_limit=1) as hub:
        with client(hub, lazy=False) as github:
            await asyncio.to_thread(github.get_repo, NAME)
            assert github.rate_limiting == (0, 1)
            with pytest.raises(GithubException, match="rate limit exceeded"):
                await asyncio.to_thread(github.get_repo, NAME)


async def test_an_unchanged_answer_is_not_sent_twice(hub: GitHubEmulator) -> None:
    headers = {"Authorization": f"Bearer {hub.token}"}
    address = f"{hub.url}/repos/{NAME}"
    first = await asyncio.to_thread(requests.get, address, headers=headers, timeout=5)
    headers["If-None-Match"] = first.headers["ETag"]
    again = await asyncio.to_thread(requests.get, address, headers=headers, timeout=5)
    assert (first.status_code, again.status_code) == (200, 304)


async def test_a_lost_answer_leaves_the_comment_behind(hub: GitHubEmulator, worker: ThreadPoolExecutor) -> None:
    hub[NAME].opens_pull("feature/clock", "Clock")
    hub.faults.lose_answers(path="/comments")
    with pytest.raises(requests.ConnectionError):
        await ask(worker, hub, lambda repository: repository.get_issue(1).create_comment("once"))
    assert [comment.body for comment in hub[NAME].comments.values()] == ["once"]


async def test_an_outage_refuses_connections_and_ends(hub: GitHubEmulator, worker: ThreadPoolExecutor) -> None:
    await hub.down()
    with pytest.raises(requests.ConnectionError):
        await ask(worker, hub, lambda repository: repository.default_branch)
    await hub.up()
    assert await ask(worker, hub, lambda repository: repository.default_branch) == "main"
