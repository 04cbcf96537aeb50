"""How git is called: its environment, the names it may be asked for, and what its complaints mean."""

import base64
import os
import re
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit, urlunsplit

from pydantic import SecretStr

from tools.capture import Ended
from tools.errors import CommandFailed, Denied, NotFound, NotInstalled, ToolError, Unreachable
from tools.process import NOT_STARTED

SETTINGS = ("-c", "log.showSignature=false", "-c", "i18n.logOutputEncoding=UTF-8", "-c", "gc.auto=0")

_ELSEWHERE = {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR", "GIT_NAMESPACE"}
_REF = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._/+-]{0,199}")
_SHA = re.compile(r"[0-9a-f]{7,64}")
_WHOLE = (40, 64)
_FORBIDDEN = ("..", "//", "/.", ".lock/")

_NO_ACCESS = (
    "Check that the bot's machine may read the repository (`git ls-remote URL` there): its SSH key and known_hosts, "
    "or GITHUB_TOKEN with contents: read."
)
_NOT_THERE = "Check the repository's `url` in the service's file, and that the version was pushed."
_FULL = re.compile("No space left on device|couldn't write|unable to write|write error")
_NO_ROOM = "Free space on the disk of the bot's workspace (`df -h` there), then ask again."
_NO_ANSWER = "Check the network of the bot's machine, then try again."
_COMPLAINTS: tuple[tuple[re.Pattern[str], type[ToolError], str], ...] = (
    (re.compile("Authentication failed|could not read Username|returned error: 40[13]"), Denied, _NO_ACCESS),
    (re.compile("Permission denied|Host key verification|dubious ownership"), Denied, _NO_ACCESS),
    (
        re.compile("not found|strange .*name|does not appear to be a git|does not exist|returned error: 404"),
        NotFound,
        _NOT_THERE,
    ),
    (re.compile("bad object|not a tree object|Not a valid object|not a git repository"), NotFound, _NOT_THERE),
    (re.compile("Could not resolve|Connection (refused|reset|timed out)|unable to access"), Unreachable, _NO_ANSWER),
    (re.compile("Could not read from remote|early EOF|hung up"), Unreachable, _NO_ANSWER),
)


def environment(url: str, token: SecretStr | None) -> Mapping[str, str]:
    """Build git's environment: no prompts, English complaints, and the login for this one origin, never in argv."""
    kept = {name: value for name, value in os.environ.items() if name not in _ELSEWHERE}
    kept |= {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}
    origin, login = urlsplit(url), _login(url, token)
    if not login:
        return kept
    number = int(kept.get("GIT_CONFIG_COUNT", "0"))
    basic = base64.b64encode(login.encode()).decode()
    return kept | {
        "GIT_CONFIG_COUNT": str(number + 1),
        f"GIT_CONFIG_KEY_{number}": f"http.{origin.scheme}://{origin.netloc.rpartition('@')[2]}/.extraHeader",
        f"GIT_CONFIG_VALUE_{number}": f"Authorization: Basic {basic}",
    }


def _login(url: str, token: SecretStr | None) -> str:
    """Say who we are, as `user:password`; empty where the way in is another one. A token goes over TLS only."""
    origin = urlsplit(url)
    if token and origin.scheme == "https":
        return f"x-access-token:{token.get_secret_value()}"
    if origin.scheme in ("http", "https") and origin.username:
        return f"{unquote(origin.username)}:{unquote(origin.password or '')}"
    return ""


def address(url: str) -> str:
    """Write a URL as git may have it in its arguments, which everybody on the machine can read: without a password."""
    return shown(url) if urlsplit(url).scheme in ("http", "https") else url


def candidates(ref: str) -> tuple[str, ...]:
    """List the full names that a person may mean, best first; none for what is no plain name.

    A whole sha always means its commit: GitHub takes no branch or tag of such a name, others might.
    """
    plain = (
        _REF.fullmatch(ref) and not any(part in ref for part in _FORBIDDEN) and not ref.endswith(("/", ".", ".lock"))
    )
    if not plain:
        return ()
    named = (f"refs/tags/{ref}", f"refs/heads/{ref}")
    if not _SHA.fullmatch(ref):
        return named
    return (ref, *named) if len(ref) in _WHOLE else (*named, ref)


def shown(url: str) -> str:
    """Write a URL without the user and password in it."""
    parts = urlsplit(url)
    if "@" not in parts.netloc:
        return url
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def left_broken(ended: Ended) -> bool:
    """Tell whether git stumbled over what a killed git left behind, not over the other side."""
    complaint = ended.stderr.decode(errors="replace")
    return ended.exit_code != 0 and bool(
        re.search(r"\.lock': File exists|not a git repository: '|loose object .* is corrupt|bad config line", complaint)
    )


def require(ended: Ended, doing: str, url: str) -> None:
    """Raise what git's complaint means, unless it succeeded."""
    if ended.exit_code == 0:
        return
    if ended.exit_code == NOT_STARTED:
        raise NotInstalled("git is not installed on the bot's machine.", standing=f"{doing} was not begun.")
    complaint = ended.stderr.decode(errors="replace").replace(url, shown(url)).strip()
    if _FULL.search(complaint):
        raise CommandFailed(f"{doing} failed: the bot's disk has no room left.", remedy=_NO_ROOM)
    last_lines = "\n".join(complaint.splitlines()[-5:])
    happened = f"{doing} failed: {last_lines or 'it printed nothing'}"
    for pattern, error, remedy in _COMPLAINTS:
        if pattern.search(complaint):
            raise error(happened, remedy=remedy)
    raise CommandFailed(f"{happened} (exit code {ended.exit_code})")
