"""Opening the database, with the settings that make a commit survive a power cut."""

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeGuard

from sqlalchemy import event, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from tools.clock import Clock
from tools.history.audit import Audit
from tools.history.audit_files import AuditFiles
from tools.history.decisions import Decisions
from tools.history.deliveries import Deliveries
from tools.history.deployments import Deployments
from tools.history.discreet import keep_secrets_out
from tools.history.gates import Gates
from tools.history.journal import Journal
from tools.history.lease import Lease
from tools.history.leases import Leases
from tools.history.ledger import Ledger
from tools.history.locks import Locks
from tools.history.messages import Messages
from tools.history.outbox import Outbox
from tools.history.precedents import Precedents
from tools.history.releases import Releases
from tools.history.reviews import Reviews
from tools.history.tables import metadata
from tools.history.targets import Targets
from tools.redaction import Redactor

_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}


@dataclass(frozen=True, slots=True)
class Store:
    """One database, one attribute per subject."""

    engine: AsyncEngine
    releases: Releases
    journal: Journal
    decisions: Decisions
    deployments: Deployments
    targets: Targets
    locks: Locks
    leases: Leases
    messages: Messages
    outbox: Outbox
    deliveries: Deliveries
    gates: Gates
    audit: Audit
    reviews: Reviews
    precedents: Precedents
    redactor: Redactor
    """What every event and every cause passes."""

    def under(self, lease: Lease) -> "Store":
        """Return the same store for a run that may write about releases only as long as it holds a lease."""
        guarded = ("releases", "journal", "decisions", "deployments", "targets", "messages", "outbox", "reviews")
        return replace(self, **{name: getattr(self, name).under(lease) for name in guarded})

    async def close(self) -> None:
        """Let go of every connection."""
        await self.engine.dispose()


async def open_store(url: str, clock: Clock, redactor: Redactor | None = None) -> Store:
    """Open the database at `url`, creating the file and the tables where they are missing.

    Every text passes the redactor on its way into a table.
    """
    address = make_url(url)
    address = address.set(drivername=_DRIVERS.get(address.drivername, address.drivername))
    sqlite = address.get_backend_name() == "sqlite"
    if sqlite and address.database:
        _make(Path(address.database))
    beside = Path(address.database) if sqlite and _is_file(address.database) else None
    files = await asyncio.to_thread(AuditFiles.beside, beside) if beside else AuditFiles()
    engine = create_async_engine(address)
    if sqlite:
        event.listen(engine.sync_engine, "connect", _harden)
        event.listen(engine.sync_engine, "begin", _begin)
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    redactor = redactor or Redactor()
    keep_secrets_out(engine.sync_engine, redactor)
    ledger = Ledger(clock, redactor, files)
    return Store(
        engine,
        Releases(engine, clock, redactor, ledger),
        Journal(engine, clock, redactor, ledger),
        Decisions(engine, clock, ledger),
        Deployments(engine, clock),
        Targets(engine, clock),
        Locks(engine, clock, redactor, ledger),
        Leases(engine, clock),
        Messages(engine, clock),
        Outbox(engine, clock),
        Deliveries(engine, clock),
        Gates(engine, clock),
        Audit(engine, clock, ledger),
        Reviews(engine, clock, ledger),
        Precedents(engine, clock, ledger),
        redactor,
    )


def _is_file(database: str | None) -> TypeGuard[str]:
    return bool(database) and database != ":memory:"


def _make(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)  # what SQLite puts beside it is as private as this


def _harden(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Any) -> None:
    """Take the write lock first: two writers then wait for each other instead of failing half-way."""
    reading = connection.get_execution_options().get("shipmate_reading")
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
