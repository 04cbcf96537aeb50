"""What runs side by side is bounded, waited for, and ended."""

import asyncio
from datetime import timedelta

import pytest

from tools.tasks import end, side_by_side, together


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


async def test_items_are_worked_on_side_by_side_never_more_than_allowed_and_told_in_their_order() -> None:
    busy, busiest = 0, 0

    async def work(item: int) -> int:
        nonlocal busy, busiest
        busy += 1
        busiest = max(busiest, busy)
        for _ in range(10 - item):
            await asyncio.sleep(0)
        busy -= 1
        return item * item

    assert await side_by_side(range(10), work, at_once=3) == [item * item for item in range(10)]
    assert busiest == 3
    assert await side_by_side([], work) == []


async def test_one_that_fails_does_not_keep_the_others_from_their_end() -> None:
    ended: list[int] = []

    async def work(item: int) -> None:
        if item < 2:
            raise ValueError(item)
        await asyncio.sleep(0)
        ended.append(item)

    with pytest.raises(ValueError, match="0"):
        await side_by_side(range(5), work, at_once=2)
    assert ended == [2, 3, 4]


async def test_who_is_cancelled_ends_what_runs_and_begins_nothing_more() -> None:
    begun: list[int] = []
    ended: list[int] = []
    both = asyncio.Event()

    async def work(item: int) -> None:
        begun.append(item)
        if item:
            both.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(item)

    whole = asyncio.create_task(side_by_side(range(5), work, at_once=2))
    await both.wait()
    whole.cancel()
    with pytest.raises(asyncio.CancelledError):
        await whole
    assert begun == ended == [0, 1]


async def test_of_two_things_the_second_ends_before_the_failure_of_the_first_is_told() -> None:
    ended: list[str] = []

    async def fails() -> str:
        raise LookupError

    async def takes_its_time() -> int:
        for _ in range(3):
            await asyncio.sleep(0)
        ended.append("second")
        return 2

    async def well() -> str:
        return "first"

    with pytest.raises(LookupError):
        await together(fails(), takes_its_time())
    assert ended == ["second"]
    assert await together(well(), takes_its_time()) == ("first", 2)
