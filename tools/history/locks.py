"""Locks that people set: who holds a target closed, why and until when. A lock whose time is over holds nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from tools.clock import Clock
from tools.history.ledger import Ledger, Record
from tools.history.rows import Rows, moment, whole
from tools.history.tables import locks
from tools.redaction import Redactor

TIME = "time"
"""Who ends a lock when its time is over."""


@dataclass(frozen=True, slots=True)
class Lock:
    """One lock, of now or of the past."""

    id: str
    service: str
    environment: str
    by: str
    reason: str
    since: datetime
    until: datetime | None
    """None: until somebody unlocks."""
    channel: str
    """Where it was asked for; empty at a terminal."""
    ended_at: datetime | None = None
    ended_by: str | None = None

    @property
    def target(self) -> str:
        """What it holds closed: `service/environment`."""
        return f"{self.service}/{self.environment}"


class Locks(Rows):
    """The locks table. Reasons pass the redactor."""

    def __init__(self, engine: AsyncEngine, clock: Clock, redactor: Redactor, ledger: Ledger | None = None) -> None:
        super().__init__(engine, clock, ledger)
        self._redactor = redactor

    async def get(self, lock_id: str) -> Lock | None:
        """Return a lock, of now or of the past."""
        row = await self._one(select(locks).where(locks.c.id == lock_id))
        return _lock(row) if row else None

    async def of(self, service: str, environment: str) -> Lock | None:
        """Return the lock that holds a target now."""
        row = await self._one(select(locks).where(*_is(service, environment), *self._holds()))
        return _lock(row) if row else None

    @whole
    async def set(self, lock: Lock) -> Lock:
        """Set a lock, unless one holds already; returns the one that holds. The same id again is the same lock."""
        row = {name: getattr(lock, name) for name in Lock.__slots__} | {"reason": self._redactor.redact(lock.reason)}
        row |= {name: _text(row[name]) for name in ("since", "until", "ended_at")}
        same_or_holding = or_(locks.c.id == lock.id, and_(*_is(lock.service, lock.environment), *self._holds()))
        step = None
        async with self._transaction() as connection:
            found = (await connection.execute(select(locks).where(same_or_holding))).mappings().first()
            if found is None:
                await connection.execute(self._insert(locks).values(**row))
                step = await self._ledger.add(connection, [_record(lock, "lock", lock.by)]) if self._ledger else None
        if step and self._ledger:
            await self._ledger.note(self._engine, step)
        return _lock(dict(found)) if found else _lock(row)

    async def lift(self, lock: Lock, by: str) -> bool:
        """End a lock; False when it had ended before."""
        open_still = update(locks).where(locks.c.id == lock.id, locks.c.ended_at.is_(None))
        ended = open_still.values(ended_at=self._now(), ended_by=by)
        return await self._change(ended, _record(lock, "unlock", by)) == 1

    async def last(self, service: str, environment: str) -> Lock | None:
        """Return the newest lock of a target, of now or of the past."""
        row = await self._one(select(locks).where(*_is(service, environment)).order_by(locks.c.since.desc()).limit(1))
        return _lock(row) if row else None

    async def unended(self) -> tuple[Lock, ...]:
        """List the locks that nobody has ended, those among them whose time is over too."""
        return tuple(map(_lock, await self._all(select(locks).where(locks.c.ended_at.is_(None)))))

    async def since(self, when: datetime) -> tuple[Lock, ...]:
        """List the locks that have not ended, or did after a moment."""
        wanted = or_(locks.c.ended_at.is_(None), locks.c.ended_at >= str(_text(when)))
        return tuple(map(_lock, await self._all(select(locks).where(wanted).order_by(locks.c.since))))

    def _holds(self) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
        return locks.c.ended_at.is_(None), or_(locks.c.until.is_(None), locks.c.until > self._now())


def _record(lock: Lock, action: str, person: str) -> Record:
    detail = {"lock": lock.id, "reason": lock.reason, "until": _text(lock.until)}
    where = {"service": lock.service, "environment": lock.environment}
    return Record("effect", action, "done", person, **where, detail=detail)


def _is(service: str, environment: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return locks.c.service == service, locks.c.environment == environment


def _text(when: datetime | None) -> str | None:
    return when.astimezone(UTC).isoformat(timespec="milliseconds") if when else None


def _lock(row: Mapping[str, Any]) -> Lock:
    moments = {name: moment(row[name]) if row[name] else None for name in ("since", "until", "ended_at")}
    return Lock(**{**row, **moments})
