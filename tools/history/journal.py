"""The journal: every event of every release, in order, each once."""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from tools.clock import Clock
from tools.history.ledger import Ledger, Record
from tools.history.rows import Rows, moment, whole
from tools.history.tables import events, releases, revisions
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


@dataclass(frozen=True, slots=True)
class PastEntry:
    """One event of a release that has ended."""

    release: str
    version: str
    body: Mapping[str, Any]
    at: datetime


class Journal(Rows):
    """The events table, and a bell that rings in this process whenever it grows."""

    def __init__(self, engine: AsyncEngine, clock: Clock, redactor: Redactor, ledger: Ledger | None = None) -> None:
        super().__init__(engine, clock, ledger)
        self._redactor = redactor
        self._bell = asyncio.Condition()

    @whole
    async def record(
        self, release: str, key: str, kind: str, body: Mapping[str, Any], audited: Record | None = None
    ) -> None:
        """Record an event; the same key again replaces the body and keeps its place in the order.

        What the audit is told of it, it is told in the same transaction; there nothing is ever replaced.
        """
        row = {
            "release": release,
            "key": key,
            "kind": kind,
            "body": self._redactor.redact_values(dict(body)),
            "at": self._now(),
        }
        insert = self._insert(events).values(**row)
        number = select(func.coalesce(func.max(revisions.c.number), 0) + 1).scalar_subquery()
        revise = self._insert(revisions).values(release=release, number=number)
        async with self._transaction() as connection:
            await connection.execute(
                insert.on_conflict_do_update(index_elements=["release", "key"], set_={"body": row["body"]})
            )
            await connection.execute(
                revise.on_conflict_do_update(index_elements=["release"], set_={"number": revise.excluded.number})
            )
            step = await self._ledger.add(connection, [audited]) if audited and self._ledger else None
        if step and self._ledger:
            await self._ledger.note(self._engine, step)
        async with self._bell:
            self._bell.notify_all()

    async def of(self, release: str, after: int = 0) -> tuple[Entry, ...]:
        """List a release's events in order, those after a sequence number only."""
        rows = await self._all(
            select(events).where(events.c.release == release, events.c.seq > after).order_by(events.c.seq)
        )
        return tuple(Entry(**{**row, "at": moment(row["at"])}) for row in rows)

    async def of_many(self, names: Collection[str], kinds: Collection[str]) -> tuple[Entry, ...]:
        """List the events of some kinds in several releases, each release's in order."""
        wanted = (events.c.release.in_(names), events.c.kind.in_(kinds))
        rows = await self._all(select(events).where(*wanted).order_by(events.c.release, events.c.seq))
        return tuple(Entry(**{**row, "at": moment(row["at"])}) for row in rows)

    async def in_succeeded(self, service: str, environment: str, kind: str, most: int) -> tuple[PastEntry, ...]:
        """List the events of one kind in the newest deploys of a target that succeeded, newest release first."""
        return await self._past(releases.c.outcome == "succeeded", service, environment, kind, most)

    async def in_ended(self, service: str, environment: str, kind: str, most: int) -> tuple[PastEntry, ...]:
        """List the events of one kind in the newest deploys of a target that have ended in any way, newest first.

        Those that were to stop early are left out: they say nothing of the target.
        """
        whole = releases.c.origin["only"].as_string().is_(None)
        return await self._past(releases.c.outcome.is_not(None) & whole, service, environment, kind, most)

    async def _past(
        self, wanted: ColumnElement[bool], service: str, environment: str, kind: str, most: int
    ) -> tuple[PastEntry, ...]:
        past = (
            select(releases.c.id, releases.c.version, releases.c.requested_at)
            .where(releases.c.service == service, releases.c.environment == environment)
            .where(wanted, releases.c.kind == "deploy")
            .order_by(releases.c.requested_at.desc(), releases.c.id.desc())
            .limit(most)
            .subquery()
        )
        rows = await self._all(
            select(past.c.id.label("release"), past.c.version, events.c.body, events.c.at)
            .join(past, events.c.release == past.c.id)
            .where(events.c.kind == kind)
            .order_by(past.c.requested_at.desc(), past.c.id.desc(), events.c.seq)
        )
        return tuple(PastEntry(**{**row, "at": moment(row["at"])}) for row in rows)

    async def last(self) -> int:
        """Tell the number of the newest change, 0 in an empty journal."""
        row = await self._one(select(func.max(revisions.c.number).label("number")))
        return int(row["number"] or 0) if row else 0

    async def touched(self, after: int) -> frozenset[str]:
        """Name the releases of which events were recorded or replaced after a change."""
        rows = await self._all(select(revisions.c.release).where(revisions.c.number > after))
        return frozenset(row["release"] for row in rows)

    async def wait(self, seconds: float) -> None:
        """Return when an event was recorded in this process, or after the time."""
        try:
            async with asyncio.timeout(seconds), self._bell:
                await self._bell.wait()
        except TimeoutError:
            return
