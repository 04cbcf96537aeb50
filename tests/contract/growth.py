"""A history that has grown long, and what people look at in it all day."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from agents.entrypoints.goals import measured
from config.loading import load
from tests.contract.histories import MORNING, release
from tools.history import Store
from tools.history.releases import Outcome, Release, Status
from tools.history.tables import events, releases

SHIPPED = load(Path(__file__).parents[2] / "config/shipmate.yaml", {}).services
WITH_GOALS = {"service1": SHIPPED["observer"].model_copy(update={"goals": SHIPPED["astrago"].goals})}
QUESTIONS: Mapping[str, Callable[[Store], Awaitable[Any]]] = {
    "status": lambda store: store.releases.unfinished(),
    "status of a target": lambda store: store.releases.unfinished("service1", "production"),
    "list": lambda store: store.releases.recent(limit=50),
    "list of a target": lambda store: store.releases.recent("service1", "production", limit=50),
    "statistics": lambda store: store.releases.statistics(),
    "coverage of a target": lambda store: store.journal.in_succeeded("service1", "production", "suite-ran", 20),
    "warnings of a target": lambda store: store.journal.in_ended("service1", "production", "suite-ran", 20),
    "runs of a commit": lambda store: store.releases.of_commit("service1", "c" * 40),
    "goals of a service": lambda store: measured(store, WITH_GOALS),
    "statistics of a target": lambda store: store.releases.statistics("service1", "production"),
}


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
