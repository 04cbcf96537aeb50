import getpass
from dataclasses import replace
from datetime import timedelta
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import yaml

from agents.entrypoints.checkup import github, machine, model, slack, toolset
from agents.entrypoints.checkup.check import Check, State
from agents.entrypoints.checkup.place import (
    Place,
    judged_directory,
    judged_disk,
    judged_env_file,
    judged_given,
    judged_login,
    judged_way_in,
)
from agents.entrypoints.checkup.questions import Heard
from agents.entrypoints.checkup.services import judged_approval, judged_repository
from config.service import ApprovalPolicy
from config.targets import ComposeTarget, HostSettings
from tools.capture import Ended
from tools.errors import Denied, NotFound
from tools.hosts import Completed
from tools.local import LocalHost
from tools.registry_login import LoginCheck

MANIFEST = Path(__file__).parents[3] / "config" / "slack-manifest.yaml"
OK, MISSING, OPTIONAL, UNKNOWN = State.OK, State.MISSING, State.OPTIONAL, State.UNKNOWN
SERVER = HostSettings(name="web-1", address="web-1.example", user="deploy")
TARGET = ComposeTarget(hosts=(SERVER,), directory=PurePosixPath("/opt/web"))
PLACE = Place(LocalHost("web-1"), SERVER, TARGET)
ENV_FILE = PurePosixPath("/opt/web/.env")


def ended(exit_code: int = 0, stdout: str = "", stderr: str = "") -> Completed:
    return Completed(("x",), exit_code, stdout, stderr, timedelta())


def heard(status: int = 200, headers: dict[str, str] | None = None, **body: Any) -> Heard:
    return Heard(status, headers or {}, body)


def assert_says(check: Check, state: State, *words: str) -> None:
    assert check.state is state, check
    for word in words:
        assert word in f"{check.detail} | {check.remedy}"
    assert check.remedy or state in (OK, UNKNOWN), "whatever is not there says how to get it"


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("git version 2.39.2", "2.39.2"),
        ("Docker version 28.2.2, build e6534b4", "28.2.2"),
        ("github.com/docker/buildx v0.13.1 788433953af10f2a698f5c07611dddce2e08c7a0", "0.13.1"),
        ("v2.26.1-4", "2.26.1-4"),
        ("26.1.5+dfsg1", "26.1.5+dfsg1"),
        ("flock from util-linux 2.38.1", "2.38.1"),
        ("nothing", ""),
    ],
)
def test_versions_are_found_in_what_programs_say(said: str, version: str) -> None:
    assert toolset.version_in(said) == version


@pytest.mark.parametrize(
    ("name", "answer", "state", "words"),
    [
        ("git", ended(0, "git version 2.39.2\n"), OK, ("2.39.2",)),
        ("git", ended(127, "", "git: not found"), MISSING, ("On this machine: apt-get install git",)),
        ("docker", ended(127, "", "docker: not found"), MISSING, ("https://docs.docker.com/engine/install/",)),
        ("buildx", ended(1, "", "docker: 'buildx' is not a docker command."), MISSING, ("docker-buildx-plugin",)),
        ("compose", ended(0, "2.26.1\n"), OK, ("2.26.1",)),
        ("compose", ended(0, "1.29.2\n"), MISSING, ("1.29.2 is too old",)),
        ("compose", ended(125, "", "unknown flag: --short"), MISSING, ("docker-compose-plugin",)),
        ("compose", ended(1, "", "WARNING: x\nis no command\n\nRun docker --help"), MISSING, ("(is no command)",)),
        ("engine", ended(0, "26.1.5\n"), OK, ("26.1.5 at unix:///x",)),
        ("engine", ended(127, "", "docker: not found"), MISSING, ("docker is not installed",)),
        ("engine", ended(1, "", "Cannot connect to the Docker daemon."), MISSING, ("correct DOCKER_HOST",)),
        ("engine", ended(1, "", "Got permission denied while..."), MISSING, ("usermod -aG docker",)),
    ],
)
def test_what_programs_of_this_machine_say(name: str, answer: Completed, state: State, words: tuple[str, ...]) -> None:
    assert_says(machine.judged(name, answer, "unix:///x"), state, *words)


