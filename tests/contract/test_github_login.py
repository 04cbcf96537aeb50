"""Who the bot is on GitHub: an installed App whose tokens are renewed, or a token; what each refusal names."""

import logging
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from agents.entrypoints.github_login import github_app, github_client
from config.credentials import read_credentials
from tests.contract.github_schema import conforming
from tests.emulators.github import GitHubEmulator
from tests.emulators.github.world import CheckRun
from tests.stage.observer.repository import build_observer
from tools import git
from tools.errors import Denied, NotFound
from tools.github import GithubRepository, marked
from tools.github_access import GithubAccess, GithubApp
from tools.github_checks import Check, GithubChecks
from tools.github_client import GithubClient
from tools.github_deployments import Deployment, GithubDeployments
from tools.redaction import Redactor
from tools.repository import Repository

NAME = "acme/observer"
ENOUGH = {"contents": "read", "pull_requests": "write", "statuses": "write", "deployments": "write"}
Client = Callable[..., GithubClient]


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("login")
    build_observer(directory / "work")
    return directory / "work" / ".git"


@pytest.fixture
async def hub(bare: Path) -> AsyncIterator[GitHubEmulator]:
    async with GitHubEmulator({NAME: bare, "other/thing": bare}) as github:
        yield github


@pytest.fixture
async def client(hub: GitHubEmulator) -> AsyncIterator[Client]:
    """Make clients of the App; all are closed at the end."""
    made: list[GithubClient] = []

    def make(
        *, key: str = "", installation: int | None = None, minted: Callable[[str], object] = print
    ) -> GithubClient:
        app = GithubApp(str(hub.app.id), key or hub.app.private_key, installation)
        limit = timedelta(seconds=10)
        made.append(GithubClient(GithubAccess("", hub.url, politeness=False, limit=limit, app=app, minted=minted)))
        return made[-1]

    yield make
    for one in made:
        one.close()


def paths(hub: GitHubEmulator) -> list[str]:
    return [path for _, path, _ in hub.requests]


async def test_p17_the_comment_of_another_app_with_our_marker_is_not_touched(
    hub: GitHubEmulator, client: Client
) -> None:
    hub.app.installed([NAME], **ENOUGH)
    number = hub[NAME].opens_pull("v1.2.8", "Clock", base="v1.2.0").number
    for who in ("echo[bot]", "shipmate[bot]"):
        hub[NAME].comments_on(number, who, marked("summary", "echo"))
    await GithubRepository(client(), NAME).sticky_comment(number, "summary", "new")
    assert [(one.author, one.body) for one in hub[NAME].comments.values()] == [
        ("echo[bot]", marked("summary", "echo")),
        ("shipmate[bot]", marked("summary", "new")),
    ]


async def test_p17_a_forged_check_run_of_another_app_does_not_stand_for_ours(
    hub: GitHubEmulator, client: Client
) -> None:
    hub.app.installed([NAME], **ENOUGH, checks="write")
    check, sha = Check("shipmate summary", "failure", "1 finding", "It blocks."), hub[NAME].git.resolve("v1.2.3") or ""
    said = {"external_id": check.key, "status": "completed", "conclusion": "success"}
    number = hub[NAME].new_id()
    hub[NAME].check_runs[number] = CheckRun(number, sha, check.name, said, hub[NAME].now(), app="github-actions")
    checks = GithubChecks(client(), NAME)
    assert await checks.bring(sha, check) == await checks.bring(sha, check)
    (_, ours) = hub[NAME].check_runs.values()
    assert (ours.app, ours.fields["conclusion"]) == ("shipmate", "failure")


async def test_an_installation_is_found_by_the_repository_and_asked_once(hub: GitHubEmulator, client: Client) -> None:
    hub.app.installed(["other/thing"], **ENOUGH)
    here = hub.app.installed([NAME], **ENOUGH)
    one = client()
    with conforming():
        for state in ("pending", "success"):
            await GithubRepository(one, NAME).commit_status(
                hub[NAME].git.resolve("main") or "", state, context="c", description="d"
            )
    assert [status.creator for status in hub[NAME].statuses] == ["shipmate[bot]"] * 2
    assert paths(hub).count(f"/repos/{NAME}/installation") == 1
    assert paths(hub).count(f"/app/installations/{here.id}/access_tokens") == 1


async def test_a_named_installation_is_not_searched(hub: GitHubEmulator, client: Client) -> None:
    here = hub.app.installed([NAME], **ENOUGH)
    await GithubRepository(client(installation=here.id), NAME).pull_request_of(hub[NAME].git.resolve("main") or "")
    assert f"/repos/{NAME}/installation" not in paths(hub)


