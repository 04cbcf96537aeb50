"""Ending what runs beside."""

import asyncio
from datetime import timedelta

from tools.tasks import end


async def test_a_task_whose_library_drops_the_first_cancellation_is_ended_all_the_same() -> None:
    dropped = asyncio.Event()

    async def deaf_once() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            dropped.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(deaf_once())
    await asyncio.sleep(0)
    await end([task], again=timedelta(milliseconds=10))
    assert dropped.is_set()
    assert task.cancelled()


async def test_what_failed_or_had_ended_before_is_no_trouble() -> None:
    async def fails() -> None:
        raise LookupError

    tasks = [asyncio.create_task(fails()), asyncio.create_task(asyncio.sleep(0))]
    await asyncio.wait(tasks)
    await end(tasks)
    assert all(task.done() for task in tasks)
