"""Escalations after they were made: somebody is reminded until one takes care, and told when it is history.

Everything is derived from the store, so a restart neither loses a reminder nor repeats one.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from agents import events
from agents.endings import record
from agents.entrypoints.following import Follower, Later
from agents.entrypoints.letters import Letter, letter
from agents.entrypoints.view import ReleaseView, fold
from agents.entrypoints.voice import Voice, terminal_voice
from agents.events import Event
from config.escalation import EscalationSettings
from config.service import Service
from guardrails.reminders import next_owner, until_next
from tools.clock import Clock
from tools.history import Store
from tools.history.releases import Outcome

OLD = timedelta(days=2)
"""What happened longer ago is no news, but for an escalation that is still open: this may be new here."""
LOOK_AGAIN = timedelta(seconds=20)
"""At the latest: the machine may have slept, and its clock may have been set."""
RECENT_COUNT = 50
TOLD = (events.Escalated, events.Reminded, events.Returned, events.Resolved)


@dataclass(frozen=True, slots=True)
class Destinations:
    """Where else escalations go: channel -> addresses."""

    addresses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return ((channel, address) for channel, all_ in self.addresses.items() for address in all_)


@dataclass(slots=True)
class Incidents:
    """The keeper of open escalations; one per process."""

    store: Store
    clock: Clock
    settings: EscalationSettings
    services: Mapping[str, Service]
    destinations: Destinations = field(default_factory=Destinations)
    voice: Voice = field(default_factory=lambda: terminal_voice("/deploy"))
    follower: Follower = field(init=False)
    _unsure: set[str] = field(default_factory=set)
    """Escalations whose lock is gone, and nobody has told yet who took it away."""

    def __post_init__(self) -> None:
        self.follower = Follower("Escalations", self.store, self.clock, self.show, self._holders)

    async def show(self, release_id: str) -> None:
        """Bring one escalation up to date; a release that went well may have ended another one's."""
        release = await self.store.releases.get(release_id)
        if release is None:
            return
        entries = await self.store.journal.of(release_id)
        view = fold(release, entries)
        if view.locked:
            await self._keep(view)
        elif view.outcome is Outcome.SUCCEEDED:
            holder = (await self.store.targets.get(release.service, release.environment)).locked_by
            if holder:
                self.follower.look_at(holder)

    async def _holders(self) -> Collection[str]:
        return {str(target.locked_by) for target in await self.store.targets.locked() if target.locked_by}

    async def _keep(self, view: ReleaseView) -> None:
        """Resolve or remind, and put what is new into the outbox."""
        escalated = view.one(events.Escalated)
        if escalated and escalated.report.get("replaces"):
            self.follower.look_at(str(escalated.report["replaces"]))
        if view.one(events.Resolved) is None:
            await self._resolve(view)
        view = fold(view.release, await self.store.journal.of(view.release.id))
        await self._tell(view)
        if view.one(events.Resolved) is None:
            await self._remind(view)

    async def _resolve(self, view: ReleaseView) -> None:
        """Note how the escalation ended, by whatever came first; also what a crash kept from being told."""
        ends = [*self._unlocked(view), *await self._went_well(view), *await self._lost(view)]
        if not ends:
            return
        at, resolved = min(ends, key=lambda end: end[0])
        if self.clock.now() - at <= OLD:
            await record(self.store, view.release.id, resolved)

    def _unlocked(self, view: ReleaseView) -> Iterator[tuple[datetime, events.Resolved]]:
        unlocked = view.one(events.Unlocked)
        if unlocked:
            yield view.moments[unlocked.key], events.Resolved("unlocked", unlocked.person)

    async def _went_well(self, view: ReleaseView) -> Sequence[tuple[datetime, events.Resolved]]:
        """Find what has succeeded there since the escalation."""
        since, release = view.moments[events.Escalated.KIND], view.release
        recent = await self.store.releases.recent(release.service, release.environment, RECENT_COUNT)
        return [
            (one.finished_at, events.Resolved(one.kind, one.id, one.version))
            for one in recent
            if one.outcome is Outcome.SUCCEEDED and one.finished_at and one.finished_at > since
        ]

    async def _lost(self, view: ReleaseView) -> Sequence[tuple[datetime, events.Resolved]]:
        """See whether another release holds the lock by now, or nobody does and nobody has said so."""
        release = view.release
        target = await self.store.targets.get(release.service, release.environment)
        if target.locked_by == release.id or view.one(events.Unlocked) is not None:
            return ()
        if target.locked_by and target.locked_at:
            return ((target.locked_at, events.Resolved("replaced", target.locked_by)),)
        if release.id not in self._unsure:  # whoever unlocks takes the lock away first, and then says so
            self._unsure.add(release.id)
            raise Later(2)
        return ((self.clock.now(), events.Resolved("unlocked", "")),)

    async def _remind(self, view: ReleaseView) -> None:
        """Call the next owner when it is time, unless somebody takes care."""
        release = view.release
        target = await self.store.targets.get(release.service, release.environment)
        if view.one(events.Acknowledged) or target.locked_by != release.id:
            return
        if target.acknowledged_by:  # whoever took it may have died before it was told
            await record(self.store, release.id, events.Acknowledged(target.acknowledged_by))
            return
        told_at, sent = view.moments[events.Escalated.KIND], view.every(events.Reminded)
        moments = [view.moments[reminder.key] for reminder in sent]
        wait = until_next(told_at, moments, self.settings, self.clock.now())
        if wait is None:
            return
        if wait:
            raise Later(min(wait, LOOK_AGAIN).total_seconds())
        number, service = len(sent) + 1, self.services.get(release.service)
        person = next_owner(number, service.owners if service else ())
        await record(self.store, release.id, events.Reminded(number, person, told_at.isoformat(timespec="seconds")))

    async def _tell(self, view: ReleaseView) -> None:
        """Put every occasion into the outbox, once for each address."""
        target = await self.store.targets.get(view.release.service, view.release.environment)
        is_open = target.locked_by == view.release.id
        for event in [one for one in view.happened.values() if isinstance(one, TOLD)]:
            old = self.clock.now() - view.moments[event.key] > OLD
            if not old or (is_open and isinstance(event, events.Escalated)):
                await self._put(letter(view, event, view.moments[event.key], self.voice), view, event)

    async def _put(self, written: Letter, view: ReleaseView, event: Event) -> None:
        for channel, address in self.destinations:
            key = f"{view.release.id}/{event.key}/{channel}/{address}"
            await self.store.outbox.put(key, channel, address, written.as_json())
