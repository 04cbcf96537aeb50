"""The audit: who asked for what, what was decided, refused and done. Entries are only ever added, in one chain."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncEngine

from tools.clock import Clock
from tools.history.chain import Entry, Examination, Fault, Head
from tools.history.ledger import NEWEST, READING, Ledger, Record
from tools.history.rows import Rows, whole
from tools.history.tables import audit

_AT_ONCE = 2000


@dataclass(slots=True, eq=False)
class _Waiting:
    record: Record
    kept: bool = False


class Audit(Rows):
    """The audit table: entries are added, listed and examined, and never changed."""

    def __init__(self, engine: AsyncEngine, clock: Clock, ledger: Ledger) -> None:
        super().__init__(engine, clock, ledger)
        self.ledger = ledger
        self._waiting: list[_Waiting] = []
        self._writing = asyncio.Lock()

    async def add(self, record: Record) -> None:
        """Write something down, for good when this returns. What comes at once is written at once."""
        mine = _Waiting(record)
        self._waiting.append(mine)
        try:
            async with self._writing:
                if not mine.kept:
                    await self._write(tuple(self._waiting))
        finally:
            self._waiting = [other for other in self._waiting if other is not mine]

    @whole
    async def _write(self, waiting: Sequence[_Waiting]) -> None:
        async with self._engine.begin() as connection:
            step = await self.ledger.add(connection, [one.record for one in waiting])
        for one in waiting:
            one.kept = True
        self._waiting = [one for one in self._waiting if not one.kept]
        await self.ledger.note(self._engine, step)

    async def head(self) -> Head:
        """Return the newest entry's number and seal; number 0 where there is none."""
        row = await self._one(NEWEST)
        return Head(row["number"], row["seal"]) if row else Head(0, "")

    async def recent(self, service: str | None, since: datetime | None, limit: int) -> tuple[Entry, ...]:
        """List the newest entries, oldest of them first."""
        wanted = [audit.c.service == service] if service else []
        wanted += [audit.c.at >= since.astimezone(UTC).isoformat(timespec="milliseconds")] if since else []
        rows = await self._all(select(audit).where(*wanted).order_by(audit.c.number.desc()).limit(limit))
        return tuple(Entry(**row) for row in reversed(rows))

    async def entry(self, number: int) -> Entry | None:
        """Return the entry that has a number."""
        row = await self._one(select(audit).where(audit.c.number == number))
        return Entry(**row) if row else None

    async def stands(self) -> bool:
        """Tell whether the table still has the entry that the head file names; the rest is for `examine`."""
        head = self.ledger.files.head()
        known = await self.entry(head.number) if head and head.number else None
        return head is not None and (head.number == 0 or (known is not None and known.seal == head.seal))

    async def examine(self, expected: Sequence[Head] = ()) -> tuple[Fault | None, Examination]:
        """Read the whole chain. The head file is read first: what is added meanwhile is newer than it."""
        examination = Examination(self.ledger.files.key, self.ledger.files.head(), tuple(expected))
        async with self._engine.connect() as connection:
            reading = await connection.execution_options(**READING)
            number = 0
            while rows := (await reading.execute(_after(number))).all():
                for row in rows:
                    examination.take(Entry(*row))
                number = rows[-1][0]
        return examination.end(), examination


def _after(number: int) -> Select[Any]:
    columns = (audit.c[name] for name in Entry.__slots__)
    return select(*columns).where(audit.c.number > number).order_by(audit.c.number).limit(_AT_ONCE)