async def test_a_token_that_runs_out_is_made_anew(hub: GitHubEmulator, client: Client) -> None:
    hub.app.lifetime = timedelta(seconds=15)  # less than the twenty seconds before which a token is renewed
    hub.app.installed([NAME], **ENOUGH)
    told: list[str] = []
    one = client(minted=told.append)
    first, second = [(await one.token(NAME)).get_secret_value() for _ in range(2)]
    assert first != second
    assert told == [first, second]


async def test_a_token_is_no_stronger_than_what_is_used(hub: GitHubEmulator, client: Client) -> None:
    hub.app.installed([NAME], **ENOUGH, administration="write", secrets="write")
    token = await client().token(NAME)
    granted = hub.app.tokens[token.get_secret_value()].permissions
    assert granted == {"metadata": "read", **ENOUGH}


async def test_permissions_that_are_granted_later_are_noticed(hub: GitHubEmulator, client: Client) -> None:
    here = hub.app.installed([NAME], contents="read")
    deployments = GithubDeployments(client(), NAME)
    wanted = Deployment("r1", hub[NAME].git.resolve("main") or "", "production", "x", production=True)
    with pytest.raises(Denied) as refused:
        await deployments.made(wanted)
    assert "deployments: write" in refused.value.remedy
    assert "GitHub App" in refused.value.remedy
    here.permissions = {**here.permissions, "deployments": "write"}
    await deployments.made(wanted)
    assert len(hub[NAME].deployments) == 1


async def test_each_refusal_names_what_to_change(hub: GitHubEmulator, client: Client) -> None:
    sha = hub[NAME].git.resolve("main") or ""
    with pytest.raises(NotFound) as absent:
        await GithubRepository(client(), NAME).pull_request_of(sha)
    assert "install the GitHub App" in absent.value.remedy
    with pytest.raises(Denied) as nonsense:
        await GithubRepository(client(key="nonsense"), NAME).pull_request_of(sha)
    assert "GITHUB_APP_PRIVATE_KEY" in nonsense.value.happened
    async with GitHubEmulator({}) as stranger:
        with pytest.raises(Denied) as foreign:
            await GithubRepository(client(key=stranger.app.private_key), NAME).pull_request_of(sha)
    assert "GITHUB_APP_PRIVATE_KEY" in foreign.value.happened


async def test_an_app_in_two_places_must_know_which_one_is_meant(hub: GitHubEmulator, client: Client) -> None:
    hub.app.installed([NAME], **ENOUGH)
    hub.app.installed(["other/thing"], **ENOUGH)
    with pytest.raises(Denied) as unclear:
        await client().ask("Looking", lambda github: github.get_user().login)
    assert "GITHUB_APP_INSTALLATION" in unclear.value.remedy


async def test_git_fetches_with_the_token_of_the_moment(tmp_path: Path, bare: Path) -> None:
    asked: list[str] = []

    async def token() -> SecretStr:
        asked.append("once more")
        return SecretStr("x")

    repository = Repository(str(bare), tmp_path / "copy.git", token)
    for _ in range(2):
        await repository.refresh()
    await repository.resolve("v1.2.3")
    assert len(asked) == 2


def test_an_app_that_is_set_in_part_is_refused_before_anything_starts() -> None:
    for environ in (
        {"GITHUB_APP_ID": "1"},
        {"GITHUB_APP_PRIVATE_KEY": "x"},
        {"GITHUB_APP_ID": "1", "GITHUB_APP_PRIVATE_KEY": "x", "GITHUB_APP_INSTALLATION": "acme"},
    ):
        with pytest.raises(Denied) as refused:
            github_app(read_credentials(environ))
        assert "GITHUB_APP_ID" in refused.value.remedy
    assert github_app(read_credentials({"GITHUB_TOKEN": "x"})) is None


def test_a_key_on_one_line_is_read() -> None:
    app = github_app(read_credentials({"GITHUB_APP_ID": "1", "GITHUB_APP_PRIVATE_KEY": "a\\nb"}))
    assert app == GithubApp("1", "a\nb", None)


async def test_p16_neither_key_nor_token_is_shown(
    hub: GitHubEmulator, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    hub.app.installed([NAME], **ENOUGH)
    redactor = Redactor()
    environ = {
        "GITHUB_APP_ID": str(hub.app.id),
        "GITHUB_APP_PRIVATE_KEY": hub.app.private_key,
        "GITHUB_API_URL": hub.url,
    }
    one = github_client(read_credentials(environ), redactor)
    assert one is not None
    with caplog.at_level(logging.DEBUG):
        token = (await one.token(NAME)).get_secret_value()
    one.close()
    assert redactor.redact(f"Bearer {token}") == "Bearer [redacted:GITHUB_APP_TOKEN]"
    line = hub.app.private_key.splitlines()[3]
    assert token not in caplog.text
    assert line not in caplog.text
    assert line not in repr(GithubAccess("", app=GithubApp("1", hub.app.private_key)))
    assert not any(token in value for value in git.environment(f"https://github.com/{NAME}", SecretStr(token)).values())
