"""P23: a history of a hundred thousand releases answers what people look at all day in under 50 ms."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from agents.entrypoints.goals import NEWEST, Counted, measured
from config.loading import load
from tests.contract.histories import MORNING, history, release
from tools.history import Store
from tools.history.releases import Outcome, Release, Status
from tools.history.tables import events, releases

RELEASES = 100_000
SHIPPED = load(Path(__file__).parents[2] / "config/shipmate.yaml", {}).services
WITH_GOALS = {"service1": SHIPPED["observer"].model_copy(update={"goals": SHIPPED["astrago"].goals})}
QUESTIONS: dict[str, Callable[[Store], Awaitable[Any]]] = {
    "status": lambda store: store.releases.unfinished(),
    "status of a target": lambda store: store.releases.unfinished("service1", "production"),
    "list": lambda store: store.releases.recent(limit=50),
    "list of a target": lambda store: store.releases.recent("service1", "production", limit=50),
    "statistics": lambda store: store.releases.statistics(),
    "coverage of a target": lambda store: store.journal.in_succeeded("service1", "production", "suite-ran", 20),
    "goals of a service": lambda store: measured(store, WITH_GOALS),
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


def _built(number: int) -> dict[str, Any]:
    body = {"stage": "build", "status": "failed", "seconds": 1.0}
    return {"release": f"r{number}", "key": "left:build", "kind": "left", "body": body, "at": MORNING.isoformat()}


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
            await connection.execute(events.insert(), [_built(number) for number in range(RELEASES - 20_000, RELEASES)])
        yield store


@pytest.mark.parametrize("question", QUESTIONS)
async def test_a_long_history_answers_in_under_50_milliseconds(grown: Store, question: str) -> None:
    assert await _best(grown, QUESTIONS[question]) < 50


async def test_goals_are_measured_in_the_newest_releases_only(grown: Store) -> None:
    goals = {goal.name: goal for goal in (await measured(grown, WITH_GOALS))["service1"]}
    counted = goals["build success"]
    assert isinstance(counted, Counted)
    assert 0 < counted.all <= NEWEST
