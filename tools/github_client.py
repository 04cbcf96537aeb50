"""One thread that owns the GitHub client: PyGithub blocks, and its connection must never be shared between threads."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from json import JSONDecodeError
from typing import TypeVar

import requests
from github import (
    Auth,
    BadAttributeException,
    BadCredentialsException,
    Github,
    GithubException,
    GithubRetry,
    RateLimitExceededException,
    UnknownObjectException,
)

from tools.errors import Denied, Garbled, NotFound, TimedOut, ToolError, Unreachable

Answer = TypeVar("Answer")

# PyGithub prints what it does to stderr on its own account.
logging.getLogger("github").handlers.clear()
logging.getLogger("github").setLevel(logging.WARNING)

_ONE_REQUEST_SECONDS = 10
_LONGEST_WAIT_SECONDS = 20
_SERVER_ERROR = 500
_STANDING = "The release does not depend on GitHub and goes on without it."


@dataclass(frozen=True, slots=True)
class GithubAccess:
    """How to reach GitHub. `politeness` keeps the pauses between requests that GitHub asks for."""

    token: str = field(repr=False)
    api_url: str = "https://api.github.com"
    politeness: bool = True
    limit: timedelta = timedelta(seconds=60)
    """For one question, retries and pauses included."""


class GithubClient:
    """Runs questions to GitHub one after the other."""

    def __init__(self, access: GithubAccess) -> None:
        self._access = access
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="github")
        self._github = _connect(access)

    async def ask(self, doing: str, question: Callable[[Github], Answer]) -> Answer:
        """Run a question on the client's thread; what goes wrong is a `ToolError` that names what was being done."""
        running = asyncio.get_running_loop().run_in_executor(self._thread, self._answered, doing, question)
        try:
            async with asyncio.timeout(self._access.limit.total_seconds()):
                return await running
        except TimeoutError as error:
            raise TimedOut(f"{doing}: GitHub took longer than {self._access.limit}.", standing=_STANDING) from error

    def close(self) -> None:
        """Take no more questions; one that is being asked ends by itself."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _answered(self, doing: str, question: Callable[[Github], Answer]) -> Answer:
        try:
            return question(self._github)
        except ToolError:
            raise
        except Exception as error:
            # The library lets through whatever its parser trips over; all of it is one thing to a release.
            raise translated(doing, error) from error


def _connect(access: GithubAccess) -> Github:
    return Github(
        auth=Auth.Token(access.token),
        base_url=access.api_url.rstrip("/"),
        timeout=_ONE_REQUEST_SECONDS,
        # A POST that is repeated after a lost answer would be there twice.
        retry=GithubRetry(
            total=2,
            backoff_factor=0.5,
            secondary_rate_wait=_LONGEST_WAIT_SECONDS,
            max_rate_limit_wait=_LONGEST_WAIT_SECONDS,
            retry_after_max=_LONGEST_WAIT_SECONDS,
            allowed_methods=frozenset({"GET", "HEAD", "PUT", "DELETE"}),
        ),
        per_page=100,
        seconds_between_requests=0.25 if access.politeness else None,
        seconds_between_writes=1.0 if access.politeness else None,
        api_version="2022-11-28",
        lazy=True,
    )


def translated(doing: str, error: Exception) -> ToolError:
    """Turn what the library raised into what it means."""
    for kind, meaning, what, remedy in _MEANINGS:
        if isinstance(error, kind):
            return meaning(f"{doing}: {what}", standing=_STANDING, remedy=remedy)
    if isinstance(error, GithubException):
        return _refused(doing, error.status)
    return Garbled(f"{doing}: GitHub's answer cannot be read ({type(error).__name__}).", standing=_STANDING)


def _refused(doing: str, status: int) -> ToolError:
    if status >= _SERVER_ERROR:
        return Unreachable(f"{doing}: GitHub is down (status {status}).", standing=_STANDING)
    return Denied(f"{doing}: GitHub refuses with status {status}.", standing=_STANDING, remedy=_PERMISSIONS)


_PERMISSIONS = "Check the token's permissions (contents: read; pull requests, issues and statuses: write)."

# The first match counts. requests' own JSON error is also a RequestException, but it is no silence.
_MEANINGS: tuple[tuple[type[Exception], type[ToolError], str, str], ...] = (
    (RateLimitExceededException, Denied, "GitHub's rate limit is used up.", "It lifts by itself."),
    (BadCredentialsException, Denied, "GitHub does not accept the token.", "Set GITHUB_TOKEN to a valid token."),
    (
        UnknownObjectException,
        NotFound,
        "GitHub does not know it, or the token may not see it.",
        "Check `repository.github` of the service and which repositories the token may read.",
    ),
    (BadAttributeException, Garbled, "GitHub's answer is not of the agreed form.", ""),
    (JSONDecodeError, Garbled, "GitHub's answer is not JSON.", ""),
    (requests.RequestException, Unreachable, "GitHub cannot be reached.", ""),
)
