"""GitHub beside Slack: one writer that keeps deployments, statuses and releases there equal to the journal.

It draws from the store alone and never stands in a release's way: what GitHub did not
take while it was away, or the bot was, it gets later, in order, and once.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from agents.crew import Crew
from agents.entrypoints.following import Follower, Later
from agents.entrypoints.github_credits import Credits
from agents.entrypoints.github_login import github_client
from agents.entrypoints.github_mirror import STATUS, DeploymentShown, Links, Shown, StatusShown, shown
from agents.entrypoints.view import ReleaseView, fold
from agents.remote import CrewCalls
from config.service import Service
from config.shipmate import Configuration
from tools.clock import Clock
from tools.errors import Denied, NotFound
from tools.github import GithubRepository
from tools.github_client import GithubClient
from tools.github_deployments import GithubDeployments
from tools.github_refusals import Limited
from tools.history import Store
from tools.history.messages import Message
from tools.history.releases import Outcome, Release
from tools.tasks import end

log = logging.getLogger(__name__)

FAREWELL = timedelta(seconds=3)
OLD = timedelta(days=1)
"""A release that ended longer ago, and was never shown on GitHub, is left alone: the feed may be new here."""
REFUSED_PAUSE = 600.0
"""Seconds until something is tried again that GitHub refused: somebody has to change a permission first."""
_LOOK_BACK = 20
_HOLDING = frozenset({Outcome.SUCCEEDED, Outcome.ROLLED_BACK})
Link = Callable[[str, str], str]
"""Address of a message, by its channel and its id."""
Step = Callable[[], Awaitable[None]]


@asynccontextmanager
async def mirrored_on_github(
    crew: CrewCalls, configuration: Configuration, permalink: Link = lambda _channel, _ts: ""
) -> AsyncIterator[None]:
    """Keep GitHub equal to the journal meanwhile, and at the end for a few seconds more.

    Nothing happens without a login, nor beside a running bot, which does it itself.
    """
    client = github_client(configuration.credentials, crew.store.redactor) if isinstance(crew, Crew) else None
    if client is None or not isinstance(crew, Crew):
        yield
        return
    people = configuration.shipmate.people
    told = Credits(crew.store, client, people, crew.equip)
    feed = GithubFeed(crew.store, crew.clock, client, configuration.services, told, permalink)
    writing = asyncio.create_task(feed.follower.run())
    try:
        yield
    finally:
        await end([writing])
        with suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL.total_seconds()):
                await feed.follower.caught_up(FAREWELL)
        client.close()


@dataclass(slots=True)
class GithubFeed:
    """The writer; one per process."""

    store: Store
    clock: Clock
    client: GithubClient
    services: Mapping[str, Service]
    credits: Credits
    permalink: Link = lambda _channel, _ts: ""
    follower: Follower = field(init=False)
    _complained: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.follower = Follower("GitHub", self.store, self.clock, self.show)

    async def show(self, release_id: str) -> None:
        """Bring what GitHub shows of a release up to date. What it refuses does not keep the rest from being shown."""
        release = await self.store.releases.get(release_id)
        service = self.services.get(release.service) if release else None
        if release is None or service is None or not service.repository.github:
            return
        if release.environment not in service.environments or await self._is_old_news(release):
            return
        view = fold(release, await self.store.journal.of(release_id))
        wanted = await self._wanted(view, service)
        refusals = await self._each(self._steps(wanted, view, service))
        if refusals:
            raise Later(REFUSED_PAUSE)

    async def _wanted(self, view: ReleaseView, service: Service) -> Shown:
        release = view.release
        card = await self.store.messages.get(release.id, "card")
        page = service.environments[release.environment].url or ""
        links = Links(self.permalink(card.channel, card.ts) if card and card.ts else "", page)
        return shown(view, service, self._place(service, release), links, holds=await self._holds(release))

    def _steps(self, wanted: Shown, view: ReleaseView, service: Service) -> list[Step]:
        name, release = service.repository.github or "", view.release
        steps: list[Step] = [partial(self._show_status, release, name, one) for one in wanted.statuses]
        steps += [partial(self._show_deployment, release, name, one) for one in wanted.deployments]
        told = release.kind == "deploy" and release.environment == service.default_environment
        if told and view.outcome is Outcome.SUCCEEDED:
            steps += [partial(self.credits.publish, view, service), partial(self.credits.tell, view, service)]
        return steps

    async def _each(self, steps: Iterable[Step]) -> int:
        """Take every step, and count those that GitHub refused; silence and limits end the attempt."""
        refusals = 0
        for step in steps:
            try:
                await step()
            except (Denied, NotFound) as refusal:
                if isinstance(refusal, Limited):
                    raise
                refusals += 1
                self._complain(str(refusal))
        return refusals

    def _complain(self, text: str) -> None:
        if text not in self._complained:
            self._complained.add(text)
            log.warning("GitHub does not show a release: %s", text)

    async def _show_status(self, release: Release, name: str, wanted: StatusShown) -> None:
        known = await self.store.messages.get(release.id, STATUS)
        if known is None or known.rendering != wanted.rendering:
            repository, how = GithubRepository(self.client, name), {"context": wanted.context, "url": wanted.url}
            await repository.commit_status(wanted.commit, wanted.state, description=wanted.description, **how)
            await self.store.messages.put(release.id, STATUS, Message(name, "", wanted.rendering))

    async def _show_deployment(self, release: Release, name: str, wanted: DeploymentShown) -> None:
        deployments = GithubDeployments(self.client, name)
        known = await self.store.messages.get(release.id, wanted.purpose)
        if known is None:
            number = await deployments.made(wanted.deployment)
            known = Message(name, str(number), "")
            await self.store.messages.put(release.id, wanted.purpose, known)
        if known.rendering != wanted.rendering:
            await deployments.stands(int(known.ts), wanted.standing)
            await self.store.messages.put(release.id, wanted.purpose, Message(name, known.ts, wanted.rendering))
            if wanted.standing.state == "success":
                await self._retire_before(release)

    async def _retire_before(self, release: Release) -> None:
        """Look again at the releases of this target whose place was taken."""
        for other in await self._recent(release):
            if other.outcome in _HOLDING and other.requested_at < release.requested_at:
                self.follower.look_at(other.id)

    async def _holds(self, release: Release) -> bool:
        """Tell whether no later release took the place of this one."""
        later = [one for one in await self._recent(release) if one.requested_at > release.requested_at]
        return not any(one.outcome in _HOLDING for one in later)

    async def _recent(self, release: Release) -> tuple[Release, ...]:
        return await self.store.releases.recent(release.service, release.environment, limit=_LOOK_BACK)

    async def _is_old_news(self, release: Release) -> bool:
        ended = release.finished_at
        if ended is None or self.clock.now() - ended < OLD:
            return False
        return await self.store.messages.get(release.id, STATUS) is None

    def _place(self, service: Service, release: Release) -> str:
        """Name the environment on GitHub; where several services share a repository, with the service's name."""
        sharing = [one for one in self.services.values() if one.repository.github == service.repository.github]
        return release.environment if len(sharing) == 1 else f"{service.service}/{release.environment}"
