"""Asking GitHub for news, for bots without a public address: what is new goes the way of a webhook."""

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from config.service import Service
from tools.clock import Clock
from tools.errors import ToolError
from tools.github_client import GithubClient
from tools.github_news import Kind, Read, read_listing
from tools.history.deliveries import Deliveries

log = logging.getLogger(__name__)

LONGEST_PAUSE = timedelta(minutes=10)
RESERVE = 0.1
"""This part of the rate limit is left to releases."""


@dataclass(slots=True)
class Poller:
    """Asks for the listings that the services' triggers and summaries need; `taken` is called when there was news."""

    services: Mapping[str, Service]
    github: GithubClient
    deliveries: Deliveries
    clock: Clock
    every: timedelta
    taken: Callable[[], None]
    _failures: int = 0

    async def run(self) -> None:
        """Ask until cancelled."""
        while True:
            pause = await self.round()
            await asyncio.sleep(pause.total_seconds())

    async def round(self) -> timedelta:
        """Ask once for everything; returns how long to wait before the next time."""
        asked = [await self._asked(repository, kind) for repository, kind in wanted(self.services)]
        answered = [read for read in asked if read]
        self._failures = self._failures + 1 if asked and not answered else 0
        patience: timedelta = min(max(LONGEST_PAUSE, self.every), self.every * 2 ** min(self._failures, 10))
        return max([patience, *map(self._until_reset, answered)])

    async def _asked(self, repository: str, kind: Kind) -> Read | None:
        """Ask for one listing; a repository that does not answer must not hold up the others."""
        try:
            return await self._ask(repository, kind)
        except ToolError as error:
            log.warning("no news: %s", error)
        except Exception:
            log.exception("The %s of %s could not be asked for.", kind, repository)
        return None

    async def _ask(self, repository: str, kind: Kind) -> Read:
        """Ask for one listing. What is new, and that it is known now, is written down at once, both or neither."""
        before = await self.deliveries.listing(repository, kind)
        read = await read_listing(self.github, repository, kind, before)
        now = self.clock.now().isoformat(timespec="milliseconds")
        news = [
            (f"poll/{repository}/{kind}/{item.name}@{item.stands_for}/{now}", item.event) for item in read.news(before)
        ]
        listing = read.after(before)
        if listing != before:
            await self.deliveries.learn(repository, kind, listing, news)
        if news:
            self.taken()
        return read

    def _until_reset(self, read: Read) -> timedelta:
        """Wait for the next hour's requests where only the reserve is left."""
        if read.remaining is None or read.limit is None or read.resets_at is None:
            return timedelta(0)
        if read.remaining >= read.limit * RESERVE:
            return timedelta(0)
        return max(timedelta(0), read.resets_at - self.clock.now())


def wanted(services: Mapping[str, Service]) -> tuple[tuple[str, Kind], ...]:
    """List repositories with the listings that anything depends on, each once."""
    return tuple(dict.fromkeys(_wanted(services)))


def _wanted(services: Mapping[str, Service]) -> Iterator[tuple[str, Kind]]:
    for service in services.values():
        rules = [environment.triggers for environment in service.environments.values()]
        needs: Mapping[Kind, bool] = {
            "branches": service.repository.gate or any(rule.branches for rule in rules),
            "tags": any(rule.tags for rule in rules),
            "releases": any(rule.releases for rule in rules),
            "pulls": service.repository.gate or service.repository.summaries,
        }
        if service.repository.github:
            yield from ((service.repository.github, kind) for kind, needed in needs.items() if needed)
