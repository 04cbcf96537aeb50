"""What the bot takes of the machine while it waits: after its start, and after releases."""

import asyncio
from pathlib import Path
from typing import Any

from tests.bench.approval import conversation, newer, release
from tests.bench.figures import Report, Series
from tests.stage.conversation import Conversation
from tests.stage.stage import Stage

SETTLE_SECONDS = 3.0
LOOKS_SECONDS = 2.0


async def bench(stage: Stage, rounds: int) -> Report:
    """Look at one bot process again and again, first fresh, then after some releases."""
    async with conversation(stage, "bench-memory") as chat:
        await asyncio.sleep(SETTLE_SECONDS)
        fresh = await _looks(chat, rounds)
        for number in range(rounds):
            await release(chat, await asyncio.to_thread(newer, chat.site, number))
        await asyncio.sleep(SETTLE_SECONDS)
        used = await _looks(chat, rounds)
    return Report(
        "memory",
        (
            Series("bot at rest, fresh: its own memory", "MB", tuple(megabytes for megabytes, _ in fresh)),
            Series(
                f"bot at rest, after {rounds} releases: its own memory", "MB", tuple(megabytes for megabytes, _ in used)
            ),
            Series("bot at rest, fresh: share of one core", "%", tuple(share for _, share in fresh)),
            Series(f"bot at rest, after {rounds} releases: share of one core", "%", tuple(share for _, share in used)),
        ),
    )


async def _looks(chat: Conversation, count: int) -> list[tuple[float, float]]:
    looks = []
    for _ in range(count):
        before = _ticks(chat)
        await asyncio.sleep(LOOKS_SECONDS)
        looks.append((megabytes(chat), _ticks(chat) - before))
    return looks


def megabytes(chat: Conversation[Any]) -> float:
    """Tell what would be free again if the process ended, pages shared with others counted by share."""
    lines = Path(f"/proc/{chat.bot.pid}/smaps_rollup").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("Pss:")).split()[1]) / 1024


def _ticks(chat: Conversation) -> float:
    """Tell the processor time used so far, in hundredths of a second divided by the time between two looks."""
    fields = Path(f"/proc/{chat.bot.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / LOOKS_SECONDS
