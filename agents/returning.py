"""Hosts that were away when a release was put back: settled when they answer again, however long that takes (P12).

What is left to do is read from the journal of the release and nothing else, so a restart neither forgets a host nor
does one twice. A newer release of the target that has begun to move wins, and a target that is at work is left alone.
"""

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any

from agents.destinations.choice import destination_of
from agents.events import Returned, RolledBack
from agents.orders import MOVING
from agents.tenure import Tenure
from agents.toolbox import Server, Toolbox
from guardrails.plan import Plan, PlannedStep, from_json
from tools.clock import Clock
from tools.errors import ToolError
from tools.history import Store
from tools.history.lease import Lease
from tools.history.leases import PATIENCE
from tools.history.releases import Outcome, Release

log = logging.getLogger(__name__)
LOOK = timedelta(seconds=5)
LONGEST = timedelta(minutes=1)
"""Between two looks at a host that stays away."""
ATTEMPTS = 5
"""A host that answers and still cannot be put back is given up after so many, and a person is told."""
ASKING = timedelta(seconds=15)
_NOW_THAT_IT_MOVED = frozenset({Outcome.SUCCEEDED, Outcome.ROLLED_BACK, Outcome.IN_DOUBT})
Step = tuple[str, str]
"""Component and host."""


@dataclass(slots=True)
class Returning:
    """Looks for hosts that have come back; one per process."""

    store: Store
    clock: Clock
    equip: Callable[[Release], Awaitable[Toolbox]]
    tenure: Tenure
    knows: Callable[[str, str], bool]
    """Tells whether a target is still configured."""
    _next: dict[str, tuple[float, timedelta]] = field(default_factory=dict)
    """Release -> when it is looked at again, and how long the pause before that was."""
    _attempts: dict[tuple[str, Step], int] = field(default_factory=dict)

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            try:
                await self.turn()
            except Exception:
                # whatever is wrong, the next turn starts from the store again
                log.exception("Hosts that return could not be looked for.")
            await self.clock.sleep(LOOK)

    async def turn(self) -> None:
        """Look once at every release that is in doubt for want of a host."""
        for release in await self.store.releases.in_doubt():
            due, _ = self._next.get(release.id, (0.0, LOOK))
            if due <= self.clock.monotonic():
                await self._look(release)

    async def _look(self, release: Release) -> None:
        left, newer = await self._left(release), await self._newer(release)
        if not left or not self.knows(release.service, release.environment) or _overtaken(newer):
            self._next[release.id] = (float("inf"), LOOK)
            return
        if _moving(newer) or await self._busy(release):
            return  # whoever is at it may end with nothing touched: the next turn asks again
        tools = await self.equip(release)
        there = [place for place in sorted({place for _, place in left}) if await _answers(tools.servers.get(place))]
        if there:
            work = partial(self._settle, release, frozenset(there))
            await self.tenure.during(release, work)
        self._rest(release, answered=bool(there))

    def _rest(self, release: Release, *, answered: bool) -> None:
        """Wait longer each time nobody answers."""
        _, pause = self._next.get(release.id, (0.0, LOOK))
        longer = LOOK if answered else min(pause * 2, LONGEST)
        self._next[release.id] = (self.clock.monotonic() + pause.total_seconds() - 0.1, longer)

    async def _left(self, release: Release) -> frozenset[Step]:
        """Name what could not be put back for want of its host, and has not been settled since."""
        entries = await self.store.journal.of_many([release.id], [RolledBack.KIND, Returned.KIND])
        away = {_step(e.body) for e in entries if e.kind == RolledBack.KIND and e.body.get("away")}
        return frozenset(away - {_step(entry.body) for entry in entries if entry.kind == Returned.KIND})

    async def _newer(self, release: Release) -> Sequence[Release]:
        recent = await self.store.releases.recent(release.service, release.environment, limit=50)
        return [one for one in recent if (one.requested_at, one.id) > (release.requested_at, release.id)]

    async def _busy(self, release: Release) -> bool:
        held = await self.store.leases.of(release.service, release.environment)
        return held is not None and self.clock.now() - held.heartbeat < PATIENCE

    async def _settle(self, release: Release, there: frozenset[str], lease: Lease) -> None:
        """Put back what is left on the hosts that answer, newest first, as the one run that holds the target."""
        newer = await self._newer(release)
        if _overtaken(newer) or _moving(newer):
            return
        tools = replace(await self.equip(release), store=self.store.under(lease))
        stored = await tools.store.decisions.plan(release.id)
        if stored is None:
            return
        plan, left = from_json(stored[1]), await self._left(release)
        for step in reversed([one for one in plan.steps if (one.component, one.place) in left and one.place in there]):
            await self._put_back(release, tools, plan, step)

    async def _put_back(self, release: Release, tools: Toolbox, plan: Plan, step: PlannedStep) -> None:
        begun, destination = self.clock.monotonic(), destination_of(tools)
        await tools.intend("put back after its return", f"{step.component} on {step.place}")
        try:
            (back,) = await destination.put_back(plan, [step])
            well, detail = back.well, back.detail
        except ToolError as error:
            well, detail = None, await destination.hushed(error, [step])
        if well is None:
            return  # away once more: the next look finds that out
        key = (release.id, (step.component, step.place))
        self._attempts[key] = tried = self._attempts.get(key, 0) + 1
        if not well and tried < ATTEMPTS:
            return
        seconds = round(self.clock.monotonic() - begun, 3)
        to, astray = step.before.called if step.before else "nothing", await self._astray(tools)
        await tools.report(Returned(step.component, step.place, to, bool(well), seconds, detail, astray))

    async def _astray(self, tools: Toolbox) -> tuple[str, ...]:
        """Name what does not run as it was recorded, wherever it is; nothing: the target is whole again."""
        astray = await destination_of(tools).astray()
        return tuple(f"{component} on {place}" for component, place in sorted(astray.items()))


def _overtaken(newer: Iterable[Release]) -> bool:
    """Tell whether a newer release has touched the target: what that left there is not ours to change."""
    return any(one.outcome in _NOW_THAT_IT_MOVED for one in newer)


def _moving(newer: Iterable[Release]) -> bool:
    """Tell whether a newer release is about to touch the target, or touches it now."""
    return any(one.outcome is None and one.stage in MOVING for one in newer)


def _step(body: Mapping[str, Any]) -> Step:
    return str(body["component"]), str(body["host"])


async def _answers(server: Server | None) -> bool:
    """Tell whether a host lets commands run, and its engine is up: after a restart the one comes before the other."""
    if server is None:
        return False
    try:
        return (await server.host.run(("docker", "info", "--format", "{{.ID}}"), timeout=ASKING)).ok
    except ToolError:
        return False
