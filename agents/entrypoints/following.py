"""Following the journal: whatever mirrors releases elsewhere falls behind, catches up, and never holds one up."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from datetime import timedelta

from tools.clock import Clock
from tools.errors import TimedOut, ToolError, Unreachable
from tools.history import Store

log = logging.getLogger(__name__)

POLL_SECONDS = 1.0
SWEEP_SECONDS = 30.0
"""How often everything unfinished is looked at, even though nothing seemed to happen."""
LONGEST_SILENCE = 60.0
RECENT_COUNT = 50
"""After a start so many ended releases are looked at too: they may have ended while nobody followed."""


async def nothing_further() -> Collection[str]:
    """Name no release beside those that are under way."""
    return ()


class Later(Exception):
    """One release cannot be brought up to date now; the others can."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"wait {seconds:.0f} s")
        self.seconds = seconds


@dataclass(slots=True)
class Follower:
    """Brings one release after the other up to date by `show`, which may be called any number of times.

    What `show` raises is waited out, longer each time; while the other side is silent, with everything.
    """

    what: str
    """What is brought up to date, for the log: `GitHub`."""
    store: Store
    clock: Clock
    show: Callable[[str], Awaitable[None]]
    further: Callable[[], Awaitable[Collection[str]]] = nothing_further
    """Names releases that have ended and may still have something to show."""
    _behind: dict[str, float] = field(default_factory=dict)
    """Releases that may be behind -> not before this moment."""
    _troubles: dict[str, int] = field(default_factory=dict)
    _seen: int = 0
    _swept: float | None = None
    _quiet_until: float = 0
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            try:
                await self.turn()
            except Exception:
                # whatever is wrong with the database, the next turn starts from the store again
                log.exception("%s: the journal could not be looked at.", self.what)
            await self.store.journal.wait(self._rest())

    async def caught_up(self, within: timedelta) -> bool:
        """Follow until nothing is behind; False when the time was not enough."""
        end = self.clock.monotonic() + within.total_seconds()
        while self.clock.monotonic() < end:
            await self.turn()
            if not self._behind:
                return True
            if min(max(moment, self._quiet_until) for moment in self._behind.values()) >= end:
                return False
            await self.clock.sleep(timedelta(seconds=min(self._rest(), 0.2)))
        return False

    async def turn(self) -> None:
        """Look once at what happened, and show what may be shown now."""
        async with self._one_at_a_time:
            await self._notice()
            due = [one for one, moment in self._behind.items() if moment <= self.clock.monotonic()]
            for release_id in sorted(due):  # oldest first: names begin with the moment
                if self.clock.monotonic() >= self._quiet_until:
                    await self._attempt(release_id)

    def look_at(self, release_id: str) -> None:
        """Bring a release up to date soon: something else than its own journal concerns it."""
        self._behind[release_id] = self.clock.monotonic()

    def _rest(self) -> float:
        now = self.clock.monotonic()
        due = [max(moment, self._quiet_until) - now for moment in self._behind.values()]
        return max(0.02, min([POLL_SECONDS, *due]))

    async def _notice(self) -> None:
        """Collect the releases that something happened to."""
        now, last = self.clock.monotonic(), await self.store.journal.last()
        concerned: set[str] = set()
        if self._swept is not None and last > self._seen:
            concerned |= await self.store.journal.touched(self._seen)
        if self._swept is None or now - self._swept >= SWEEP_SECONDS:
            concerned |= {release.id for release in await self.store.releases.unfinished()}
            concerned |= set(await self.further())
            if self._swept is None:
                concerned |= {release.id for release in await self.store.releases.recent(limit=RECENT_COUNT)}
            self._swept = now
        self._seen = last
        for release_id in concerned:
            self.look_at(release_id)

    async def _attempt(self, release_id: str) -> None:
        del self._behind[release_id]
        try:
            await self.show(release_id)
            self._troubles.pop(release_id, None)
        except Later as later:
            self._behind[release_id] = self.clock.monotonic() + later.seconds
        except ToolError as error:
            self._troubled(release_id, error)
        except Exception:
            # one release that cannot be shown must not silence the others; its next event tries it again
            log.exception("%s: release %s cannot be shown.", self.what, release_id)

    def _troubled(self, release_id: str, error: ToolError) -> None:
        """Wait longer each time; when the other side is silent or asks for it, with everything."""
        times = self._troubles[release_id] = self._troubles.get(release_id, 0) + 1
        silence = float(getattr(error, "seconds", 0)) or min(LONGEST_SILENCE, 2.0 ** min(times - 1, 6))
        log.warning("%s: release %s is behind, next try in %.0f s: %s", self.what, release_id, silence, error)
        moment = self.clock.monotonic() + silence
        if isinstance(error, Unreachable | TimedOut) or hasattr(error, "seconds"):
            self._quiet_until = moment
        self._behind[release_id] = moment
