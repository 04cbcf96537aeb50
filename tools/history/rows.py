"""How a table is read and written: the four statements that every subject shares."""

import asyncio
import functools
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from copy import copy
from datetime import UTC, datetime
from typing import Any, ParamSpec, Self, TypeVar

from sqlalchemy import Executable, Table
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tools.clock import Clock
from tools.history.lease import Lease, require
from tools.history.ledger import READING, Ledger, Record

__all__ = ["READING", "Rows", "moment", "whole"]

Arguments = ParamSpec("Arguments")
Value = TypeVar("Value")


def moment(text: str) -> datetime:
    """Read a stored moment."""
    return datetime.fromisoformat(text)


def whole(access: Callable[Arguments, Coroutine[Any, Any, Value]]) -> Callable[Arguments, Coroutine[Any, Any, Value]]:
    """Let an access to the database come to its end, also where whoever waits for it is cancelled meanwhile.

    A transaction that is cut off in the middle keeps its connection, and so the write lock, from everybody.
    """

    @functools.wraps(access)
    async def run(*arguments: Arguments.args, **named: Arguments.kwargs) -> Value:
        task = asyncio.create_task(access(*arguments, **named))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait({task})
            if not task.cancelled():
                task.exception()  # heard, and told to nobody: the one who asked is gone
            raise

    return run


class Rows:
    """A subject's access to the database: every call is one transaction, committed when it returns."""

    def __init__(self, engine: AsyncEngine, clock: Clock, ledger: Ledger | None = None) -> None:
        self._engine = engine
        self._clock = clock
        self._ledger = ledger
        self._lease: Lease | None = None

    def under(self, lease: Lease) -> Self:
        """Return the same subject for a run that may write only as long as it holds a lease."""
        held = copy(self)
        held._lease = lease  # noqa: SLF001 - a copy of ourselves
        return held

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[AsyncConnection]:
        """Begin a transaction that writes; raises `Superseded`, and writes nothing, where the lease is lost."""
        async with self._engine.begin() as connection:
            if self._lease:
                await require(connection, self._lease)
            yield connection

    def _now(self) -> str:
        return self._clock.now().astimezone(UTC).isoformat(timespec="milliseconds")

    def _insert(self, table: Table) -> Any:
        postgres = self._engine.dialect.name == "postgresql"
        return postgresql_insert(table) if postgres else sqlite_insert(table)

    @whole
    async def _change(self, statement: Executable, record: Record | None = None) -> int:
        """Run one statement that writes, and put on record that it did; returns how many rows it touched."""
        step = None
        async with self._transaction() as connection:
            touched = int((await connection.execute(statement)).rowcount)
            if touched and record and self._ledger:
                step = await self._ledger.add(connection, [record])
        if step and self._ledger:
            await self._ledger.note(self._engine, step)
        return touched

    async def _one(self, statement: Executable) -> dict[str, Any] | None:
        rows = await self._all(statement)
        return rows[0] if rows else None

    @whole
    async def _all(self, statement: Executable) -> list[dict[str, Any]]:
        async with self._engine.connect() as connection:
            reading = await connection.execution_options(**READING)
            return [dict(row) for row in (await reading.execute(statement)).mappings()]
