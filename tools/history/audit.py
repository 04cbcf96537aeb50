"""The audit: who asked for what, what was decided, refused and done. Entries are only ever added, in one chain."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, and_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine

from tools.clock import Clock
from tools.history.chain import Entry, Examination, Fault, Head
from tools.history.decisions import Question
from tools.history.ledger import FIRST, NEWEST, READING, Ledger, Record
from tools.history.rows import Rows, whole
from tools.history.tables import audit, questions
from tools.history.testimony import DECIDE, OPENED, Claim, Testimony

_AT_ONCE = 2000
_A_SESSION = and_(audit.c.kind == "bot", audit.c.action.in_(["started", "stopped"]), audit.c.door == "terminal")


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

    async def recent(
        self, service: str | None, since: datetime | None, limit: int, *, sessions: bool = True
    ) -> tuple[Entry, ...]:
        """List the newest entries of the chain, oldest of them first, with the sessions of terminals or without."""
        wanted = [audit.c.number >= FIRST, *([audit.c.service == service] if service else [])]
        wanted += [audit.c.at >= since.astimezone(UTC).isoformat(timespec="milliseconds")] if since else []
        wanted += [] if sessions else [~_A_SESSION]
        rows = await self._all(select(audit).where(*wanted).order_by(audit.c.number.desc()).limit(limit))
        return tuple(Entry(**row) for row in reversed(rows))

    async def intended(self, release: str, action: str) -> bool:
        """Tell whether an effect of a release is on record as about to begin."""
        about = (audit.c.release == release, audit.c.action == action, audit.c.outcome == "intended")
        return await self._one(select(audit.c.number).where(*about).limit(1)) is not None

    async def entry(self, number: int) -> Entry | None:
        """Return the entry that has a number."""
        row = await self._one(select(audit).where(audit.c.number == number))
        return Entry(**row) if row else None

    async def unprovable(self) -> bool:
        """Tell whether there are entries, or were, and the key that sealed them is missing."""
        files = self.ledger.files
        return files.keyless and bool(files.noted().number or (await self.head()).number)

    async def renew(self) -> Head:
        """Make a new key where it is missing beside entries; returns what the head file said, proved by nothing."""
        files = self.ledger.files
        noted = files.noted()
        files.renew(await self.head())
        self.ledger.files = files.found()
        return noted

    async def stands(self) -> bool:
        """Tell whether the table still has the entry that the head file names; the rest is for `examine`."""
        if self.ledger.files.keyless:
            return not await self.unprovable()
        head = self.ledger.files.head()
        known = await self.entry(head.number) if head and head.number else None
        return head is not None and (head.number == 0 or (known is not None and known.seal == head.seal))

    async def examine(self, expected: Sequence[Head] = ()) -> tuple[Fault | None, Examination]:
        """Read the whole chain, and hold every decision against it.

        The decisions and the head file are read first: what is added meanwhile is newer than they are.
        """
        claims, testimony = await self._claims(), Testimony(self.ledger.files.key)
        examination = Examination(self.ledger.files.key, self.ledger.files.head(), tuple(expected))
        async with self._engine.connect() as connection:
            reading = await connection.execution_options(**READING)
            number: int | None = None
            while rows := (await reading.execute(_after(number))).all():
                for row in rows:
                    entry = Entry(*row)
                    examination.take(entry)
                    testimony.take(entry)
                number = rows[-1][0]
        fault = await self._without_key() or examination.end()
        return fault or next(filter(None, map(testimony.doubt, claims)), None), examination

    async def _without_key(self) -> Fault | None:
        missing = f"The key that seals the audit is missing ({self.ledger.files.key_file}); no entry can be proved."
        return Fault("no-key", FIRST, missing) if await self.unprovable() else None

    async def doubt(self, question: Question) -> Fault | None:
        """Tell what in the chain speaks against a decided question."""
        asked_at = question.asked_at.astimezone(UTC).isoformat(timespec="milliseconds")
        claim = Claim(question.id, question.release, question.digest, str(question.choice), asked_at)
        about = tuple_(audit.c.kind, audit.c.action).in_([DECIDE, OPENED]) & (audit.c.release == question.release)
        wanted = select(audit).where((audit.c.number == FIRST) | about).order_by(audit.c.number)
        testimony = Testimony(self.ledger.files.key)
        for row in await self._all(wanted):
            testimony.take(Entry(**row))
        return testimony.doubt(claim)

    async def _claims(self) -> tuple[Claim, ...]:
        about = (questions.c.id, questions.c.release, questions.c.digest, questions.c.choice, questions.c.asked_at)
        decided = select(*about).where(questions.c.choice.is_not(None)).order_by(questions.c.asked_at)
        return tuple(Claim(*row.values()) for row in await self._all(decided))


def _after(number: int | None) -> Select[Any]:
    """Read on behind a number; from the lowest there is, since what was put in before the first must be found, too."""
    columns = (audit.c[name] for name in Entry.__slots__)
    behind = [] if number is None else [audit.c.number > number]
    return select(*columns).where(*behind).order_by(audit.c.number).limit(_AT_ONCE)
