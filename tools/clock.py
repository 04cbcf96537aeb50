"""Time, as something that can be handed in: tests give a clock that only moves when told."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What the crew knows of time."""

    def now(self) -> datetime:
        """Tell the current moment in UTC."""
        ...

    def monotonic(self) -> float:
        """Tell seconds since some fixed point; never runs backwards."""
        ...

    async def sleep(self, duration: timedelta) -> None:
        """Wait."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Tell the current moment in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Tell seconds since some fixed point."""
        return time.monotonic()

    async def sleep(self, duration: timedelta) -> None:
        """Wait without blocking anybody else."""
        await asyncio.sleep(duration.total_seconds())
