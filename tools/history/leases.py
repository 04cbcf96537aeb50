"""Leases on targets: one run holds a target, shows that it lives, and loses it where it does not."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tools.history.lease import Lease, require
from tools.history.rows import READING, Rows, moment, whole
from tools.history.tables import leases, targets
from tools.history.targets import next_fence, queue_up

BEAT = timedelta(seconds=5)
"""How often whoever holds a lease shows that it lives."""
PATIENCE = timedelta(seconds=30)
"""Whoever has not shown it for so long is dead or frozen, and may be taken over."""
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC).isoformat(timespec="milliseconds")


@dataclass(frozen=True, slots=True)
class Taken:
    """A lease that was taken, and whom it was taken from where that one had not given it back."""

    lease: Lease
    victim: Lease | None


class Leases(Rows):
    """The leases table: a row per target that is held."""

    async def of(self, service: str, environment: str) -> Lease | None:
        """Return who holds a target, alive or not."""
        row = await self._one(select(leases).where(*_is(service, environment)))
        return _lease(row) if row else None

    @whole
    async def take(self, service: str, environment: str, release: str, owner: str) -> Taken | Lease:
        """Take a target, from whoever has been silent too long too; or return the living lease in the way."""
        async with self._engine.begin() as connection:
            await queue_up(connection, self._insert(targets), service, environment)
            before = await _held(connection, service, environment)
            if before and self._clock.now() - before.heartbeat < PATIENCE:
                return before
            fence = await next_fence(connection, service, environment)
            now = self._now()
            row = {"release": release, "owner": owner, "since": now, "heartbeat": now, "fence": fence}
            insert = self._insert(leases).values(service=service, environment=environment, **row)
            await connection.execute(insert.on_conflict_do_update(index_elements=["service", "environment"], set_=row))
        return Taken(Lease(service, environment, release, owner, moment(now), moment(now), fence), before)

    async def renew(self, lease: Lease) -> bool:
        """Show that the holder lives; False when the lease is another's by now."""
        return await self._change(update(leases).where(*_same(lease)).values(heartbeat=self._now())) == 1

    async def holds(self, lease: Lease) -> bool:
        """Tell whether a lease is still the one that holds its target."""
        return await self._one(select(leases.c.fence).where(*_same(lease))) is not None

    @whole
    async def require(self, lease: Lease) -> None:
        """Raise `Superseded` where a lease is lost."""
        async with self._engine.connect() as connection:
            await require(await connection.execution_options(**READING), lease)

    async def give_back(self, lease: Lease) -> None:
        """Let go of a target, where it is still held."""
        await self._change(delete(leases).where(*_same(lease)))

    @whole
    async def seize(self, service: str, environment: str, owner: str) -> Lease | None:
        """Take a target away from whoever holds it, for the next who asks; return the victim, None without one."""
        async with self._engine.begin() as connection:
            before = await _held(connection, service, environment)
            if before:
                await queue_up(connection, self._insert(targets), service, environment)
                fence = await next_fence(connection, service, environment)
                gone = {"owner": owner, "heartbeat": _LONG_AGO, "fence": fence}
                await connection.execute(update(leases).where(*_is(service, environment)).values(**gone))
        return before

    async def bury(self) -> None:
        """Count every holder as dead: to be called by the one process that owns the database, before it works."""
        await self._change(update(leases).values(heartbeat=_LONG_AGO))


async def _held(connection: AsyncConnection, service: str, environment: str) -> Lease | None:
    row = (await connection.execute(select(leases).where(*_is(service, environment)).with_for_update())).mappings()
    found = row.first()
    return _lease(dict(found)) if found else None


def _is(service: str, environment: str) -> tuple[Any, Any]:
    return leases.c.service == service, leases.c.environment == environment


def _same(lease: Lease) -> tuple[Any, Any, Any]:
    return (*_is(lease.service, lease.environment), leases.c.fence == lease.fence)


def _lease(row: Mapping[str, Any]) -> Lease:
    return Lease(**{**row, "since": moment(row["since"]), "heartbeat": moment(row["heartbeat"])})
