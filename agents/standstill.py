"""Locking a target by hand and letting it go again, and everything that waits for that, or for the end of a freeze."""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from agents.answers import Accepted, Answer, Refusal, Wish
from agents.endings import record
from agents.events import HeldBack
from agents.holds import Hold, Holds, is_exempt, waits
from agents.orders import MOVING
from agents.segments import Segments
from tools.clock import Clock
from tools.history import Store
from tools.history.locks import TIME, Lock
from tools.history.releases import Release, Status

_NO_END_IN_SIGHT = timedelta(days=1)
"""After it a freeze is looked at again of which nobody can say when it ends."""


@dataclass(frozen=True, slots=True)
class Standstill:
    """Who stands still, and who may go on."""

    store: Store
    clock: Clock
    segments: Segments
    holds: Holds
    start_next: Callable[[Release], Awaitable[None]]

    async def lock(self, wish: Wish) -> Answer:
        """Lock a target; a release that has touched its hosts goes on, everything before that stands still."""
        now = self.clock.now()
        until = now + timedelta(seconds=wish.seconds) if wish.seconds else None
        held = await self.store.locks.set(_lock(wish, now, until))
        hold = Hold("locked", held.by, held.reason, held.until)
        told = hold.told(wish.service, wish.environment)
        if held.id != _id(wish):
            return Refusal("already-locked", told, f"unlock {wish.service} {wish.environment}")
        if held.until:
            await self.segments.look_after(held.target, held.until - self.clock.now())
        going_on = ""
        for release in await self.store.releases.unfinished(wish.service, wish.environment):
            if release.stage in MOVING | {"close"}:
                going_on = f" {release.named} ({release.id}) has begun to move and goes on to its end."
            elif not is_exempt(release):
                await record(self.store, release.id, hold.event())
        return Accepted("", f"{told} Rollbacks still go through.{going_on}")

    async def unlock(self, service: str, environment: str, person: str) -> bool:
        """End a person's lock before its time; False where there is none."""
        lock = await self.store.locks.of(service, environment)
        return lock is not None and await self.store.locks.lift(lock, person)

    async def holds_back(self, release: Release) -> bool:
        """Keep a release that nobody asked for by hand out of the line as long as its target is held."""
        service, environment = release.service, release.environment
        hold = await self.holds.on(service, environment) if waits(release) else None
        if hold is None:
            return False
        await self.store.releases.change(release.id, status=Status.HELD)
        await record(self.store, release.id, hold.event())
        hold = await self.holds.on(service, environment)
        if hold is None:  # whoever ended it meanwhile may have looked before this one was there to be found
            await self._let_go(release, await self._end_locks(service, environment))
            return False
        await self._look_later(release.target, hold)
        return True

    async def resume(self) -> None:
        """Look again at every target that stood still when the last process ended."""
        standing = {release.target for release in await self.store.releases.unfinished() if _is_held(release)}
        for target in sorted(standing | {lock.target for lock in await self.store.locks.unended()}):
            await self.look_again(target)

    async def look_again(self, target: str) -> None:
        """End locks whose time is over, and let go on what waited for that or for the end of a freeze."""
        service, _, environment = target.partition("/")
        by = await self._end_locks(service, environment)
        hold = await self.holds.on(service, environment) if self.holds.knows(service, environment) else None
        unfinished = await self.store.releases.unfinished(service, environment)
        if hold:
            for release in filter(_is_held, unfinished):
                await record(self.store, release.id, hold.event())
            return await self._look_later(target, hold)
        for release in unfinished:
            await self._let_go(release, by)
        if unfinished:
            await self.start_next(unfinished[0])
        return None

    async def _end_locks(self, service: str, environment: str) -> str:
        """End the locks whose time is over; tell who has ended the last one."""
        here = [lock for lock in await self.store.locks.unended() if lock.target == f"{service}/{environment}"]
        for lock in here:
            if lock.until and lock.until <= self.clock.now():
                await self.store.locks.lift(lock, TIME)
        last = await self.store.locks.last(service, environment)
        return (last.ended_by if last else None) or TIME

    async def _let_go(self, release: Release, by: str) -> None:
        await self.store.releases.let_go(release.id)
        entries = await self.store.journal.of_many([release.id], [HeldBack.KIND])
        for entry in entries:
            if not entry.body.get("over"):
                over = by if entry.body["code"] == "locked" else TIME
                await record(self.store, release.id, HeldBack(**{**entry.body, "over": over}))

    async def _look_later(self, target: str, hold: Hold) -> None:
        if hold.until:
            await self.segments.look_after(target, hold.until - self.clock.now())
        elif hold.code == "frozen":  # a lock without an end is ended by a person, but nobody ends a freeze
            await self.segments.look_after(target, _NO_END_IN_SIGHT)


def _is_held(release: Release) -> bool:
    return release.status is Status.HELD


def _id(wish: Wish) -> str:
    return f"lock-{hashlib.sha256(wish.key.encode()).hexdigest()[:12]}"


def _lock(wish: Wish, since: datetime, until: datetime | None) -> Lock:
    return Lock(_id(wish), wish.service, wish.environment, wish.person, wish.reason, since, until, wish.channel)
