"""Issues in Linear learn how the release of their commits ended: moved to a state, and linked, once.

It draws from the store alone and never stands in a release's way: what Linear did not take while it was away, or the
bot was, it gets later.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta

from agents import events
from agents.crew import Crew
from agents.entrypoints.following import Follower, Later
from config.service import IssueTracker, Service
from config.shipmate import Configuration
from tools.clock import Clock
from tools.errors import Denied, NotFound
from tools.history import Store
from tools.history.messages import Message
from tools.history.releases import FAILURES, Outcome, Release
from tools.linear import Busy, Issue, Linear
from tools.tasks import end

log = logging.getLogger(__name__)

FAREWELL = timedelta(seconds=3)
OLD = timedelta(days=1)
"""A release that ended longer ago is left alone: the feed may be new here."""
REFUSED_PAUSE = 600.0
"""Seconds until something is tried again that Linear refused: somebody has to change a setting first."""
UNKNOWN = "unknown"
"""Stands for what a commit named and Linear does not have: `UTF-8` looks like an issue too."""
Link = Callable[[str, str], str]
"""Address of a message, by its channel and its id."""


@asynccontextmanager
async def told_to_issues(
    crew: Crew, configuration: Configuration, permalink: Link = lambda _channel, _ts: ""
) -> AsyncIterator[None]:
    """Tell issues of releases meanwhile, and at the end for a few seconds more; nothing without a key."""
    credentials = configuration.credentials
    if credentials.linear_api_key is None:
        yield
        return
    linear = Linear(
        credentials.linear_api_key, credentials.linear_api_url, outgoing=crew.store.redactor.outgoing_values
    )
    feed = IssueFeed(crew.store, crew.clock, linear, configuration.services, permalink)
    telling = asyncio.create_task(feed.follower.run())
    try:
        yield
    finally:
        await end([telling])
        with suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL.total_seconds()):
                await feed.follower.caught_up(FAREWELL)


@dataclass(slots=True)
class IssueFeed:
    """The writer; one per process."""

    store: Store
    clock: Clock
    linear: Linear
    services: Mapping[str, Service]
    permalink: Link = lambda _channel, _ts: ""
    follower: Follower = field(init=False)

    def __post_init__(self) -> None:
        self.follower = Follower("Linear", self.store, self.clock, self.show)

    async def show(self, release_id: str) -> None:
        """Tell every issue that a release names how it ended. One that Linear refuses does not keep the rest."""
        release = await self.store.releases.get(release_id)
        service = self.services.get(release.service) if release else None
        if release is None or service is None or service.issues is None or not self._is_news(release):
            return
        refused = False
        for identifier in await self._named(release):
            refused |= not await self._taken(identifier, release, service)
        if refused:
            raise Later(REFUSED_PAUSE)

    def _is_news(self, release: Release) -> bool:
        """Tell whether a release has ended, lately, in a way that concerns issues."""
        if release.finished_at is None or self.clock.now() - release.finished_at > OLD:
            return False
        return release.kind == "deploy" and release.outcome in FAILURES | {Outcome.SUCCEEDED}

    async def _named(self, release: Release) -> tuple[str, ...]:
        """List the issues that the analyzer found in the commits, and that were not told yet."""
        entries = await self.store.journal.of(release.id)
        analyzed = next((entry.body for entry in entries if entry.kind == events.Analyzed.KIND), {})
        found = [str(identifier) for identifier in analyzed.get("issues", ())]
        return tuple([one for one in found if await self.store.messages.get(release.id, _purpose(one)) is None])

    async def _taken(self, identifier: str, release: Release, service: Service) -> bool:
        """Tell one issue; False where Linear refuses it."""
        try:
            issue = await self.linear.issue(identifier)
            state = await self._tell(issue, release, service) if issue else UNKNOWN
        except (Denied, NotFound) as refusal:
            if isinstance(refusal, Busy):
                raise
            log.warning("Linear does not take %s: %s", identifier, refusal)
            return False
        await self.store.messages.put(release.id, _purpose(identifier), Message("linear", "", state))
        return True

    async def _tell(self, issue: Issue, release: Release, service: Service) -> str:
        """Link the release, and move the issue where the release went to the default environment."""
        told = "runs" if release.outcome is Outcome.SUCCEEDED else "failed"
        title = f"{release.service} {release.version} {told} in {release.environment}"
        address = await self._address(release, service)
        if address:
            await self.linear.link(issue, address, title, f"Release {release.id}, commit {release.commit[:8]}")
        state = _state(service.issues, release) if release.environment == service.default_environment else None
        if state:
            await self.linear.move(issue, state)
        return state or issue.state

    async def _address(self, release: Release, service: Service) -> str:
        """Find where people see the release: its card, or its commit; empty where there is neither."""
        card = await self.store.messages.get(release.id, "card")
        shown = self.permalink(card.channel, card.ts) if card and card.ts else ""
        name = service.repository.github
        return shown or (f"https://github.com/{name}/commit/{release.commit}" if name and release.commit else "")


def _state(tracker: IssueTracker | None, release: Release) -> str | None:
    if tracker is None:
        return None
    return tracker.released_state if release.outcome is Outcome.SUCCEEDED else tracker.failed_state


def _purpose(identifier: str) -> str:
    return f"issue:{identifier}"
