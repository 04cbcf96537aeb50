"""`init` as people type it, on real directories and repositories, and on GitHub's stand-in."""

import io
import re
import subprocess
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from agents.entrypoints.check_config import check_config
from agents.entrypoints.init.command import BRANCH, MESSAGE, Order, init
from agents.entrypoints.init.found import Wishes
from tests.emulators.github import GitHubEmulator
from tests.unit.entrypoints.init.samples import BARE, FLASK, PLAIN
from tools.errors import Denied, NotFound
from tools.github_client import GithubAccess

NAME = "acme/sample"
WRITTEN = {
    *("Dockerfile", ".dockerignore", "docker-compose.prod.yml", ".env.example"),
    *(f".github/workflows/{name}.yml" for name in ("test", "build", "deploy")),
}


def git(directory: Path, *words: str) -> str:
    identity = ("-c", "user.name=ana", "-c", "user.email=ana@example.invalid")
    done = subprocess.run(("git", "-C", str(directory), *identity, *words), check=True, capture_output=True, text=True)
    return done.stdout.strip()


def repository(directory: Path, files: Mapping[str, str]) -> Path:
    """Make a repository whose origin is on GitHub."""
    for path, text in files.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_text(text)
    git(directory, "init", "--quiet", "--initial-branch=main")
    git(directory, "remote", "add", "origin", f"https://github.com/{NAME}.git")
    git(directory, "add", ".")
    git(directory, "commit", "--quiet", "--message=Begin")
    return directory


@pytest.fixture
def work(tmp_path: Path) -> Path:
    (tmp_path / "work").mkdir()
    return repository(tmp_path / "work", FLASK)


@pytest.fixture
async def github(tmp_path: Path, work: Path) -> AsyncIterator[GitHubEmulator]:
    bare = tmp_path / "sample.git"
    git(tmp_path, "clone", "--quiet", "--bare", str(work), str(bare))
    async with GitHubEmulator({NAME: bare}) as emulator:
        yield emulator


def order(directory: Path, **more: bool) -> Order:
    return Order(directory, None, directory.parent / "services", Wishes(), **more)


async def run(given: Order, github: GitHubEmulator | None = None) -> tuple[int, str]:
    access = GithubAccess(github.person_token, github.url, politeness=False) if github else None
    out = io.StringIO()
    return await init(given, access, out=out), out.getvalue()


def present(directory: Path) -> set[str]:
    return {
        str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file() and ".git/" not in str(path)
    }


async def test_nothing_is_written_until_somebody_says_so(work: Path) -> None:
    before = present(work)
    code, told = await run(order(work))
    assert code == 0
    assert present(work) == before
    assert not (work.parent / "services").exists()
    assert "Nothing was written." in told
    assert '+CMD ["gunicorn", "--bind", "0.0.0.0:8000", "app:app"]' in told


async def test_what_was_written_is_left_alone_the_second_time(work: Path) -> None:
    assert (await run(order(work, write=True)))[0] == 0
    assert present(work) == {*FLASK, *WRITTEN}
    code, told = await run(order(work, write=True))
    assert (code, told.count("is so already")) == (0, len(WRITTEN) + 1)


