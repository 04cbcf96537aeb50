"""The bot ends the time in which going back is a switch, for as long as it runs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from agents.cooling import Cooling
from agents.crew import Crew
from config.shipmate import Configuration
from tools.tasks import end


@asynccontextmanager
async def warm_time_ended(crew: Crew, configuration: Configuration) -> AsyncIterator[None]:
    """Stop instances whose time is over meanwhile; one that is due while no bot runs is stopped at the next start."""
    cooling = Cooling(crew.store, crew.clock, crew.equip, crew.tenure, configuration.services)
    work = asyncio.create_task(cooling.run())
    try:
        yield
    finally:
        await end([work])
