import base64
from datetime import timedelta
from urllib.parse import quote

import pytest
from pydantic import SecretStr

from tools import git
from tools.capture import Ended
from tools.errors import CommandFailed, Denied, NotFound, NotInstalled, ToolError, Unreachable

URL = "https://hana:" + "pass" + "word@git.example/acme/observer.git"


def _ended(complaint: str, exit_code: int = 128) -> Ended:
    return Ended(exit_code, b"", complaint.encode(), timedelta(), cut=False)


@pytest.mark.parametrize("ref", ["v1.2.3", "main", "feature/x-1", "1.0+build", "abc1234"])
def test_a_plain_name_may_be_a_tag_or_a_branch_and_only_hex_a_commit(ref: str) -> None:
    names = git.candidates(ref)
    assert names[:2] == (f"refs/tags/{ref}", f"refs/heads/{ref}")
    assert names[2:] == ((ref,) if ref == "abc1234" else ())


def test_a_whole_sha_is_its_commit_whatever_a_tag_is_called() -> None:
    assert git.candidates("a1" * 20)[0] == "a1" * 20


@pytest.mark.parametrize(
    "ref",
    [
        "",
        "-v1",
        "--upload-pack=x",
        "a..b",
        "a b",
        "a\nb",
        "v1^{tree}",
        "main~1",
        "HEAD@{1}",
        ":/fix",
        "a:b",
        "a.lock",
        "a/",
        "ä",
        "x" * 300,
    ],
)
def test_anything_but_a_plain_name_is_never_asked_for(ref: str) -> None:
    assert git.candidates(ref) == ()


def test_the_token_goes_to_its_origin_only_and_never_in_plain() -> None:
    token = "gh" + "p_" + "x" * 36
    environment = git.environment("https://github.com/acme/observer", SecretStr(token))
    assert environment["GIT_CONFIG_KEY_0"] == "http.https://github.com/.extraHeader"
    assert not any(token in value for value in environment.values())


def test_a_password_in_the_address_of_a_repository_never_stands_in_arguments() -> None:
    """P16: everybody on the machine may read those."""
    word = "s3cr" + "et/Word!9"
    url = f"https://ana:{quote(word, safe='')}@git.example.com/acme/x"
    assert git.address(url) == "https://git.example.com/acme/x"
    environment = git.environment(url, None)
    assert environment["GIT_CONFIG_KEY_0"] == "http.https://git.example.com/.extraHeader"
    basic = environment["GIT_CONFIG_VALUE_0"].removeprefix("Authorization: Basic ")
    assert base64.b64decode(basic).decode() == f"ana:{word}"
    assert git.address("ssh://git@git.example.com/acme/x") == "ssh://git@git.example.com/acme/x"


@pytest.mark.parametrize("url", ["http://github.com/acme/x", "ssh://git@github.com/acme/x", "/srv/x.git"])
def test_the_token_is_not_handed_to_anything_but_https(url: str) -> None:
    assert "GIT_CONFIG_KEY_0" not in git.environment(url, SecretStr("x"))


@pytest.mark.parametrize(
    ("complaint", "error"),
    [
        ("git@github.com: Permission denied (publickey).\nfatal: Could not read from remote repository.", Denied),
        ("fatal: could not read Username for 'https://github.com': terminal prompts disabled", Denied),
        ("Host key verification failed.", Denied),
        ("remote: Repository not found.", NotFound),
        ("fatal: '/srv/x.git' does not appear to be a git repository", NotFound),
        ("fatal: bad object 1234", NotFound),
        ("fatal: unable to access 'https://x/': Could not resolve host: x", Unreachable),
        ("ssh: connect to host x port 22: Connection refused", Unreachable),
        ("fatal: something new", CommandFailed),
        ("", CommandFailed),
    ],
)
def test_a_complaint_becomes_the_error_that_it_means(complaint: str, error: type[ToolError]) -> None:
    with pytest.raises(ToolError) as raised:
        git.require(_ended(complaint), "Fetching", URL)
    assert type(raised.value) is error


def test_no_password_of_a_url_is_ever_shown() -> None:
    assert git.shown(URL) == "https://git.example/acme/observer.git"
    with pytest.raises(CommandFailed) as raised:
        git.require(_ended(f"fatal: odd answer from {URL}"), "Fetching", URL)
    assert "word@" not in str(raised.value)


def test_what_a_killed_git_leaves_behind_is_told_from_the_other_sides_faults() -> None:
    assert git.left_broken(_ended("error: Unable to create '/x/packed-refs.lock': File exists."))
    assert git.left_broken(_ended("fatal: not a git repository: '/x'"))
    assert not git.left_broken(_ended("fatal: '/srv/x.git' does not appear to be a git repository"))
    assert not git.left_broken(_ended("", exit_code=0))


def test_git_that_is_missing_on_the_bots_machine_is_told_apart_from_a_complaint_of_git() -> None:
    with pytest.raises(NotInstalled, match="git is not installed on the bot's machine"):
        git.require(_ended("git: not found", exit_code=127), "Fetching", URL)


@pytest.mark.parametrize(
    "complaint", ["fatal: write error: No space left on device", "error: couldn't write '/w/x.git/a'"]
)
def test_a_full_disk_is_named_with_the_way_out(complaint: str) -> None:
    with pytest.raises(CommandFailed) as raised:
        git.require(_ended(complaint), "Fetching", URL)
    assert "Free space" in raised.value.remedy