def test_a_place_below_a_file_is_not_writable(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert_says(machine.judged_place("database", tmp_path / "file" / "sub", ""), MISSING, "may not write to")
    assert_says(machine.judged_place("database", tmp_path / "not" / "yet", ", free"), OK, "not/yet, free")


@pytest.mark.parametrize(
    ("answer", "state", "words"),
    [
        (heard(ok=True, user="shipmate", team="acme"), OK, ("shipmate in acme",)),
        (heard(ok=False, error="invalid_auth"), MISSING, ("invalid_auth", "xoxb-", "OAuth & Permissions")),
        (heard(429, ok=False, error="ratelimited"), UNKNOWN, ("asks to wait",)),
        (heard(503), MISSING, ("status 503",)),
        (heard(200), MISSING, ("status 200",)),
    ],
)
def test_what_slack_says_to_the_bot_token(answer: Heard, state: State, words: tuple[str, ...]) -> None:
    assert_says(slack.judged_token(slack.BOT, answer), state, *words)


@pytest.mark.parametrize(
    ("scopes", "state", "words"),
    [
        ("app_mentions:read,chat:write,commands,channels:history,files:write", OK, ("chat:write", "files:write")),
        ("app_mentions:read,chat:write,commands,channels:history", OPTIONAL, ("without files:write", "no picture")),
        ("app_mentions:read, chat:write, commands, groups:history, files:write", OK, ("groups:history",)),
        ("commands,chat:write,channels:history", MISSING, ("lacks app_mentions:read", "install the app again")),
        ("commands,chat:write,app_mentions:read", OPTIONAL, ("without channels:history or groups:history",)),
        ("", MISSING, ("app_mentions:read, chat:write, commands",)),
        (None, UNKNOWN, ("did not tell",)),
    ],
)
def test_which_scopes_the_app_lacks(scopes: str | None, state: State, words: tuple[str, ...]) -> None:
    headers = {} if scopes is None else {"x-oauth-scopes": scopes}
    assert_says(slack.judged_scopes(heard(headers=headers, ok=True)), state, *words)


def test_the_manifest_asks_for_every_scope_that_is_needed() -> None:
    manifest = yaml.safe_load(MANIFEST.read_text())
    assert {*slack.NEEDED_SCOPES, slack.GROUPS_SCOPE, slack.PICTURES_SCOPE} <= set(
        manifest["oauth_config"]["scopes"]["bot"]
    )


@pytest.mark.parametrize(
    ("scopes", "state", "words"),
    [
        ("", MISSING, ("usergroups:read", "S0CREW1", "install the app again")),
        (",usergroups:read", OK, ("usergroups:read",)),
    ],
)
def test_p3_where_a_user_group_has_a_say_its_scope_is_needed(scopes: str, state: State, words: tuple[str, ...]) -> None:
    headers = {"x-oauth-scopes": f"app_mentions:read,chat:write,commands,channels:history,files:write{scopes}"}
    assert_says(slack.judged_scopes(heard(headers=headers, ok=True), ["S0CREW1"]), state, *words)


@pytest.mark.parametrize(
    ("history", "about", "state", "words"),
    [
        (heard(ok=True), heard(ok=True, channel={"name": "rel"}), OK, ("#rel (C0REL)",)),
        (heard(ok=True), heard(ok=False, error="missing_scope"), OK, ("C0REL",)),
        (heard(ok=True), heard(ok=True, channel={"is_archived": True}), MISSING, ("is_archived", "another channel")),
        (heard(ok=False, error="not_in_channel"), heard(), MISSING, ("not_in_channel", "/invite")),
        (heard(ok=False, error="channel_not_found"), heard(), MISSING, ("into slack.x of y",)),
        (heard(ok=False, error="missing_scope"), heard(), UNKNOWN, ("channels:history", "was invited")),
        (heard(ok=False, error="missing_scope"), heard(ok=True, channel={"is_member": True}), OK, ("C0REL",)),
        (heard(ok=False, error="missing_scope"), heard(channel={"is_member": False}), MISSING, ("/invite",)),
        (heard(ok=False, error="never_heard_of"), heard(), MISSING, ("never_heard_of",)),
        (heard(429, ok=False, error="ratelimited"), heard(), UNKNOWN, ("asks to wait",)),
    ],
)
def test_what_slack_says_about_a_channel(history: Heard, about: Heard, state: State, words: tuple[str, ...]) -> None:
    assert_says(slack.judged_channel("x", "C0REL", history, about, "slack.x of y"), state, *words)


@pytest.mark.parametrize(
    ("answer", "state", "words"),
    [
        (heard(login="ana"), OK, ("of ana",)),
        (heard(403), OK, ("of an app",)),
        (heard(401), MISSING, ("does not accept it", "contents: read")),
        (heard(403, {"x-ratelimit-remaining": "0"}), UNKNOWN, ("rate limit",)),
        (heard(502), UNKNOWN, ("status 502",)),
    ],
)
def test_what_github_says_to_the_token(answer: Heard, state: State, words: tuple[str, ...]) -> None:
    assert_says(github.judged_token(answer), state, *words)


@pytest.mark.parametrize(
    ("repository", "pulls", "state", "words"),
    [
        (heard(), heard(), OK, ("contents: read, pull requests: read",)),
        (heard(404), heard(404), MISSING, ("contents: read", "repository.github")),
        (heard(), heard(403), MISSING, ("pull requests: read",)),
        (
            heard(),
            heard(403, {"x-accepted-github-permissions": "pull_requests=read"}),
            MISSING,
            ("pull_requests=read",),
        ),
        (heard(301), heard(301), OPTIONAL, ("renamed",)),
        (heard(500), heard(), UNKNOWN, ("status 500",)),
        (heard(403, {"x-ratelimit-remaining": "0"}), heard(), UNKNOWN, ("status 403",)),
    ],
)
def test_what_github_lets_the_token_read(repository: Heard, pulls: Heard, state: State, words: tuple[str, ...]) -> None:
    answers = [("contents: read", repository), ("pull requests: read", pulls)]
    assert_says(github.judged_reading("acme/observer", answers), state, *words)


@pytest.mark.parametrize(
    ("answer", "state", "words"),
    [
        (heard(id="m"), OK, ("claude-x",)),
        (heard(lifecycle="active"), OK, ("claude-x",)),
        (heard(lifecycle="deprecated"), OPTIONAL, ("claude-x is deprecated", "/etc/shipmate.yaml")),
        (heard(401), MISSING, ("ANTHROPIC_API_KEY is refused",)),
        (heard(404), MISSING, ("no model claude-x", "Set model.summary in /etc/shipmate.yaml")),
        (heard(529), UNKNOWN, ("status 529",)),
    ],
)
def test_what_is_said_about_a_model(answer: Heard, state: State, words: tuple[str, ...]) -> None:
    assert_says(model.judged_model("model.summary", "claude-x", answer, "/etc/shipmate.yaml"), state, *words)


def test_a_repository_with_its_branch_is_fine() -> None:
    listed = Ended(0, b"a1b2c3d4e5\tHEAD\na1b2c3d4e5\trefs/heads/main\n", b"", timedelta(), cut=False)
    check = judged_repository(listed, "https://user:word@x.example/r.git", "main", Path("observer.yaml"))
    assert_says(check, OK, "https://x.example/r.git, main is at a1b2c3d")


@pytest.mark.parametrize(
    ("exit_code", "stdout", "state"), [(0, b"a1b2c3d4e5\tHEAD\n", OPTIONAL), (0, b"", OPTIONAL), (127, b"", UNKNOWN)]
)
def test_a_repository_without_its_branch_can_still_release_named_versions(
    exit_code: int, stdout: bytes, state: State
) -> None:
    listed = Ended(exit_code, stdout, b"git: not found", timedelta(), cut=False)
    assert_says(judged_repository(listed, "/srv/r", "main", Path("observer.yaml")), state)


@pytest.mark.parametrize(
    ("complaint", "error"),
    [(b"fatal: Authentication failed", Denied), (b"fatal: '/srv/r' does not appear to be a git repository", NotFound)],
)
def test_a_repository_that_git_cannot_read_is_not_there(complaint: bytes, error: type[Exception]) -> None:
    listed = Ended(128, b"", complaint, timedelta(), cut=False)
    with pytest.raises(error):
        judged_repository(listed, "/srv/r", "main", Path("observer.yaml"))


@pytest.mark.parametrize(
    ("policy", "state", "words"),
    [
        (ApprovalPolicy(approvers=("U0HANA", "U0KENJI")), OK, ("1 of U0HANA, U0KENJI",)),
        (ApprovalPolicy(required=0), OK, ("nobody is asked",)),
        (ApprovalPolicy(), MISSING, ("every release is refused", "Name people in there")),
    ],
)
def test_an_environment_without_approvers_is_told(policy: ApprovalPolicy, state: State, words: tuple[str, ...]) -> None:
    assert_says(judged_approval(policy, "there"), state, *words)


@pytest.mark.parametrize(
    ("exit_code", "state", "words"),
    [
        (0, OK, ("/opt/web",)),
        (66, MISSING, ("does not exist", "On web-1: sudo install -d -o deploy /opt/web")),
        (65, MISSING, ("is no directory",)),
        (67, MISSING, ("not writable for deploy", "sudo chown deploy /opt/web")),
        (2, MISSING, ("ls -ld /opt/web",)),
    ],
)
def test_the_directory_on_a_server(exit_code: int, state: State, words: tuple[str, ...]) -> None:
    assert_says(judged_directory(PLACE, exit_code), state, *words)


def test_a_directory_on_this_machine_is_for_whoever_runs_the_bot() -> None:
    here = replace(PLACE, settings=PLACE.settings.model_copy(update={"address": None}))
    assert_says(judged_directory(here, 66), MISSING, f"sudo install -d -o {getpass.getuser()} /opt/web")


@pytest.mark.parametrize(
    ("answer", "state", "words"),
    [
        (ended(0, "600\n"), OK, ("mode 600",)),
        (ended(0, "400\n"), OK, ("mode 400",)),
        (ended(0, "640\n"), MISSING, ("mode 640", "On web-1: chmod 600 /opt/web/.env")),
        (ended(0, "604\n"), MISSING, ("mode 604",)),
        (ended(0, "1700\n"), MISSING, ("mode 1700",)),
        (ended(66), MISSING, ("does not exist", "install -m 600")),
        (ended(67), MISSING, ("not readable for deploy",)),
        (ended(1, "", "stat: no"), MISSING, ("stat: no",)),
    ],
)
def test_the_env_file_on_a_server_is_for_its_owner_only(
    answer: Completed, state: State, words: tuple[str, ...]
) -> None:
    assert_says(judged_env_file(PLACE, ENV_FILE, answer), state, *words)


@pytest.mark.parametrize(
    ("content", "state", "words"),
    [
        ("B=canary\nA=canary\n", OK, ("written from ENV_FILE: A, B",)),
        ("", MISSING, ("ENV_FILE is not set, so .env cannot be written", "line by line")),
        ("/etc/app.env", MISSING, ("ENV_FILE sets no name", "a file's content is meant")),
    ],
)
def test_the_env_file_that_the_bot_is_to_write(content: str, state: State, words: tuple[str, ...]) -> None:
    assert_says(judged_given(PLACE, "ENV_FILE", content), state, *words)
    assert "canary" not in str(judged_given(PLACE, "ENV_FILE", content))


@pytest.mark.parametrize(
    ("free", "state", "words"),
    [(2 * 1024**3, OK, ("2.1 GB free",)), (2 * 1024**3 - 1, MISSING, ("2.1 GB are needed", "prune"))],
)
def test_the_disk_of_a_server(free: int, state: State, words: tuple[str, ...]) -> None:
    assert_says(judged_disk(PLACE, free), state, *words)


def test_the_registry_login_of_a_server_keeps_its_remedy() -> None:
    assert_says(judged_login(PLACE, "ghcr.io", LoginCheck(works=True, reason="it answers")), OK, "it answers")
    refused = LoginCheck(works=False, reason="refused", remedy="docker login ghcr.io")
    assert_says(judged_login(PLACE, "ghcr.io", refused), OPTIONAL, "refused; the bot brings", "docker login ghcr.io")
    pulling = replace(PLACE, target=TARGET.model_copy(update={"shipping": "pull"}))
    assert_says(judged_login(pulling, "ghcr.io", refused), MISSING, "refused", "docker login ghcr.io")
    here = replace(PLACE, settings=HostSettings(name="here"))
    assert_says(judged_login(here, "ghcr.io", refused), MISSING, "refused", "docker login ghcr.io")


@pytest.mark.parametrize(
    ("settings", "answer", "state", "words"),
    [
        (SERVER, ended(), OK, ("SSH as deploy@web-1.example:22",)),
        (HostSettings(name="here"), ended(), OK, ("without SSH",)),
        (SERVER, ended(127, "", "sh: timeout: not found"), MISSING, ("timeout: not found", "coreutils")),
    ],
)
def test_the_way_into_a_server(settings: HostSettings, answer: Completed, state: State, words: tuple[str, ...]) -> None:
    assert_says(judged_way_in(answer, settings), state, *words)
