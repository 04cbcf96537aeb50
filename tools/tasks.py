"""What runs side by side: bounded, waited for, and ended."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta
from typing import Any, TypeVar

AGAIN = timedelta(seconds=5)
"""For what was cancelled to clean up, before it is told once more."""
HOSTS_AT_ONCE = 10
"""So many hosts are looked at side by side: with fifty at once, all of them waited for this machine."""
T = TypeVar("T")
R = TypeVar("R")


async def side_by_side(items: Iterable[T], work: Callable[[T], Awaitable[R]], at_once: int = HOSTS_AT_ONCE) -> list[R]:
    """Work on every item, at most so many at a time; results are in the items' order.

    Where some fail, the others still come to their end; then the first failure is raised.
    """
    places = asyncio.Semaphore(at_once)

    async def placed(item: T) -> R:
        async with places:
            return await work(item)

    ended = await asyncio.gather(*map(placed, items), return_exceptions=True)
    done = [one for one in ended if not isinstance(one, BaseException)]
    if len(done) < len(ended):
        raise next(one for one in ended if isinstance(one, BaseException))
    return done


async def together(first: Awaitable[T], second: Awaitable[R]) -> tuple[T, R]:
    """Wait for two things side by side; where one fails, the other still ends, then the failure is raised."""
    begun = asyncio.ensure_future(first), asyncio.ensure_future(second)
    await asyncio.gather(*begun, return_exceptions=True)
    return begun[0].result(), begun[1].result()


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
