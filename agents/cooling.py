"""Instances that take no requests any more: stopped, and kept, once the time is over in which going back is a switch.

When that is follows from the store, the host and the clock alone, so a restart of the bot neither forgets nor hastens
it. What takes requests is asked of the proxy, and a target that is at work is left alone.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial

from agents.destinations.compose.cold import Cooled, cool
from agents.orders import MOVING
from agents.tenure import Tenure
from agents.toolbox import Toolbox
from config.service import Service
from config.targets import ComposeTarget
from tools.clock import Clock
from tools.errors import ToolError
from tools.history import Store
from tools.history.lease import Lease
from tools.history.leases import PATIENCE
from tools.history.releases import Outcome, Release

log = logging.getLogger(__name__)
LOOK = timedelta(seconds=5)
LONGEST = timedelta(minutes=10)
"""Between two attempts on a target with a host that is away: each holds the target, and a release waits for it."""
_MOVED = frozenset({Outcome.SUCCEEDED, Outcome.ROLLED_BACK, Outcome.IN_DOUBT})
_NEWEST = 50


@dataclass(slots=True)
class Cooling:
    """Looks for warm instances whose time is over; one per process."""

    store: Store
    clock: Clock
    equip: Callable[[Release], Awaitable[Toolbox]]
    tenure: Tenure
    services: Mapping[str, Service]
    _cold: set[str] = field(default_factory=set)
    """Releases after which nothing warm is left; looked for once more after a restart."""
    _next: dict[str, tuple[float, timedelta]] = field(default_factory=dict)
    """Release -> when it is tried again, and how long the pause after that is."""

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            try:
                await self.turn()
            except Exception:
                # whatever is wrong, the next turn starts from the store again
                log.exception("Instances without requests could not be stopped.")
            await self.clock.sleep(LOOK)

    async def turn(self) -> None:
        """Look once at every target on which old and new stand next to each other."""
        for name, service in self.services.items():
            for environment, settings in service.environments.items():
                target = settings.target
                if isinstance(target, ComposeTarget) and target.rolls:
                    await self._look(name, environment, target.rolling.warm)

    async def _look(self, service: str, environment: str, warm: timedelta) -> None:
        release = await self._last(service, environment)
        if release is None or release.id in self._cold or await self._busy(release):
            return
        due, pause = self._next.get(release.id, (0.0, LOOK))
        if release.finished_at is None or self.clock.now() - release.finished_at < warm or self.clock.monotonic() < due:
            return
        try:
            await self.tenure.during(release, partial(self._cool, release))
        finally:
            self._next[release.id] = (self.clock.monotonic() + pause.total_seconds(), min(pause * 2, LONGEST))

    async def _last(self, service: str, environment: str) -> Release | None:
        """Return the release that moved last; None while one is at it, or where none has moved anything yet."""
        recent = await self.store.releases.recent(service, environment, limit=_NEWEST)
        if any(one.outcome is None and one.stage in MOVING for one in recent):
            return None
        return max((one for one in recent if one.outcome in _MOVED), key=_ended, default=None)

    async def _busy(self, release: Release) -> bool:
        held = await self.store.leases.of(release.service, release.environment)
        return held is not None and self.clock.now() - held.heartbeat < PATIENCE

    async def _cool(self, release: Release, lease: Lease) -> None:
        """Stop what is warm, as the one run that holds the target."""
        last = await self._last(release.service, release.environment)
        if last is None or last.id != release.id:
            return
        try:
            done = await cool(replace(await self.equip(release), store=self.store.under(lease)))
        except ToolError as error:
            done = Cooled(troubles=(str(error),))
        if done.stopped:
            names = ", ".join(done.stopped)
            log.info("The time to go back by a switch is over after %s; stopped: %s", release.id, names)
        if done.troubles:
            log.warning("What is warm after %s is not stopped everywhere yet: %s", release.id, "; ".join(done.troubles))
        else:
            self._cold.add(release.id)


def _ended(release: Release) -> tuple[str, str]:
    return (release.finished_at.isoformat() if release.finished_at else "", release.id)
