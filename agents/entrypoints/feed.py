"""The feed: one writer that keeps every card, thread and escalation equal to the journal.

It draws from the store alone, so it may be stopped, restarted or cut off at any
moment and catches up later; no release ever waits for it.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from agents import events
from agents.entrypoints import emergency, fleet, lock_notices
from agents.entrypoints.cards import decided_card, detail_card, release_card
from agents.entrypoints.escalation import escalation_card
from agents.entrypoints.pictures import Pictures
from agents.entrypoints.posting import Held, Place, Poster, Wanted
from agents.entrypoints.view import ReleaseView, fold
from agents.entrypoints.voice import Voice
from agents.entrypoints.words import sentence
from agents.events import Event
from tools.errors import TimedOut, ToolError, Unreachable
from tools.history import Store
from tools.history.journal import Entry
from tools.history.releases import Release

log = logging.getLogger(__name__)

POLL_SECONDS = 1.0
SWEEP_SECONDS = 30.0
"""How often everything unfinished is looked at, even though nothing seemed to happen."""
LONGEST_SILENCE = 30.0
OLD_LOCKS = timedelta(days=1)
"""Of locks that have ended, those of the last day are looked at after a start."""
RECENT_COUNT = 50
"""After a start so many ended releases are looked at too: they may have ended while nobody wrote."""

THREADED = (
    events.Analyzed,
    events.Objected,
    events.SuiteRan,
    events.Built,
    events.Diverted,
    events.TagMissed,
    events.HeldBack,
    events.TakenOver,
    events.Asked,
    events.Voted,
    events.CarriedOver,
    events.GlassBroken,
    events.Reviewed,
    events.Decided,
    events.BackedUp,
    events.Settled,
    events.Compared,
    events.Checked,
    events.Watched,
    events.Rescued,
    events.RolledBack,
    events.Returned,
    events.Escalated,
    events.Acknowledged,
    events.Unlocked,
    events.Finished,
    events.Published,
    events.Credited,
)
"""What is told in the thread; the rest is on the card."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where the operator wants to see what."""

    releases: str | None = None
    escalations: str | None = None

    def of(self, release: Release) -> str:
        """Name the channel of a release's card; empty where it has none."""
        return self.releases or str(release.origin.get("channel") or "")


