"""What PyGithub raises, as what it means: which variable to look at, which permission to tick, how long to wait."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from json import JSONDecodeError
from typing import TypeVar

import requests
from github import (
    BadAttributeException,
    BadCredentialsException,
    GithubException,
    RateLimitExceededException,
    UnknownObjectException,
)
from github.GithubException import RateLimitExceededExceedsMaxWait
from jwt.exceptions import PyJWTError

from tools.errors import Denied, Garbled, NotFound, ToolError, Unreachable

Given = TypeVar("Given")
USED = {
    "metadata": "read",
    "contents": "write",
    "pull_requests": "write",
    "checks": "write",
    "statuses": "write",
    "deployments": "write",
}
"""All that Shipmate ever does on GitHub; tokens of an App are asked for with no more than this."""
STANDING = "The release does not depend on GitHub and goes on without it."
LONGEST_QUOTE = 200
_UNKNOWN, _CONFLICT, _INVALID, _TOO_MANY, _SERVER_ERROR = 401, 409, 422, 429, 500
_ASKED_TO_WAIT = re.compile(r"too many (403|429) error responses")
"""Tried again by the library only where GitHub asked for it."""
_BUSY_SECONDS = 60.0
"""GitHub asks for at least a minute where it does not say how long."""


class Limited(Denied):
    """GitHub takes no more for a while."""

    def __init__(self, happened: str, seconds: float, *, standing: str = "") -> None:
        remedy = f"It lifts by itself in {seconds:.0f} s."
        super().__init__(happened, standing=standing, remedy=remedy)
        self.seconds = seconds


class Collided(Denied):
    """What was asked for does not fit to what is there (409), or is not what GitHub takes (422)."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose access was refused, in the words of an operator: which variable it came from, where to change it."""

    variable: str = "GITHUB_TOKEN"
    invalid: str = "Set GITHUB_TOKEN to a valid token."
    unseen: str = "Check `repository.github` of the service and which repositories the token may read."
    lacking: str = "Give the token"


TOKEN = Holder()
APP = Holder(
    variable="GITHUB_APP_PRIVATE_KEY",
    invalid="Set GITHUB_APP_ID to the App's id and GITHUB_APP_PRIVATE_KEY to a private key of that App (PEM).",
    unseen="Check `repository.github` of the service, and install the GitHub App on that repository.",
    lacking="Give the GitHub App (and accept the change where it is installed)",
)


def translated(doing: str, error: Exception, holder: Holder = TOKEN, standing: str = STANDING) -> ToolError:
    """Turn what the library raised into what it means."""
    if isinstance(error, RateLimitExceededException):
        return Limited(f"{doing}: GitHub's rate limit is used up.", _wait(error), standing=standing)
    if isinstance(error, BadCredentialsException | PyJWTError):
        happened = f"{doing}: GitHub does not accept {holder.variable}."
        return Denied(happened, standing=standing, remedy=holder.invalid)
    if isinstance(error, UnknownObjectException):
        happened = f"{doing}: GitHub does not know it, or we may not see it."
        return NotFound(happened, standing=standing, remedy=holder.unseen)
    if isinstance(error, BadAttributeException):
        return Garbled(f"{doing}: GitHub's answer is not of the agreed form.", standing=standing)
    if isinstance(error, GithubException):
        return _refused(doing, error, holder, standing)
    return _unheard(doing, error, standing)


def answered(value: Given | None) -> Given:
    """Insist on what GitHub answers to a write: the library takes a proxy's web page for an answer without content."""
    if not value:
        raise Garbled(
            "GitHub's answer does not say what was done.",
            standing=STANDING,
            remedy="A proxy or a sign-in page may stand in between; look at what GITHUB_API_URL answers.",
        )
    return value


def _unheard(doing: str, error: Exception, standing: str) -> ToolError:
    """Tell silence from noise; requests' own JSON error is also a RequestException, but it is no silence."""
    if isinstance(error, JSONDecodeError):
        return Garbled(f"{doing}: GitHub's answer is not JSON.", standing=standing)
    if isinstance(error, requests.exceptions.RetryError) and _ASKED_TO_WAIT.search(str(error)):
        return Limited(f"{doing}: GitHub asks to wait.", _BUSY_SECONDS, standing=standing)
    if isinstance(error, requests.RequestException):
        return Unreachable(f"{doing}: GitHub cannot be reached.", standing=standing)
    return Garbled(f"{doing}: GitHub's answer cannot be read ({type(error).__name__}).", standing=standing)


def _refused(doing: str, error: GithubException, holder: Holder, standing: str) -> ToolError:
    status = error.status
    if status == _UNKNOWN:  # an App's signature, which GitHub words in its own way
        return Denied(f"{doing}: GitHub does not accept {holder.variable}.", standing=standing, remedy=holder.invalid)
    if status >= _SERVER_ERROR:
        return Unreachable(f"{doing}: GitHub is down (status {status}).", standing=standing)
    if status == _TOO_MANY or _header(error, "retry-after"):
        return Limited(f"{doing}: GitHub asks to wait.", _wait(error), standing=standing)
    said = f"{doing}: GitHub refuses with status {status}{_quoted(error)}."
    if status in (_CONFLICT, _INVALID):
        return Collided(said, standing=standing, remedy="Look at what is there on GitHub; it is asked for again later.")
    return Denied(said, standing=standing, remedy=f"{holder.lacking} {_permission(error)}.")


def _permission(error: GithubException) -> str:
    """Name the permission that GitHub says is missing, at the level that Shipmate needs: `deployments: write`."""
    accepted = _header(error, "x-accepted-github-permissions")
    if not accepted:
        return "the permissions that `./shipmate doctor` lists"
    return " or ".join(" and ".join(map(_at_level, one.split(","))) for one in accepted.split(";"))


def _at_level(permission: str) -> str:
    name, _, level = permission.strip().partition("=")
    return f"{name}: {USED.get(name, level)}"


def _quoted(error: GithubException) -> str:
    body = error.data if isinstance(error.data, Mapping) else {}
    said = " ".join(str(body.get("message") or "").split()).rstrip(".")
    return f' ("{said[:LONGEST_QUOTE]}")' if said else ""


def _wait(error: GithubException) -> float:
    """Tell how long GitHub wants to be left alone: what it says, else until the limit's end, else a minute."""
    if isinstance(error, RateLimitExceededExceedsMaxWait):
        return max(1.0, float(error.wait or _BUSY_SECONDS))
    asked = _header(error, "retry-after")
    if asked.isdecimal():
        return float(asked)
    reset, left = _header(error, "x-ratelimit-reset"), _header(error, "x-ratelimit-remaining")
    if left == "0" and reset.isdecimal():
        return max(1.0, float(reset) - datetime.now(UTC).timestamp())
    return _BUSY_SECONDS


def _header(error: GithubException, name: str) -> str:
    return next((str(value) for key, value in (error.headers or {}).items() if key.lower() == name), "")
