"""Moving one release through the graph, from where its memory says it stands to the next question or the end."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph.state import CompiledStateGraph

from agents.endings import Endings
from agents.memory import LEASE
from agents.segments import Segments
from agents.state import GRAPH_VERSION, State
from agents.tenure import Tenure
from agents.toolbox import Toolbox
from tools.clock import Clock
from tools.errors import ToolError
from tools.history import Store
from tools.history.lease import Lease
from tools.history.releases import Release, Status

log = logging.getLogger(__name__)
Graph = CompiledStateGraph[State, Toolbox, State, State]
Equip = Callable[[Release], Awaitable[Toolbox]]
PAUSES = (timedelta(seconds=1), timedelta(seconds=3))
"""Before each further attempt to move on a release whose way is blocked by a fault of our own."""


@dataclass(frozen=True, slots=True)
class Driver:
    """Drives releases; of one release, one drive at a time."""

    graph: Graph
    equip: Equip
    store: Store
    clock: Clock
    segments: Segments
    tenure: Tenure

    async def move_on(self, release: Release) -> None:
        """Move a release on as the one run that holds its target; one that loses it is another run's business."""
        await self.tenure.during(release, partial(self._persist, release))

    async def _persist(self, release: Release, lease: Lease) -> None:
        """Try again what a fault of our own stopped, then give the release up: it must not hold its target for ever."""
        store = self.store.under(lease)
        for pause in (*PAUSES, None):
            try:
                return await self._advance(release, lease, store)
            except Exception as error:  # whatever it is, somebody waits for this release
                await self.store.leases.require(lease)
                log.exception("release %s cannot go on", release.id)
                cause = error.happened if isinstance(error, ToolError) else f"Shipmate failed ({type(error).__name__})."
            if pause:
                await self.clock.sleep(pause)
        await Endings(store, self.clock).give_up(release, cause, touched=await self.touched(release))
        return None

    async def forget(self, release: Release) -> None:
        """Delete what the graph remembers of a release that has ended: the history tells all that is worth keeping."""
        remembered = (await self.graph.aget_state(_thread(release))).created_at
        if remembered and isinstance(self.graph.checkpointer, BaseCheckpointSaver):
            await self.graph.checkpointer.adelete_thread(release.id)

    async def _advance(self, release: Release, lease: Lease, store: Store) -> None:
        await store.releases.change(release.id, status=Status.RUNNING)
        memory = await self.graph.aget_state(_thread(release))
        if memory.values.get("graph_version", GRAPH_VERSION) != GRAPH_VERSION:
            cause = "Shipmate was upgraded meanwhile and cannot resume this release."
            touched = bool(memory.values.get("touched"))
            return await Endings(store, self.clock).give_up(release, cause, touched=touched)
        start = None if memory.created_at else _initial(release)
        for name in (release.id, release.version, release.commit, release.from_version):
            store.redactor.spare(name)  # what the graph remembers of them is carried out
        tools = replace(await self.equip(release), store=store)
        await self.graph.ainvoke(start, _thread(release, lease), context=tools, durability="sync")
        stored = await store.releases.get(release.id)
        if stored and stored.outcome is None:
            await self._wait(release, store)
        return None

    async def _wait(self, release: Release, store: Store) -> None:
        if not (await self.graph.aget_state(_thread(release))).interrupts:
            raise LookupError(f"release {release.id} stands still, and nobody was asked anything")
        question = await store.decisions.latest(release.id)
        if question and question.choice is None:
            await store.releases.change(release.id, status=Status.WAITING)
            await self.segments.expire_after(question.id, question.expires_at - self.clock.now())

    async def touched(self, release: Release) -> bool:
        """Tell whether a host may have been changed; where nobody can tell, it may."""
        try:
            return bool((await self.graph.aget_state(_thread(release))).values.get("touched"))
        except Exception:
            log.exception("the memory of release %s cannot be read", release.id)
            return True


def _initial(release: Release) -> State:
    return State(
        graph_version=GRAPH_VERSION,
        release=release.id,
        kind=release.kind,
        service=release.service,
        environment=release.environment,
        version=release.version,
        requested_by=release.requested_by,
        only=release.only,
    )


def _thread(release: Release, lease: Lease | None = None) -> RunnableConfig:
    return {"configurable": {"thread_id": release.id, LEASE: lease}, "recursion_limit": 100}