async def test_the_bot_takes_the_services_file_as_it_is(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    await run(order(work, write=True))
    (work.parent / "shipmate.yaml").write_text("services: services\n")
    out = io.StringIO()
    assert check_config(work.parent / "shipmate.yaml", {}, out=out) == 0, out.getvalue()
    assert capsys.readouterr().out == ""


async def test_a_file_that_exists_is_kept_and_told_and_no_rule_of_ours_holds_for_it(work: Path) -> None:
    (work / "Dockerfile").write_text("FROM scratch\n")
    _, told = await run(order(work, write=True))
    assert (work / "Dockerfile").read_text() == "FROM scratch\n"
    assert re.search(r"Dockerfile +KEPT", told)
    assert "-FROM scratch" in told
    service = (work.parent / "services/sample.yaml").read_text()
    assert "multi_stage" not in service
    assert "ignore:" in service


async def test_with_force_it_is_replaced(work: Path) -> None:
    (work / "Dockerfile").write_text("FROM scratch\n")
    await run(order(work, write=True, force=True))
    assert "appuser" in (work / "Dockerfile").read_text()


async def test_what_nobody_can_know_is_asked_for(tmp_path: Path) -> None:
    quiet = PLAIN["src/watcher/__main__.py"].replace('"8090"', '"0"')
    for path, text in {**PLAIN, "src/watcher/__main__.py": quiet}.items():
        (tmp_path / "there" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "there" / path).write_text(text)
    code, told = await run(order(tmp_path / "there", write=True))
    assert code == 2
    assert "Say it: --port there=NUMBER" in told
    assert "Say it: --image REGISTRY/OWNER/NAME" in told
    assert not (tmp_path / "there/Dockerfile").exists()


async def test_a_pull_request_holds_one_commit_with_every_file(work: Path, github: GitHubEmulator) -> None:
    code, told = await run(order(work, pull_request=True), github)
    assert code == 0, told
    (pull,) = github[NAME].pulls.values()
    assert f"Pull request #{pull.number} opened" in told
    assert (pull.head, pull.base, pull.title) == (BRANCH, "main", MESSAGE)
    assert {change.path for change in github[NAME].files_of(pull)} == WRITTEN
    assert len(github[NAME].commits_of(pull)) == 1
    assert "gunicorn" in pull.body
    assert (work.parent / "services/sample.yaml").is_file()


async def test_asked_twice_it_is_the_same_pull_request(work: Path, github: GitHubEmulator) -> None:
    await run(order(work, pull_request=True), github)
    head = github[NAME].git.resolve(BRANCH)
    _, told = await run(order(work, pull_request=True), github)
    assert "unchanged" in told
    assert len(github[NAME].pulls) == 1
    assert github[NAME].git.resolve(BRANCH) == head


async def test_what_changed_meanwhile_comes_into_the_same_pull_request(work: Path, github: GitHubEmulator) -> None:
    await run(order(work, pull_request=True), github)
    (work / "app.py").write_text(FLASK["app.py"].replace("/healthz", "/ready"))
    _, told = await run(order(work, pull_request=True), github)
    (pull,) = github[NAME].pulls.values()
    assert f"#{pull.number} updated" in told
    assert len(github[NAME].commits_of(pull)) == 1
    assert "/ready" in github[NAME].git.run("show", f"{BRANCH}:docker-compose.prod.yml")


async def test_a_file_of_the_default_branch_is_left_out_of_the_pull_request(work: Path, github: GitHubEmulator) -> None:
    (work / "Dockerfile").write_text("FROM scratch\n")
    git(work, "add", ".")
    git(work, "commit", "--quiet", "--message=Own")
    git(work, "push", "--quiet", str(work.parent / "sample.git"), "main")
    _, told = await run(order(work, pull_request=True), github)
    (pull,) = github[NAME].pulls.values()
    assert {change.path for change in github[NAME].files_of(pull)} == WRITTEN - {"Dockerfile"}
    assert re.search(r"Dockerfile +KEPT", told)
    assert "`Dockerfile`" in pull.body


async def test_somebody_elses_commits_on_the_branch_are_not_lost(work: Path, github: GitHubEmulator) -> None:
    await run(order(work, pull_request=True), github)
    bare = github[NAME].git
    head = str(bare.resolve(BRANCH))
    theirs = bare.write_commit(f"{head}^{{tree}}", [head], "Correct the limits")
    bare.move(f"refs/heads/{BRANCH}", theirs)
    with pytest.raises(Denied, match="Correct the limits"):
        await run(order(work, pull_request=True), github)
    assert bare.resolve(BRANCH) == theirs


async def test_a_repository_elsewhere_is_looked_at_without_a_working_copy(work: Path, tmp_path: Path) -> None:
    given = Order(tmp_path, str(work), tmp_path / "services", Wishes(image="ghcr.io/acme/sample"))
    code, told = await run(given)
    assert code == 0
    assert "Flask (Python 3.12)" in told
    with pytest.raises(Denied, match="no working copy"):
        await run(Order(tmp_path, str(work), tmp_path / "services", Wishes(), write=True))


async def test_a_pull_request_needs_github_and_a_token(work: Path) -> None:
    with pytest.raises(Denied, match="GITHUB_TOKEN"):
        await run(order(work, pull_request=True))
    git(work, "remote", "remove", "origin")
    given = Order(work, None, work.parent, Wishes(image="ghcr.io/acme/sample"), pull_request=True)
    with pytest.raises(NotFound, match="no origin on GitHub"):
        await run(given)


async def test_a_new_repository_with_nothing_added_yet_is_seen(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    for path, text in BARE.items():
        (tmp_path / path).write_text(text)
    code, _ = await run(Order(tmp_path, None, tmp_path / "services", Wishes(image="ghcr.io/acme/bare", name="bare")))
    assert code == 0


async def test_what_was_written_is_told_once_with_who_is_missing_and_the_second_time_not(work: Path) -> None:
    told = (await run(order(work, write=True)))[1]
    assert "Written. Read them" in told
    assert "Every release is refused until `approvers` in" in told
    again = (await run(order(work, write=True)))[1]
    assert "Written." not in again
    assert "Nothing was written: every file was there already." in again


async def test_a_port_for_a_component_that_is_not_there_is_refused(work: Path) -> None:
    wrong = Order(work, None, work.parent / "services", Wishes(ports=(("nosuch", 80),)), write=True)
    with pytest.raises(NotFound, match="no component nosuch"):
        await run(wrong)
    assert present(work) == set(FLASK)


async def test_what_is_ignored_names_no_directory_of_another_service(work: Path) -> None:
    await run(order(work, write=True))
    services = "".join(file.read_text() for file in (work.parent / "services").iterdir())
    ignored = (work / ".dockerignore").read_text()
    assert "static/tts" not in services + ignored
    assert "**/__pycache__" in services
