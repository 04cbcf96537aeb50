"""One thread that owns the GitHub client: PyGithub blocks, and its connection must never be shared between threads."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

from github import Github
from pydantic import SecretStr

from tools.errors import Denied, TimedOut, ToolError
from tools.github_access import Connections, GithubAccess, GithubApp
from tools.github_refusals import STANDING, translated

__all__ = ["GithubAccess", "GithubApp", "GithubClient"]

Answer = TypeVar("Answer")

# PyGithub prints what it does to stderr on its own account.
logging.getLogger("github").handlers.clear()
logging.getLogger("github").setLevel(logging.WARNING)


class Worker:
    """One thread that does one thing after the other. The process does not wait for it at its end."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._work: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._thread: Thread | None = None

    def give(self, work: Callable[[], Answer]) -> "Future[Answer]":
        """Put something in line; what is cancelled before its turn is left out."""
        result: Future[Answer] = Future()
        self._work.put((result, work))
        if self._thread is None:
            self._thread = Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()
        return result

    def stop(self) -> None:
        """Begin nothing more after what is in line."""
        self._work.put(None)

    def _run(self) -> None:
        while (given := self._work.get()) is not None:
            result, work = given
            if not result.set_running_or_notify_cancel():
                continue
            try:
                result.set_result(work())
            except BaseException as error:  # noqa: BLE001 - whoever waits for the result is told
                result.set_exception(error)


class GithubClient:
    """Runs questions to GitHub one after the other."""

    def __init__(self, access: GithubAccess) -> None:
        self._access = access
        self._worker = Worker("github")
        self._connections = Connections(access)

    async def ask(
        self, doing: str, question: Callable[[Github], Answer], repository: str = "", *, standing: str = STANDING
    ) -> Answer:
        """Run a question on the client's thread; what goes wrong is a `ToolError` that names what was being done.

        `repository` (`owner/name`) is what the question is about: an App speaks with the token of its installation
        there. `standing` says what the failure means to whoever asked.
        """

        def answered() -> Answer:
            return question(self._connections.to(repository))

        return await self._within_limit(doing, answered, standing)

    async def token(self, repository: str) -> SecretStr:
        """Give a token that git can read a repository with, valid now."""
        if self._access.app is None:
            return SecretStr(self._access.token)
        doing, standing = f"Asking for access to {repository}", "Nothing was fetched."
        return SecretStr(await self._within_limit(doing, lambda: self._connections.token(repository), standing))

    async def granted(self, repository: str) -> Mapping[str, str] | None:
        """Tell what the App may do on a repository, permission by permission; None for a token."""
        doing = f"Asking what the App may do on {repository}"
        return await self._within_limit(doing, lambda: self._connections.granted(repository), "Nothing was changed.")

    def close(self) -> None:
        """Take no more questions; one that is being asked ends by itself."""
        self._worker.stop()

    async def _within_limit(self, doing: str, answered: Callable[[], Answer], standing: str) -> Answer:
        running = asyncio.wrap_future(self._worker.give(lambda: self._guarded(doing, answered, standing)))
        try:
            async with asyncio.timeout(self._access.limit.total_seconds()):
                return await running
        except TimeoutError as error:
            raise TimedOut(f"{doing}: GitHub took longer than {self._access.limit}.", standing=standing) from error

    def _guarded(self, doing: str, answered: Callable[[], Answer], standing: str) -> Answer:
        try:
            return answered()
        except ToolError:
            raise
        except Exception as error:
            # The library lets through whatever its parser trips over; all of it is one thing to a release.
            meant = translated(doing, error, self._access.holder, standing)
            if isinstance(meant, Denied):
                self._connections.forget()
            raise meant from error
