"""Where the graph remembers how far releases are: a saver that a run which has lost its target cannot write to."""

from collections.abc import Sequence
from typing import Any

import aiosqlite
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata
from langgraph.checkpoint.serde.base import SerializerProtocol
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from tools.history import Store

LEASE = "lease"
"""Key of the run's lease in `configurable`; without one nothing is asked."""


class FencedSaver(AsyncSqliteSaver):
    """LangGraph's own saver, for runs under a lease. Raises `Superseded` where that is lost."""

    def __init__(
        self, connection: aiosqlite.Connection, store: Store, *, serde: SerializerProtocol | None = None
    ) -> None:
        super().__init__(connection, serde=serde)
        self._store = store

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Write a checkpoint."""
        await self._require(config)
        return await super().aput(config, checkpoint, metadata, new_versions)

    async def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """Write what a node has returned, or how it failed."""
        await self._require(config)
        await super().aput_writes(config, writes, task_id, task_path)

    async def _require(self, config: RunnableConfig) -> None:
        lease = config["configurable"].get(LEASE)
        if lease:
            await self._store.leases.require(lease)
