"""P23: a history of a hundred thousand releases answers what people look at all day in under 50 ms."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

import pytest

from tests.contract.histories import MORNING, history, release
from tools.history import Store
from tools.history.releases import Outcome, Release, Status
from tools.history.tables import releases

RELEASES = 100_000
QUESTIONS: dict[str, Callable[[Store], Awaitable[Any]]] = {
    "status": lambda store: store.releases.unfinished(),
    "status of a target": lambda store: store.releases.unfinished("service1", "production"),
    "list": lambda store: store.releases.recent(limit=50),
    "list of a target": lambda store: store.releases.recent("service1", "production", limit=50),
    "statistics": lambda store: store.releases.statistics(),
    "coverage of a target": lambda store: store.journal.in_succeeded("service1", "production", "suite-ran", 20),
    "statistics of a target": lambda store: store.releases.statistics("service1", "production"),
}


def _row(release_: Release) -> dict[str, Any]:
    moments = {name: getattr(release_, name).isoformat(timespec="milliseconds") for name in ("requested_at",)}
    return {**asdict(release_), **moments, "finished_at": moments["requested_at"]}


def _past(number: int) -> Release:
    return replace(
        release(number),
        service=f"service{number % 4}",
        requested_at=MORNING + timedelta(minutes=number),
        status=Status.FINISHED,
        outcome=list(Outcome)[number % len(Outcome)],
    )


async def _best(store: Store, ask: Callable[[Store], Awaitable[Any]]) -> float:
    """Measure the best of seven answers: what the machine's other work adds is not ours."""
    times = []
    for _ in range(7):
        begun = time.perf_counter()
        await ask(store)
        times.append(time.perf_counter() - begun)
    return min(times) * 1000


@pytest.fixture(scope="module")
async def grown(tmp_path_factory: pytest.TempPathFactory) -> Any:
    async with history(tmp_path_factory.mktemp("grown")) as store:
        async with store.engine.begin() as connection:
            await connection.execute(releases.insert(), [_row(_past(number)) for number in range(RELEASES)])
        yield store


@pytest.mark.parametrize("question", QUESTIONS)
async def test_a_long_history_answers_in_under_50_milliseconds(grown: Store, question: str) -> None:
    assert await _best(grown, QUESTIONS[question]) < 50
