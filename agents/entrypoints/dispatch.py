"""What GitHub told is worked off here: releases begin, summaries are refreshed, checks are looked at again.

Every delivery lies in the store before anything is done, and stays open there until it
was. Doing it again does no harm: an order is known by what it releases, not by who told it.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from agents.answers import Accepted, Order, Origin, Person
from agents.crew import Crew
from agents.gate.queue import Gating
from agents.pull_requests import PullRequests
from agents.triggers import Consequence, Due, Examine, Ignored, Recheck, Refresh, consequences
from config.service import Service
from guardrails.approval import GITHUB
from tools.errors import ToolError
from tools.github_client import GithubClient
from tools.github_events import PullChanged
from tools.github_pushes import pusher_of
from tools.github_suites import Suites, suites_of
from tools.history.deliveries import Delivery
from tools.history.releases import Release, Status
from tools.repository import Repository
from tools.tasks import end
from tools.versions import commit_version

log = logging.getLogger(__name__)

LOOK_EVERY = timedelta(seconds=60)
"""How often checks are looked at again, even though GitHub says nothing."""
CHECKS_WITHIN = timedelta(hours=6)
"""A commit whose checks take longer is not released by itself."""
GIVE_UP_AFTER = timedelta(hours=24)
PAUSES = tuple(timedelta(seconds=seconds) for seconds in (1, 5, 15, 60, 300))
UNWRITTEN = timedelta(minutes=1)
"""What could not be written down is done again after that."""
AT_ONCE, PULL_REQUESTS_AT_ONCE = 4, 2
"""Places of their own: anybody may open pull requests that take minutes, and no release waits for one."""
LOOK_BACK = 200
"""Releases of a target further back than this are not looked at for a push that was released before."""


@dataclass(slots=True)
class Dispatcher:
    """One per process. Deliveries of one repository are worked off one after the other, of several at once."""

    crew: Crew
    repository_of: Callable[[Service], Repository]
    pull_requests: PullRequests
    github: GithubClient | None
    gating: Gating | None = None
    """Absent where no suite runs without a release."""
    _rung: asyncio.Event = field(default_factory=asyncio.Event)
    _lanes: dict[tuple[str, str], asyncio.Task[None]] = field(default_factory=dict)
    _not_before: dict[str, float] = field(default_factory=dict)
    _done: set[str] = field(default_factory=set)
    """Deliveries that were worked off while the list of open ones was being read."""
    _places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    _desks: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(PULL_REQUESTS_AT_ONCE))
    _looked: float | None = None

    def ring(self) -> None:
        """Tell that something was accepted."""
        self._rung.set()

    async def run(self) -> None:
        """Work until cancelled; what is under way then is done again at the next start."""
        await self.crew.store.deliveries.forget()
        try:
            while True:
                self._rung.clear()
                await self._turn()
                await self._rest()
        finally:
            await end(self._lanes.values())

    async def _turn(self) -> None:
        try:
            now = self.crew.clock.monotonic()
            waiting = await self.crew.store.deliveries.open()
            self._done &= {delivery.key for delivery in waiting}
            for delivery in waiting:
                lane = _lane(delivery)
                if delivery.key in self._done or lane in self._lanes:
                    continue
                if self._not_before.get(delivery.key, now) <= now:
                    self._lanes[lane] = asyncio.create_task(self._in_lane(lane, delivery))
            if self._looked is None or now - self._looked >= LOOK_EVERY.total_seconds():
                self._looked = now
                await self._look_at_checks()
        except Exception:
            # whatever is wrong with the database, the next turn starts from the store again
            log.exception("What GitHub told cannot be worked off now.")

    async def _rest(self) -> None:
        now = self.crew.clock.monotonic()
        waits = [LOOK_EVERY.total_seconds(), *(moment - now for moment in self._not_before.values() if moment > now)]
        try:
            async with asyncio.timeout(max(0.05, min(waits))):
                await self._rung.wait()
        except TimeoutError:
            return

    async def _in_lane(self, lane: tuple[str, str], delivery: Delivery) -> None:
        try:
            async with self._desks if isinstance(delivery.event, PullChanged) else self._places:
                await self._work_off(delivery)
            if delivery.key not in self._not_before:
                self._done.add(delivery.key)
        except Exception:
            # It stays open in the store, and doing it again at once would cost GitHub and the model each time.
            log.exception("What was done about delivery %s cannot be written down.", delivery.key)
            self._not_before[delivery.key] = self.crew.clock.monotonic() + UNWRITTEN.total_seconds()
        finally:
            del self._lanes[lane]
            self._rung.set()

    async def _work_off(self, delivery: Delivery) -> None:
        """Do what a delivery sets off; what a neighbour does not let us do is tried again for a day."""
        deliveries = self.crew.store.deliveries
        try:
            due = consequences(delivery.event, self.crew.configuration.services)
            notes = [await self._do(consequence) for consequence in due]
        except ToolError as error:
            log.warning("delivery %s: %s", delivery.key, error)
            return await self._later(delivery, str(error))
        except Exception as error:  # one delivery that cannot be worked off must not hold up the others
            log.exception("delivery %s cannot be worked off", delivery.key)
            return await self._later(delivery, f"Shipmate failed ({type(error).__name__}).")
        self._not_before.pop(delivery.key, None)
        log.info("delivery %s: %s", delivery.key, "; ".join(notes))
        await deliveries.finish(delivery.key, "; ".join(notes))
        return None

    async def _later(self, delivery: Delivery, why: str) -> None:
        if self.crew.clock.now() - delivery.at > GIVE_UP_AFTER:
            log.error("delivery %s is given up after %s: %s", delivery.key, GIVE_UP_AFTER, why)
            self._not_before.pop(delivery.key, None)
            await self.crew.store.deliveries.finish(delivery.key, f"Given up: {why}")
            return
        pause = PAUSES[min(delivery.attempts, len(PAUSES) - 1)]
        self._not_before[delivery.key] = self.crew.clock.monotonic() + pause.total_seconds()
        await self.crew.store.deliveries.try_again(delivery.key, why)

    async def _do(self, consequence: Consequence) -> str:
        if isinstance(consequence, Due):
            return await self._release(consequence)
        if isinstance(consequence, Refresh):
            await self.pull_requests.changed(consequence.repository, consequence.number)
            return f"looked at pull request {consequence.number}"
        if isinstance(consequence, Examine):
            return await self.gating.ask(consequence) if self.gating else "there is no gate"
        if isinstance(consequence, Recheck):
            return await self._recheck(consequence)
        return _ignored(consequence)

    async def _release(self, due: Due) -> str:
        """Order a release of what the branch or the tag is now; of one that was ordered before, nothing happens."""
        what = f"{due.service} in {due.environment}: {due.trigger} {due.name}"
        service = self.crew.configuration.services[due.service]
        repository = self.repository_of(service)
        await repository.refresh()
        pushed = due.trigger == "push"
        commit = await (repository.branch(due.name) if pushed else repository.resolve(due.name))
        if commit is None:
            return f"{what} is gone"
        key = await self._key(due, commit)
        if key is None:
            return f"{what} was released before"
        order = Order(
            kind="deploy",
            service=due.service,
            environment=due.environment,
            version=commit_version(commit) if pushed else due.name,
            person=Person(await self._person(due, service, commit)),
            origin=Origin(),
            key=key,
            trigger=due.trigger,
            branch=due.name if pushed else "",
            commit=commit,
            after_checks=due.after_checks,
        )
        answer = await self.crew.open(order)
        if not isinstance(answer, Accepted):
            return f"{what} was refused: {answer.standing}"
        release = await self.crew.store.releases.get(answer.release)
        if release and release.status is Status.PENDING:
            await self._look(release)
        return f"{what} is release {answer.release}"

    async def _key(self, due: Due, commit: str) -> str | None:
        """Name an order by what it releases; None where that is what the branch brought last."""
        place = f"github/{due.service}/{due.environment}"
        if due.trigger != "push":
            return f"{place}/{due.name}"
        recent = await self.crew.store.releases.recent(due.service, due.environment, LOOK_BACK)
        brought = [release for release in recent if release.branch == due.name]
        if brought and brought[0].commit == commit:
            return None
        again = sum(release.commit == commit for release in brought)
        return f"{place}/{due.name}@{commit}/{again}"

    async def _person(self, due: Due, service: Service, commit: str) -> str:
        """Tell who set it off: the event says so, or GitHub where it is asked who pushed; git is never believed."""
        login = due.by
        if not login and due.trigger == "push" and self.github and service.repository.github:
            login = await pusher_of(self.github, service.repository.github, due.name, commit)
        return f"{GITHUB}:{login.lower()}" if login else GITHUB

    async def _recheck(self, due: Recheck) -> str:
        waiting = [one for one in await self._pending() if one.commit == due.commit]
        for release in waiting:
            await self._look(release)
        return f"looked at the checks of {due.commit[:12]} for {len(waiting)} waiting releases"

    async def _look_at_checks(self) -> None:
        for release in await self._pending():
            try:
                await self._look(release)
            except ToolError as error:
                log.warning("release %s: %s", release.id, error)

    async def _look(self, release: Release) -> None:
        """Tell a waiting release how the checks of its commit stand now."""
        suites = await self._suites(release)
        if suites.verdict == "waiting" and self.crew.clock.now() - release.requested_at > CHECKS_WITHIN:
            suites = Suites("failed", f"They have not ended within {CHECKS_WITHIN.total_seconds() / 3600:g} hours.")
        await self.crew.checked(release.id, suites.verdict, suites.detail)

    async def _suites(self, release: Release) -> Suites:
        service = self.crew.configuration.services.get(release.service)
        if service is None or service.repository.github is None or self.github is None:
            return Suites("failed", "Without access to GitHub nobody can tell how they went.")
        return await suites_of(self.github, service.repository.github, release.commit, self.crew.clock.now())

    async def _pending(self) -> list[Release]:
        unfinished = await self.crew.store.releases.unfinished()
        return [release for release in unfinished if release.status is Status.PENDING]


def _lane(delivery: Delivery) -> tuple[str, str]:
    """Name the line that a delivery stands in: each pull request has its own, beside the one of its repository."""
    event = delivery.event
    return event.repository.lower(), f"{event.KIND}/{event.number}" if isinstance(event, PullChanged) else ""


def _ignored(ignored: Ignored) -> str:
    return f"ignored: {ignored.reason}"
