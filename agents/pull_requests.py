"""Pull requests: one comment and one check run each, kept equal to what the change is now."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from agents.narrator import Narrator
from config.service import Service
from config.shipmate import Configuration
from tools.clock import Clock
from tools.errors import ToolError
from tools.github_client import GithubClient
from tools.redaction import Redactor
from tools.repository import Repository
from tools.scanner import Scanner

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Summarised:
    """What became of a pull request; where nothing was written, `skipped` says why."""

    skipped: str = ""
    comment: str = ""
    """Address of the comment."""
    check: str = ""
    """Conclusion of the check run; empty where none could be written."""
    troubles: tuple[str, ...] = ()
    """What could not be done, in sentences."""


class PullRequests:
    """Everything about pull requests that happens without a release. One instance per process."""

    def __init__(  # noqa: PLR0913 - what it needs, each of another kind
        self,
        configuration: Configuration,
        github: GithubClient | None,
        repository_of: Callable[[Service], Repository],
        *,
        scanner: Scanner,
        redactor: Redactor,
        narrator: Narrator | None,
        clock: Clock,
    ) -> None:
        self._configuration = configuration
        self._github = github
        self._repository_of = repository_of
        self._scanner = scanner
        self._redactor = redactor
        self._narrator = narrator
        self._clock = clock
        self._waiting: dict[tuple[str, int], asyncio.Task[Summarised]] = {}
        self._running: dict[tuple[str, int], asyncio.Task[Summarised]] = {}

    async def changed(self, repository: str, number: int) -> Summarised:
        """Bring comment and check run of a pull request of `owner/name` up to date; never raises for a neighbour.

        Any number of calls at once cost at most two rounds: the one under way, and one that sees everything newer.
        """
        key = (repository.lower(), number)
        if key not in self._waiting:
            self._waiting[key] = asyncio.create_task(self._in_turn(key))
        return await asyncio.shield(self._waiting[key])

    async def close(self) -> None:
        """Stop what is under way; the next call for the same pull request does it again."""
        tasks = [*self._waiting.values(), *self._running.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _in_turn(self, key: tuple[str, int]) -> Summarised:
        if key in self._running:
            await asyncio.wait([self._running[key]])
        self._running[key] = self._waiting.pop(key)
        try:
            return await self._brought(*key)
        except ToolError as error:
            log.warning("pull request %s#%s: %s", *key, error)
            return Summarised(troubles=(str(error),))
        finally:
            del self._running[key]

    async def _brought(self, repository: str, number: int) -> Summarised:
        services = [
            service
            for service in self._configuration.services.values()
            if (service.repository.github or "").lower() == repository and service.repository.summaries
        ]
        if not services:
            return Summarised(skipped=f"no service asks for summaries in {repository}")
        return Summarised(skipped=f"pull request {number} has no summary yet")
