"""Holding a target while its release is moved on: one run at a time, which shows that it lives until it ends.

A run that is silent too long is taken over, and one that has lost its target is cut off. Whatever it may still do
afterwards, the store, the graph's memory and the hosts refuse: each knows a higher number by then.
"""

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from agents.endings import record
from agents.events import TakenOver
from tools.clock import Clock
from tools.errors import Superseded
from tools.history import Store
from tools.history.lease import Lease
from tools.history.leases import BEAT, Taken
from tools.history.releases import Release

log = logging.getLogger(__name__)
CUT_WITHIN = timedelta(seconds=15)
"""How long a run that is cut off may take to clean up; then nobody waits for it any more."""
_LOOK_AGAIN = timedelta(seconds=1)


@dataclass(slots=True)
class Tenure:
    """Takes, keeps and gives back leases."""

    store: Store
    clock: Clock
    beat: timedelta = BEAT

    async def during(self, release: Release, work: Callable[[Lease], Coroutine[Any, Any, None]]) -> bool:
        """Do something while holding the target; False where it was lost on the way, and the work was cut off."""
        lease = await self._take(release)
        job, lost = asyncio.create_task(work(lease)), asyncio.create_task(self._lost(lease))
        job.add_done_callback(_heard)
        try:
            await asyncio.wait({job, lost}, return_when=asyncio.FIRST_COMPLETED)
            return job.done() and await self._ended(job, lease)
        finally:
            await _to_its_end(self._let_go(lease, job, lost))

    async def _ended(self, job: Awaitable[None], lease: Lease) -> bool:
        try:
            await job
        except Superseded:
            if await self.store.leases.holds(lease):
                raise
            return False
        return True

    async def _let_go(self, lease: Lease, *tasks: "asyncio.Task[None]") -> None:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks, timeout=CUT_WITHIN.total_seconds())
        await self.store.leases.give_back(lease)

    async def _take(self, release: Release) -> Lease:
        """Wait until the target is free, or whoever holds it has been silent for too long."""
        owner = uuid.uuid4().hex
        while not isinstance(
            taken := await self.store.leases.take(release.service, release.environment, release.id, owner), Taken
        ):
            await self.clock.sleep(_LOOK_AGAIN)
        if taken.victim and taken.victim.heartbeat > _BURIED:
            await self._tell(taken.victim, taken.lease)
        return taken.lease

    async def _tell(self, victim: Lease, lease: Lease) -> None:
        """Tell the one who was taken over; nobody else can. What was done by hand has no journal to be told in."""
        log.warning("release %s was taken over by %s", victim.release, lease.release)
        if await self.store.releases.get(victim.release) is None:
            return
        silent = victim.heartbeat.isoformat(timespec="seconds")
        await record(self.store, victim.release, TakenOver("", lease.release, silent, lease.fence))

    async def _lost(self, lease: Lease) -> None:
        """Show that the run lives, and return when it has lost its target."""
        while True:
            await asyncio.sleep(self.beat.total_seconds())
            try:
                if not await self.store.leases.renew(lease):
                    log.warning("release %s has lost its target", lease.release)
                    return
            except Exception:  # a database that is away for a moment takes nothing from anybody
                log.exception("release %s could not show that it lives", lease.release)


_BURIED = datetime(1970, 1, 2, tzinfo=UTC)


async def _to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """Wait for work that must not be left half done, also where whoever waits is told to stop meanwhile."""
    task = asyncio.create_task(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise


def _heard(job: "asyncio.Task[None]") -> None:
    """Hear how a run ended that nobody waited for."""
    if not job.cancelled():
        job.exception()
