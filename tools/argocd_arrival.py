"""The wait until ArgoCD has brought a commit into the cluster: a sync, a hard refresh when it is late, and the end."""

import contextlib
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from datetime import timedelta

from config.targets import ArgoApplication
from tools.argocd import ArgoCd
from tools.argocd_answers import BROKEN_PHASES, DEGRADED, SYNCED, Application, Unwell
from tools.clock import Clock
from tools.errors import Garbled, TimedOut, ToolError, Unreachable

EVERY = timedelta(seconds=1)
PATIENCE = timedelta(seconds=10)
"""So long an application must stay Degraded after its sync: what was degraded before needs a moment to be seen well."""
_PASSING = (Unreachable, TimedOut, Garbled)


@dataclass(frozen=True, slots=True)
class Aim:
    """What shall run: the commit of the deployment repository, and the images that it names."""

    commit: str
    images: Collection[str]
    """`repository:tag`, with or without a digest."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """How the wait ended. `problem` and `unwell` are empty where the commit arrived."""

    arrived: bool
    application: Application | None
    seconds: float
    hard_refreshed: bool
    problem: str = ""
    unwell: tuple[Unwell, ...] = ()


async def _unheard(_application: Application) -> None:
    return


@dataclass(slots=True)
class Journey:
    """One wait. `contains(revision, commit)` tells whether a revision is the commit or came after it."""

    argo: ArgoCd
    settings: ArgoApplication
    clock: Clock
    contains: Callable[[str, str], Awaitable[bool]]
    on_change: Callable[[Application], Awaitable[None]] = _unheard
    """Told whenever what ArgoCD says has changed."""
    every: timedelta = EVERY
    patience: timedelta = PATIENCE
    _known: dict[str, bool] = field(default_factory=dict)
    _begun: float = 0.0
    _degraded_since: float | None = None
    _hard: bool = False
    _owed: bool = True
    """Whether a sync is still to be asked for."""
    _former: str | None = None
    """When the sync began that was there before ours; what became of it says nothing about ours."""
    _last: Application | None = None

    async def arrive(self, aim: Aim) -> Arrival:
        """Refresh, sync, and wait until the commit is Synced and Healthy with its images, has failed, or is late.

        A sync that is late is forced: by a hard refresh, and the end of an earlier sync that hangs. Outages of ArgoCD
        are waited out. Raises `Denied` and `NotFound` at once, others when the time is over.
        """
        self._begun = self.clock.monotonic()
        while True:
            trouble: ToolError | None = None
            try:
                ended = await self._step(aim)
            except _PASSING as error:
                ended, trouble = None, error
            if ended:
                return ended
            if self._seconds() >= self.settings.sync_timeout.total_seconds():
                return await self._late(aim, trouble)
            await self.clock.sleep(self.every)

    async def _step(self, aim: Aim) -> Arrival | None:
        """Look once, push on what stands still, and tell whether it is over."""
        seen = await self._look(aim)
        at_commit = await self._accepts(seen.revision, aim)
        if self._former is None:
            self._former = seen.operation.started_at if seen.operation else ""
        if seen.told != (self._last.told if self._last else ""):
            await self.on_change(seen)
        self._last = seen
        if at_commit and seen.settled and all(seen.runs(image) for image in aim.images):
            return Arrival(True, seen, self._seconds(), self._hard)
        if await self._failed(seen, aim) or self._stays_degraded(seen, at_commit):
            return await self._over(seen, _why(seen))
        if self._owed and at_commit and not seen.busy and seen.sync != SYNCED:
            self._owed = not await self.argo.sync()
        return None

    async def _look(self, aim: Aim) -> Application:
        """Ask how it stands; with a hard refresh where the sync is late, with a refresh while the commit is unseen."""
        last = self._last
        there = last is not None and await self._accepts(last.revision, aim)
        moved = there and last is not None and last.sync == SYNCED
        if not self._hard and not moved and self._seconds() >= self.settings.hard_refresh_after.total_seconds():
            return await self._force(aim)
        return await (self.argo.application() if there else self.argo.refresh())

    async def _force(self, aim: Aim) -> Application:
        """Let ArgoCD forget what it knows, and end a sync of an earlier commit that does not come to its end."""
        seen = await self.argo.refresh(hard=True)
        self._hard = self._owed = True
        if seen.busy and seen.operation and not await self._accepts(seen.operation.revision, aim):
            await self.argo.terminate()
        return seen

    async def _accepts(self, revision: str, aim: Aim) -> bool:
        if not revision:
            return False
        if revision not in self._known:
            self._known[revision] = await self.contains(revision, aim.commit)
        return self._known[revision]

    async def _failed(self, seen: Application, aim: Aim) -> bool:
        """Tell whether the sync of our commit, and not an earlier one, ended badly."""
        sync = seen.operation
        ours = sync is not None and not seen.pending and sync.started_at != self._former
        return sync is not None and ours and sync.phase in BROKEN_PHASES and await self._accepts(sync.revision, aim)

    def _stays_degraded(self, seen: Application, at_commit: bool) -> bool:
        degraded = at_commit and seen.sync == SYNCED and not seen.busy and seen.health == DEGRADED
        if not degraded:
            self._degraded_since = None
            return False
        if self._degraded_since is None:
            self._degraded_since = self.clock.monotonic()
        return self.clock.monotonic() - self._degraded_since >= self.patience.total_seconds()

    async def _late(self, aim: Aim, trouble: ToolError | None) -> Arrival:
        if trouble or self._last is None:
            raise trouble or TimedOut("ArgoCD did not answer.")
        missing = [image for image in sorted(aim.images) if not self._last.runs(image)]
        lacking = f"; not running: {', '.join(missing)}" if missing else ""
        why = f"{aim.commit[:8]} is not there after {self.settings.sync_timeout}: {self._last.told}{lacking}"
        return await self._over(self._last, "; ".join((why, *self._last.conditions)))

    async def _over(self, seen: Application, problem: str) -> Arrival:
        tree: tuple[Unwell, ...] = ()
        with contextlib.suppress(ToolError):  # the details are worth having, not waiting for
            tree = await self.argo.unwell()
        refused = seen.operation.refused if seen.operation else ()
        unwell = tuple(dict.fromkeys((*refused, *(tree or seen.resources))))
        return Arrival(False, seen, self._seconds(), self._hard, problem, unwell)

    def _seconds(self) -> float:
        return self.clock.monotonic() - self._begun


def _why(seen: Application) -> str:
    sync = seen.operation
    if sync is not None and sync.phase in BROKEN_PHASES:
        return f"the sync of {sync.revision[:8]} {sync.phase.lower()}: {sync.message or 'ArgoCD gives no reason'}"
    words = f": {seen.health_message}" if seen.health_message else ""
    return f"{seen.told}, and stays so{words}"
