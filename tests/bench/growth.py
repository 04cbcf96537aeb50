"""How fast a history of a hundred thousand releases answers what people look at all day (P23)."""

import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from tests.bench.figures import Goal, Report, Series
from tests.contract.growth import QUESTIONS, grow
from tests.contract.histories import history
from tools.history import Store

RELEASES = 100_000
BUILDS = 20_000
LIMIT_SECONDS = 0.05


async def bench(rounds: int) -> Report:
    """Ask each question several times in every round."""
    with tempfile.TemporaryDirectory() as directory:
        async with history(Path(directory)) as store:
            await grow(store, RELEASES, BUILDS)
            series = [Series(name, "s", await _times(store, ask, 7 * rounds)) for name, ask in QUESTIONS.items()]
    goals = [Goal(f"{one.name}, median, seconds", one.median, LIMIT_SECONDS) for one in series]
    return Report("growth", series, goals, (f"a history of {RELEASES} releases on SQLite",))


async def _times(store: Store, ask: Callable[[Store], Awaitable[Any]], count: int) -> tuple[float, ...]:
    times = []
    for _ in range(count):
        begun = time.perf_counter()
        await ask(store)
        times.append(time.perf_counter() - begun)
    return tuple(times)
