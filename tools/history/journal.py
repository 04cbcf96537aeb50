"""The journal: every event of every release, in order, each once."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from tools.clock import Clock
from tools.history.rows import Rows, moment
from tools.history.tables import events
from tools.redaction import Redactor


@dataclass(frozen=True, slots=True)
class Entry:
    """One recorded event."""

    seq: int
    release: str
    key: str
    kind: str
    body: Mapping[str, Any]
    at: datetime


class Journal(Rows):
    """The events table, and a bell that rings in this process whenever it grows."""

    def __init__(self, engine: AsyncEngine, clock: Clock, redactor: Redactor) -> None:
        super().__init__(engine, clock)
        self._redactor = redactor
        self._bell = asyncio.Condition()

    async def record(self, release: str, key: str, kind: str, body: Mapping[str, Any]) -> None:
        """Record an event; the same key again replaces the body and keeps its place in the order."""
        row = {
            "release": release,
            "key": key,
            "kind": kind,
            "body": self._redactor.redact_values(dict(body)),
            "at": self._now(),
        }
        insert = self._insert(events).values(**row)
        await self._change(insert.on_conflict_do_update(index_elements=["release", "key"], set_={"body": row["body"]}))
        async with self._bell:
            self._bell.notify_all()

    async def of(self, release: str, after: int = 0) -> tuple[Entry, ...]:
        """List a release's events in order, those after a sequence number only."""
        rows = await self._all(
            select(events).where(events.c.release == release, events.c.seq > after).order_by(events.c.seq)
        )
        return tuple(Entry(**{**row, "at": moment(row["at"])}) for row in rows)

    async def last(self) -> int:
        """Tell the newest sequence number, 0 in an empty journal."""
        row = await self._one(select(func.max(events.c.seq).label("seq")))
        return int(row["seq"] or 0) if row else 0

    async def touched(self, after: int) -> frozenset[str]:
        """Name the releases that got events after a sequence number."""
        rows = await self._all(select(events.c.release).where(events.c.seq > after).distinct())
        return frozenset(row["release"] for row in rows)

    async def wait(self, seconds: float) -> None:
        """Return when an event was recorded in this process, or after the time."""
        try:
            async with asyncio.timeout(seconds), self._bell:
                await self._bell.wait()
        except TimeoutError:
            return