@dataclass(slots=True)
class Feed:
    """The writer; one per process."""

    store: Store
    poster: Poster
    voice: Voice
    places: Places
    owners: Callable[[str], Iterable[str]] = lambda _service: ()
    """Whom an escalation of a service calls."""
    pictures: Pictures | None = None
    """None where nobody can see any."""
    _unshown: dict[str, float] = field(default_factory=dict)
    """Releases whose messages may be behind -> not before this moment."""
    _ended: dict[str, str | None] = field(default_factory=dict)
    """Lock -> who has ended it, as it was looked at last."""
    _seen: int = 0
    _swept: float | None = None
    _troubles: int = 0
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def run(self) -> None:
        """Follow the journal until cancelled."""
        while True:
            try:
                await self.turn()
            except Exception:
                # whatever is wrong with the database, the next turn starts from the store again
                log.exception("The feed could not look at the journal.")
            await self.store.journal.wait(self._rest())

    async def caught_up(self, within: timedelta) -> bool:
        """Write until every message shows what the store says; False when the time was not enough."""
        end = self.poster.clock.monotonic() + within.total_seconds()
        while self.poster.clock.monotonic() < end:
            await self.turn()
            if not self._unshown:
                return True
            await self.poster.clock.sleep(timedelta(seconds=min(self._rest(), 0.2)))
        return False

    async def turn(self) -> None:
        """Look once at what happened, and show what may be shown now."""
        async with self._one_at_a_time:
            await self._notice()
            now = self.poster.clock.monotonic()
            for release_id in [one for one, not_before in self._unshown.items() if not_before <= now]:
                await self._attempt(release_id)

    def _rest(self) -> float:
        now = self.poster.clock.monotonic()
        return max(0.02, min([POLL_SECONDS, *(not_before - now for not_before in self._unshown.values())]))

    async def _notice(self) -> None:
        """Collect the releases that something happened to."""
        now, last = self.poster.clock.monotonic(), await self.store.journal.last()
        concerned: set[str] = set()
        if self._swept is not None and last > self._seen:
            concerned |= await self.store.journal.touched(self._seen)
        if self._swept is None or now - self._swept >= SWEEP_SECONDS:
            concerned |= await self._changeable(ended=self._swept is None)
            self._swept = now
        self._seen = last
        concerned |= await self._locks()
        for release_id in concerned:
            self._unshown.setdefault(release_id, now)

    async def _locks(self) -> set[str]:
        """Name the locks that were set or have ended since they were looked at last."""
        locks = {lock.id: lock for lock in await self.store.locks.since(self.poster.clock.now() - OLD_LOCKS)}
        changed = {name for name, lock in locks.items() if self._ended.get(name, "") != lock.ended_by}
        self._ended = {name: lock.ended_by for name, lock in locks.items()}
        return changed

    async def _changeable(self, *, ended: bool) -> set[str]:
        """Name every release whose messages can still change."""
        ids = {release.id for release in await self.store.releases.unfinished()}
        ids |= {review.release for review in await self.store.reviews.owed()}
        ids |= {target.locked_by for target in await self.store.targets.locked() if target.locked_by}
        if ended:
            ids |= {release.id for release in await self.store.releases.recent(limit=RECENT_COUNT)}
        return ids

    async def _attempt(self, release_id: str) -> None:
        """Bring one release's messages up to date, as far as the board lets us."""
        del self._unshown[release_id]
        try:
            await self._show(release_id)
            self._troubles = 0
        except Held as held:
            self._later(release_id, held.seconds)
        except ToolError as error:
            self._troubled(release_id, error)
        except Exception:
            # one release that cannot be drawn must not silence the others; the next sweep tries it again
            log.exception("Release %s cannot be shown.", release_id)

    def _troubled(self, release_id: str, error: ToolError) -> None:
        """Wait longer each time; when nobody answers at all, with everything."""
        self._troubles += 1
        silence = min(LONGEST_SILENCE, 2.0 ** min(self._troubles - 1, 5))
        log.warning("Release %s is not shown, next try in %.0f s: %s", release_id, silence, error)
        if isinstance(error, Unreachable | TimedOut):
            self.poster.pace.silence(silence, self.poster.clock.monotonic())
        self._later(release_id, silence)

    def _later(self, release_id: str, seconds: float) -> None:
        self._unshown[release_id] = self.poster.clock.monotonic() + seconds

    async def _show(self, release_id: str) -> None:
        release = await self.store.releases.get(release_id)
        if release is None:
            return await self._show_lock(release_id)
        entries = await self.store.journal.of(release_id)
        view = fold(release, entries)
        await self._show_both(view, entries)
        return None

    async def _show_lock(self, name: str) -> None:
        """Show a person's lock where releases are shown, or where it was asked for, and tell its end below."""
        lock = await self.store.locks.get(name)
        channel = (self.places.releases or lock.channel) if lock else ""
        if lock is None or not channel:
            return
        place = Place(channel)
        for purpose, card in lock_notices.messages(lock, self.voice).items():
            root = await self.poster.ensure(Wanted(name, purpose, place, card, vital=True))
            place = Place(root.channel, root.ts) if root else place

    async def _show_both(self, view: ReleaseView, entries: Sequence[Entry]) -> None:
        """Show escalation and card; while one must wait, the other goes on."""
        waits: list[float] = []
        for show in (self._show_emergency, self._show_escalation, self._show_release):
            try:
                await show(view, entries)
            except Held as held:
                waits.append(held.seconds)
        if waits:
            raise Held(min(waits))

    async def _show_emergency(self, view: ReleaseView, _entries: Sequence[Entry]) -> None:
        """Tell loudly of a release without an approval, and again as long as its review is owed."""
        channel = self.places.escalations or self.places.of(view.release)
        if not channel or view.one(events.GlassBroken) is None:
            return
        review, now = await self.store.reviews.of(view.release.id), self.poster.clock.now()
        drawn = emergency.messages(view, review, self.owners(view.release.service), now, self.voice)
        for purpose, card in drawn.items():
            await self.poster.ensure(Wanted(view.release.id, purpose, Place(channel), card, vital=True))

    async def _show_release(self, view: ReleaseView, _entries: Sequence[Entry]) -> None:
        """Show the card; its thread goes on even while the card must wait for its next edit."""
        channel, release = self.places.of(view.release), view.release.id
        if not channel:
            return
        held: Held | None = None
        try:
            await self.poster.ensure(
                Wanted(release, "card", Place(channel), release_card(view, self.voice), vital=True)
            )
        except Held as wait:
            held = wait
        root = await self.store.messages.get(release, "card")
        if root and root.ts:
            await self._show_thread(view, Place(root.channel, root.ts))
        if held:
            raise held

    async def _show_thread(self, view: ReleaseView, place: Place) -> None:
        happened = [one for one in view.happened.values() if isinstance(one, THREADED)]
        for key, told, event in fleet.told(view, happened, self.voice):
            approved = isinstance(event, events.Decided) and event.choice == "approved"
            card = decided_card(told, view, self.voice) if approved else detail_card(told)
            await self.poster.ensure(Wanted(view.release.id, f"thread:{key}", place, card))
        if self.pictures:
            await self.pictures.show(view, place)

    async def _show_escalation(self, view: ReleaseView, _entries: Sequence[Entry]) -> None:
        """Show the escalation of a release that locked its target, who is reminded, and later that it is history."""
        channel = self.places.escalations or self.places.of(view.release)
        if not view.locked or not channel:
            return
        release = view.release
        card = escalation_card(view, self.owners(release.service), self.voice)
        root = await self.poster.ensure(Wanted(release.id, "escalation", Place(channel), card, vital=True))
        if root is None or not root.ts:
            return
        later: tuple[Event, ...] = (
            *view.every(events.Reminded),
            *view.every(events.Returned),
            *view.every(events.Resolved),
        )
        for event in later:
            told = detail_card(sentence(event, self.voice))
            await self.poster.ensure(Wanted(release.id, event.key, Place(root.channel, root.ts), told))
