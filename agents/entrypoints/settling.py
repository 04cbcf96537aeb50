"""The bot looks after hosts that were away when a release was put back, for as long as it runs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from agents.crew import Crew
from agents.returning import Returning
from tools.tasks import end


@asynccontextmanager
async def hosts_settled(crew: Crew) -> AsyncIterator[None]:
    """Settle hosts that return meanwhile; what is under way at the end is taken up at the next start."""
    returning = Returning(crew.store, crew.clock, crew.equip, crew.tenure, crew.holds.knows)
    work = asyncio.create_task(returning.run())
    try:
        yield
    finally:
        await end([work])
