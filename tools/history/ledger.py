"""Adding to the audit: in one chain, and inside of the transaction that changes what the entry tells."""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC
from typing import Any

from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tools.clock import Clock
from tools.history.audit_files import AuditFiles
from tools.history.chain import Entry, Head, seal_of
from tools.history.tables import audit, plans, releases
from tools.redaction import Redactor

LONGEST = 300
"""Characters of one text in an entry; the rest of it is cut."""
MOST_DETAILS = 20
READING = {"shipmate_reading": True}
"""Marks a connection that only reads, so that it takes no write lock."""
_POSTGRES_LOCK = 7414673361


@dataclass(frozen=True, slots=True)
class Record:
    """Something to be written down. Service, environment and plan are looked up where only the release is named."""

    kind: str
    action: str
    outcome: str = ""
    person: str = ""
    workspace: str = ""
    door: str = ""
    service: str = ""
    environment: str = ""
    release: str = ""
    digest: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """Entries that were added in one transaction: the head before them, and the one after."""

    before: Head
    after: Head


class Ledger:
    """Adds entries inside of somebody's transaction, so that both are kept or neither."""

    def __init__(self, clock: Clock, redactor: Redactor, files: AuditFiles | None = None) -> None:
        self._clock = clock
        self._redactor = redactor
        self.files = files or AuditFiles()

    async def add(self, connection: AsyncConnection, records: Sequence[Record]) -> Step:
        """Add entries behind the last one; the transaction keeps every other writer away until it ends."""
        if connection.dialect.name == "postgresql":
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({_POSTGRES_LOCK})"))
        row = (await connection.execute(NEWEST)).first()
        before = Head(row.number, row.seal) if row else Head(0, secrets.token_hex(8))
        if self.files.keyless:
            self.files = self.files.begun(empty=row is None)
        last, rows = before, []
        for record in records:
            entry = self._entry(await _completed(connection, record), last)
            last = Head(entry.number, entry.seal)
            rows.append({name: getattr(entry, name) for name in Entry.__slots__})
        await connection.execute(insert(audit), rows)
        return Step(before, last)

    async def note(self, engine: AsyncEngine, step: Step) -> None:
        """Note outside of the table how far the chain goes, unless what is noted there is no part of it."""
        known = self.files.head()
        if known is None or known.number >= step.after.number:
            return
        seal = step.before.seal
        if known.number != step.before.number:  # another process has added entries meanwhile
            async with engine.connect() as connection:
                reading = await connection.execution_options(**READING)
                seal = await reading.scalar(select(audit.c.seal).where(audit.c.number == known.number)) or ""
        if known.number == 0 or seal == known.seal:
            self.files.advance(step.after)

    def _entry(self, record: Record, last: Head) -> Entry:
        texts = {name: self._short(getattr(record, name)) for name in _TEXTS}
        details = {self._short(name): self._plain(value) for name, value in [*record.detail.items()][:MOST_DETAILS]}
        unsealed = Entry(
            number=last.number + 1,
            at=self._clock.now().astimezone(UTC).isoformat(timespec="milliseconds"),
            detail=self._redactor.redact(json.dumps(details, separators=(",", ":"))),
            previous=last.seal,
            **texts,
        )
        return replace(unsealed, seal=seal_of(self.files.key, unsealed))

    def _plain(self, value: Any) -> Any:
        return value if isinstance(value, (bool, int, float, type(None))) else self._short(str(value))

    def _short(self, value: str) -> str:
        """Redact first and cut then, so that no secret is cut into what nobody recognises."""
        told = self._redactor.outgoing(value.encode(errors="replace").decode().replace("\0", "?"))
        return told if len(told) <= LONGEST else f"{told[:LONGEST]}..."


_TEXTS = tuple(name for name in Record.__slots__ if name != "detail")
FIRST = 1
"""The number of the first entry; what has a lower one is no part of the chain."""
NEWEST = select(audit.c.number, audit.c.seal).where(audit.c.number >= FIRST).order_by(audit.c.number.desc()).limit(1)


async def _completed(connection: AsyncConnection, record: Record) -> Record:
    if not record.release or (record.service and record.digest):
        return record
    known = select(releases.c.service, releases.c.environment, plans.c.digest)
    joined = known.select_from(releases.outerjoin(plans, plans.c.release == releases.c.id))
    row = (await connection.execute(joined.where(releases.c.id == record.release))).first()
    if row is None:
        return record
    return replace(
        record,
        service=record.service or row.service,
        environment=record.environment or row.environment,
        digest=record.digest or row.digest or "",
    )
