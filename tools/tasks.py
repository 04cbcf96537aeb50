"""Ending what runs beside."""

import asyncio
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

AGAIN = timedelta(seconds=5)
"""For what was cancelled to clean up, before it is told once more."""


async def end(tasks: Iterable[asyncio.Task[Any]], again: timedelta = AGAIN) -> None:
    """Cancel tasks and return once all of them have ended, however they did.

    They are told again, since a cancellation can be lost: `asyncio.wait_for`, which libraries
    use, drops it in Python 3.11 where what it waits for arrives at the same moment.
    """
    known = set(tasks)
    while running := {task for task in known if not task.done()}:
        for task in running:
            task.cancel()
        await asyncio.wait(running, timeout=again.total_seconds())
    for task in known:
        if not task.cancelled():
            task.exception()  # heard; whoever runs beside tells its faults itself
