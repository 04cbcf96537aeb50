"""Goals are measured from the journal, and told as reached or missed with their numbers."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from agents import events
from agents.entrypoints.goals import goals_json, goals_text, measured
from agents.entrypoints.voice import terminal_voice
from agents.events import Event, dump
from config.loading import load
from config.service import Goals, Service
from tests.contract.histories import address
from tests.unit.entrypoints.material import NOON, release
from tools.history import Store, open_store
from tools.history.releases import Outcome


class Times:
    """A clock that stands where a test puts it."""

    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> object:
        return self.at

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, duration: timedelta) -> None:
        self.at += duration


@pytest.fixture
def clock() -> Times:
    return Times()


@pytest.fixture
async def store(tmp_path: Path, clock: Times) -> AsyncIterator[Store]:
    opened = await open_store(address(tmp_path), clock)  # type: ignore[arg-type]
    yield opened
    await opened.close()


@pytest.fixture
def services() -> dict[str, Service]:
    loaded = load(Path(__file__).parents[2] / "config/shipmate.yaml", {}).services
    return {"astrago": loaded["astrago"], "observer": loaded["observer"]}


class Past:
    """Writes releases that ended."""

    def __init__(self, store: Store, clock: Times) -> None:
        self.store, self.clock, self.count = store, clock, 0

    async def tell(self, name: str, event: Event, seconds: float = 0) -> None:
        self.clock.at += timedelta(seconds=seconds)
        await self.store.journal.record(name, event.key, event.KIND, dump(event))

    async def release(
        self, outcome: Outcome, *, build: float = 60, sync: float = 30, wait: float = 3600, environment: str = "dev"
    ) -> None:
        """A release of one hour's wait for approval; the build, ten seconds, the wait, the sync, ten seconds."""
        self.count += 1
        name = f"r{self.count}"
        await self.store.releases.open(
            release(id=name, request=name, service="astrago", environment=environment, requested_at=self.clock.at)
        )
        await self.tell(name, events.Entered("analyze"))
        if outcome is Outcome.SKIPPED:
            await self._end(name, outcome)
            return
        failed = outcome is Outcome.FAILED
        if not failed:
            await self.tell(name, events.Built("core", "core:1", "sha256:1", 1, None, build), build)
        await self.tell(name, events.Left("build", "failed" if failed else "passed", build))
        if not failed:
            await self.tell(name, events.Asked("q", "d", 1, (), ""), 10)
            await self.tell(name, events.Decided("q", "approved", "U0HANA"), wait)
            await self.tell(name, events.Entered("deploy"))
            settled = outcome is Outcome.SUCCEEDED
            await self.tell(name, events.Synced("astrago-dev", "Synced", settled, sync), sync)
        await self._end(name, outcome)

    async def _end(self, name: str, outcome: Outcome) -> None:
        await self.tell(name, events.Finished(outcome, "", 1.0), 10)
        await self.store.releases.finish(name, outcome, "")


async def test_goals_are_told_as_reached_or_missed_with_numbers(
    store: Store, clock: Times, services: dict[str, Service]
) -> None:
    past = Past(store, clock)
    for _ in range(8):
        await past.release(Outcome.SUCCEEDED)
    await past.release(Outcome.SUCCEEDED, build=400, sync=100, environment="prod")
    await past.release(Outcome.ROLLED_BACK)
    await past.release(Outcome.FAILED)
    await past.release(Outcome.SKIPPED)
    told = goals_text(await measured(store, services), terminal_voice())
    assert told.strip().splitlines() == [
        "Goals of astrago:",
        "✗ missed: build within 5 min: 9 of 10, median 1 min, longest 6 min 40 s",
        "✓ reached: pipeline within 10 min: 9 of 9, median 1 min 50 s, longest 8 min 40 s",
        "✓ reached: sync within 2 min: 9 of 9, median 30 s, longest 1 min 40 s",
        "✗ missed: build success at least 95 %: 10 of 11, 91 %",
        "✗ missed: deploy success at least 99 %: 9 of 10, 90 %",
    ]
    assert goals_json(await measured(store, services, "astrago", "prod"))["astrago"][0] == {
        "goal": "build",
        "reached": False,
        "within_seconds": 300.0,
        "within": 0,
        "of": 1,
        "median_seconds": 400.0,
        "longest_seconds": 400.0,
    }


async def test_one_slow_release_in_many_is_no_missed_goal(
    store: Store, clock: Times, services: dict[str, Service]
) -> None:
    past = Past(store, clock)
    for number in range(20):
        await past.release(Outcome.SUCCEEDED, build=400 if number == 7 else 20)
    build = (await measured(store, services, "astrago"))["astrago"][0]
    assert build.reached
    await past.release(Outcome.SUCCEEDED, build=400)
    build = (await measured(store, services, "astrago"))["astrago"][0]
    assert not build.reached


async def test_what_nobody_measured_is_neither_reached_nor_missed(store: Store, services: dict[str, Service]) -> None:
    found = await measured(store, services)
    assert list(found) == ["astrago"]
    assert {goal.reached for goal in found["astrago"]} == {None}
    assert "- not measured yet: sync within 2 min" in goals_text(found, terminal_voice())
    told = goals_json(found)["astrago"]
    assert [one.get("median_seconds", one.get("percent")) for one in told] == [None] * 5
    assert not await measured(store, services, "observer")


async def test_only_the_goals_that_are_set_are_told(store: Store, services: dict[str, Service]) -> None:
    only = services["astrago"].model_copy(update={"goals": Goals(sync=timedelta(seconds=30))})
    assert [goal.name for goal in (await measured(store, {"astrago": only}))["astrago"]] == ["sync"]
