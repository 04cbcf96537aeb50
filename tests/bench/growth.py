"""How fast a history of a hundred thousand releases answers what people look at all day (P23)."""

import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from agents.entrypoints.goals import measured
from config.loading import load
from tests.bench.figures import Goal, Report, Series
from tests.contract.histories import MORNING, history, release
from tools.history import Store
from tools.history.releases import Outcome, Release, Status
from tools.history.tables import events, releases

RELEASES = 100_000
BUILDS = 20_000
LIMIT_SECONDS = 0.05
SHIPPED = load(Path(__file__).parents[2] / "config/shipmate.yaml", {}).services
WITH_GOALS = {"service1": SHIPPED["observer"].model_copy(update={"goals": SHIPPED["astrago"].goals})}
QUESTIONS: Mapping[str, Callable[[Store], Awaitable[Any]]] = {
    "status": lambda store: store.releases.unfinished(),
    "status of a target": lambda store: store.releases.unfinished("service1", "production"),
    "list": lambda store: store.releases.recent(limit=50),
    "list of a target": lambda store: store.releases.recent("service1", "production", limit=50),
    "statistics": lambda store: store.releases.statistics(),
    "coverage of a target": lambda store: store.journal.in_succeeded("service1", "production", "suite-ran", 20),
    "goals of a service": lambda store: measured(store, WITH_GOALS),
    "statistics of a target": lambda store: store.releases.statistics("service1", "production"),
}


async def bench(rounds: int) -> Report:
    """Ask each question several times in every round."""
    with tempfile.TemporaryDirectory() as directory:
        async with history(Path(directory)) as store:
            await grow(store, RELEASES, BUILDS)
            series = [Series(name, "s", await _times(store, ask, 7 * rounds)) for name, ask in QUESTIONS.items()]
    goals = [Goal(f"{one.name}, median, seconds", one.median, LIMIT_SECONDS) for one in series]
    return Report("growth", series, goals, (f"a history of {RELEASES} releases on SQLite",))


async def grow(store: Store, count: int, builds: int) -> None:
    """Fill an empty history with ended releases of four services; the newest of them built, and failed to."""
    async with store.engine.begin() as connection:
        await connection.execute(releases.insert(), [_row(_past(number)) for number in range(count)])
        await connection.execute(events.insert(), [_built(number) for number in range(count - builds, count)])


def _row(past: Release) -> Mapping[str, Any]:
    moment = past.requested_at.isoformat(timespec="milliseconds")
    return {**asdict(past), "requested_at": moment, "finished_at": moment}


def _past(number: int) -> Release:
    return replace(
        release(number),
        service=f"service{number % 4}",
        requested_at=MORNING + timedelta(minutes=number),
        status=Status.FINISHED,
        outcome=list(Outcome)[number % len(Outcome)],
    )


def _built(number: int) -> Mapping[str, Any]:
    body = {"stage": "build", "status": "failed", "seconds": 1.0}
    return {"release": f"r{number}", "key": "left:build", "kind": "left", "body": body, "at": MORNING.isoformat()}


async def _times(store: Store, ask: Callable[[Store], Awaitable[Any]], count: int) -> tuple[float, ...]:
    times = []
    for _ in range(count):
        begun = time.perf_counter()
        await ask(store)
        times.append(time.perf_counter() - begun)
    return tuple(times)
