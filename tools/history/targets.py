"""Targets: failures in a row, locks, and the number that fences off older runs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tools.history.rows import Rows, moment, whole
from tools.history.tables import targets

KEPT_FAILURES = 3


@dataclass(frozen=True, slots=True)
class Target:
    """How a service fares in an environment."""

    service: str
    environment: str
    failures: int = 0
    warnings: int = 0
    recent_failures: Sequence[Mapping[str, Any]] = ()
    """The last three failures in a row, newest last."""
    locked_at: datetime | None = None
    locked_by: str | None = None
    """The release whose failure locked the target."""
    acknowledged_by: str | None = None
    fence: int = 0
    succeeded_by: str | None = None
    """The last release that succeeded."""


class Targets(Rows):
    """The targets table."""

    async def get(self, service: str, environment: str) -> Target:
        """Return a target; one never seen has no failures and no lock."""
        row = await self._one(select(targets).where(*_is(service, environment)))
        return _target(row) if row else Target(service, environment)

    async def locked(self) -> tuple[Target, ...]:
        """List the locked targets."""
        rows = await self._all(select(targets).where(targets.c.locked_at.is_not(None)))
        return tuple(map(_target, rows))

    async def fail(self, service: str, environment: str, failure: Mapping[str, Any]) -> Target:
        """Count a failure and return the target as it is then. One release (`failure["release"]`) counts once."""

        def counted(before: Target) -> Mapping[str, Any]:
            if any(known.get("release") == failure.get("release") for known in before.recent_failures):
                return {}
            recent = [*before.recent_failures, dict(failure)][-KEPT_FAILURES:]
            return {"failures": before.failures + 1, "recent_failures": recent}

        return await self._weigh(service, environment, counted)

    async def succeed(self, service: str, environment: str, release: str, *, warned: bool) -> None:
        """Forget failures in a row; count warnings in a row. One release counts once."""

        def counted(before: Target) -> Mapping[str, Any]:
            if before.succeeded_by == release:
                return {}
            warnings = before.warnings + 1 if warned else 0
            return {"failures": 0, "recent_failures": [], "warnings": warnings, "succeeded_by": release}

        await self._weigh(service, environment, counted)

    async def lock(self, service: str, environment: str, release: str) -> None:
        """Lock a target until a person unlocks it."""
        await self._ensure(service, environment)
        await self._set(service, environment, locked_at=self._now(), locked_by=release, acknowledged_by=None)

    async def acknowledge(self, service: str, environment: str, person: str) -> bool:
        """Note who takes care; False when somebody did before or nothing is locked."""
        statement = (
            update(targets)
            .where(*_is(service, environment), targets.c.locked_at.is_not(None), targets.c.acknowledged_by.is_(None))
            .values(acknowledged_by=person)
        )
        return await self._change(statement) == 1

    async def unlock(self, service: str, environment: str) -> str | None:
        """Release a locked target and start counting anew; returns the release that had locked it, if one had."""
        locked_by: list[str | None] = []

        def freed(before: Target) -> Mapping[str, Any]:
            locked_by.append(before.locked_by)
            return (
                {"locked_at": None, "locked_by": None, "failures": 0, "recent_failures": []} if before.locked_at else {}
            )

        await self._weigh(service, environment, freed)
        return locked_by[-1]

    @whole
    async def take_fence(self, service: str, environment: str) -> int:
        """Return a number higher than any given for this target before."""
        async with self._transaction() as connection:
            await queue_up(connection, self._insert(targets), service, environment)
            return await next_fence(connection, service, environment)

    async def _ensure(self, service: str, environment: str) -> None:
        insert = self._insert(targets).values(service=service, environment=environment, recent_failures=[])
        await self._change(insert.on_conflict_do_nothing())

    @whole
    async def _weigh(self, service: str, environment: str, change: Callable[[Target], Mapping[str, Any]]) -> Target:
        """Change a target by what it is; nobody else changes it in between."""
        await self._ensure(service, environment)
        read = select(targets).where(*_is(service, environment)).with_for_update()
        async with self._transaction() as connection:
            before = _target(dict((await connection.execute(read)).mappings().one()))
            columns = change(before)
            if columns:
                await connection.execute(update(targets).where(*_is(service, environment)).values(**columns))
        return replace(before, **columns)

    async def _set(self, service: str, environment: str, **columns: Any) -> None:
        await self._change(update(targets).where(*_is(service, environment)).values(**columns))


async def queue_up(connection: AsyncConnection, insert: Any, service: str, environment: str) -> None:
    """Let one transaction at a time go on about a target, also about one never seen before."""
    row = insert.values(service=service, environment=environment, recent_failures=[])
    await connection.execute(row.on_conflict_do_nothing())
    await connection.execute(select(targets.c.fence).where(*_is(service, environment)).with_for_update())


async def next_fence(connection: AsyncConnection, service: str, environment: str) -> int:
    """Raise the number of a target, and return it."""
    raised = update(targets).where(*_is(service, environment)).values(fence=targets.c.fence + 1)
    return int((await connection.execute(raised.returning(targets.c.fence))).scalar_one())


def _is(service: str, environment: str) -> tuple[Any, Any]:
    return targets.c.service == service, targets.c.environment == environment


def _target(row: Mapping[str, Any]) -> Target:
    return Target(**{**row, "locked_at": moment(row["locked_at"]) if row["locked_at"] else None})
