"""A lease: the right of one run of a release to write about a target, until another run takes it over."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from tools.errors import Superseded
from tools.history.tables import leases


@dataclass(frozen=True, slots=True)
class Lease:
    """Who holds a target."""

    service: str
    environment: str
    release: str
    owner: str
    """The run of the release that holds it; another run of the same release is another owner."""
    since: datetime
    heartbeat: datetime
    fence: int
    """Names the lease, and is lower than that of every later one."""


async def require(connection: AsyncConnection, lease: Lease) -> None:
    """Make sure, inside of a transaction, that a lease is still the one that holds its target."""
    held = select(leases.c.fence).where(
        leases.c.service == lease.service, leases.c.environment == lease.environment, leases.c.fence == lease.fence
    )
    if (await connection.execute(held.with_for_update(read=True))).first() is None:
        raise Superseded(
            f"Another run has taken {lease.service} in {lease.environment} over from {lease.release}.",
            standing="Nothing was written by this one.",
            remedy="Look at the target's newest card.",
        )
