"""P12 all hosts or none: a host that was away at the rollback is settled when it answers again, over any restart."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from agents import events
from agents.destinations.port import Back
from agents.entrypoints.voice import terminal_voice
from agents.entrypoints.words import sentence
from agents.events import Event, Returned, RolledBack, dump
from agents.returning import ATTEMPTS, Returning
from agents.tenure import Tenure
from agents.toolbox import Toolbox
from guardrails.plan import Plan, PlannedStep, digest, to_json
from tests.contract.histories import address, release
from tests.contract.test_incidents import StoppedClock
from tests.unit.agents.test_draft import drawn
from tools.errors import Unreachable
from tools.history import Store, open_store
from tools.history.releases import Outcome, Release, Status

PLACE = ("observer", "production")


@dataclass
class Fleet:
    """Two hosts, what was done to them, and a bot that may be restarted."""

    directory: Path
    clock: StoppedClock = field(default_factory=StoppedClock)
    up: set[str] = field(default_factory=lambda: {"web-1"})
    well: bool | None = True
    done: list[tuple[str, str]] = field(default_factory=list)
    astray_now: dict[str, str] = field(default_factory=dict)
    store: Store = field(init=False)
    returning: Returning = field(init=False)

    async def start(self) -> None:
        self.store = await open_store(address(self.directory), self.clock)
        await self.store.leases.bury()
        tenure = Tenure(self.store, self.clock)
        self.returning = Returning(self.store, self.clock, self.equip, tenure, lambda *place: place == PLACE)

    async def restart(self) -> None:
        await self.store.close()
        await self.start()

    async def equip(self, one: Release) -> Toolbox:
        servers = {name: SimpleNamespace(host=SimpleNamespace(run=self.answers(name))) for name in ("web-1", "web-2")}
        unused: Any = None
        return Toolbox(
            release_id=one.id,
            service=unused,
            environment_name="production",
            failures=unused,
            workspace=unused,
            store=self.store,
            clock=self.clock,
            redactor=unused,
            repository=unused,
            images=unused,
            registry=unused,
            scanner=unused,
            servers=cast("Any", servers),
            github=None,
            narrator=None,
        )

    def answers(self, name: str) -> Any:
        async def run(*_: object, **__: object) -> Any:
            if name not in self.up:
                raise Unreachable(f"{name} is away.")
            return SimpleNamespace(ok=True)

        return run

    async def put_back(self, _: Plan, steps: Sequence[PlannedStep]) -> list[Back]:
        self.done += [(step.component, step.place) for step in steps]
        return [Back(self.well, "" if self.well else "it does not answer") for _ in steps]

    async def astray(self) -> dict[str, str]:
        return self.astray_now

    async def in_doubt(self, *away: tuple[str, str], number: int = 1) -> str:
        """Leave a release behind that could not put everything back."""
        one = await self.released(number, Outcome.IN_DOUBT)
        plan = drawn()
        await self.store.decisions.save_plan(one.id, digest(plan), to_json(plan))
        for step in plan.steps:
            lost = (step.component, step.place) in away
            event = RolledBack(step.component, step.place, "v1.2.2", not lost, 1.0, away=lost)
            await self.store.journal.record(one.id, event.key, event.KIND, dump(event))
        return one.id

    async def released(self, number: int, outcome: Outcome | None, stage: str = "deploy") -> Release:
        one = replace(release(number), requested_at=self.clock.now(), stage=stage, status=Status.RUNNING)
        opened = await self.store.releases.open(one)
        if outcome:
            await self.store.releases.finish(opened.id, outcome, "")
        self.clock.passed += 1
        return opened

    async def looks(self, times: int = 1) -> None:
        for _ in range(times):
            self.clock.passed += 120
            await self.returning.turn()

    async def told(self, name: str) -> list[Event]:
        entries = await self.store.journal.of(name)
        return [events.load(entry.kind, entry.body) for entry in entries if entry.kind == Returned.KIND]


@pytest.fixture
async def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Fleet]:
    one = Fleet(tmp_path)
    destination = SimpleNamespace(put_back=one.put_back, astray=one.astray)
    monkeypatch.setattr("agents.returning.destination_of", lambda _: destination)
    await one.start()
    yield one
    await one.store.close()


BOTH = (("api", "web-2"), ("worker", "web-2"))


async def test_p12_a_host_that_answers_again_is_put_back_once_newest_first_and_told(fleet: Fleet) -> None:
    name = await fleet.in_doubt(*BOTH)
    await fleet.looks(3)
    assert fleet.done == []
    await fleet.restart()
    fleet.up.add("web-2")
    await fleet.looks()
    assert fleet.done == [("worker", "web-2"), ("api", "web-2")]
    await fleet.looks(3)
    await fleet.restart()
    await fleet.looks(3)
    assert len(fleet.done) == len(BOTH)
    told = [sentence(event, terminal_voice()) for event in await fleet.told(name)]
    assert told[1].startswith("web-2 answers again: api was put back to v1.2.2 there, healthy")
    assert "the lock may be taken off" in told[1]
    assert await fleet.store.leases.of(*PLACE) is None


async def test_p12_the_lock_is_to_stay_as_long_as_anything_is_not_as_recorded(fleet: Fleet) -> None:
    name = await fleet.in_doubt(("api", "web-1"), ("api", "web-2"))
    fleet.astray_now = {"api": "web-2"}
    await fleet.looks()
    (event,) = await fleet.told(name)
    assert "Leave the lock on: not as recorded yet: api on web-2." in sentence(event, terminal_voice())
    assert fleet.done == [("api", "web-1")]


@pytest.mark.parametrize("newer", [Outcome.SUCCEEDED, Outcome.ROLLED_BACK, Outcome.IN_DOUBT, None])
async def test_p12_a_newer_release_that_has_moved_wins(fleet: Fleet, newer: Outcome | None) -> None:
    await fleet.in_doubt(*BOTH)
    await fleet.released(2, newer)
    fleet.up.add("web-2")
    await fleet.looks(2)
    assert fleet.done == []


async def test_p12_a_newer_release_that_touched_nothing_does_not_keep_a_host_as_it_is(fleet: Fleet) -> None:
    await fleet.in_doubt(*BOTH)
    await fleet.released(2, Outcome.FAILED)
    await fleet.released(3, None, stage="build")
    fleet.up.add("web-2")
    await fleet.looks()
    assert len(fleet.done) == len(BOTH)


@pytest.mark.parametrize("ended", [Outcome.CANCELLED, Outcome.REFUSED, Outcome.FAILED])
async def test_p12_a_newer_release_that_was_about_to_move_and_touched_nothing_only_puts_the_host_off(
    fleet: Fleet, ended: Outcome
) -> None:
    await fleet.in_doubt(*BOTH)
    fleet.up.add("web-2")
    moving = await fleet.released(2, None)
    await fleet.looks(2)
    assert fleet.done == []
    await fleet.store.releases.finish(moving.id, ended, "")
    await fleet.looks()
    assert len(fleet.done) == len(BOTH)


async def test_p12_a_target_that_is_at_work_is_left_alone_until_it_is_free(fleet: Fleet) -> None:
    await fleet.in_doubt(*BOTH)
    fleet.up.add("web-2")
    await fleet.store.leases.take(*PLACE, "r2", "another run")
    await fleet.looks(2)
    assert fleet.done == []
    await fleet.store.leases.bury()
    await fleet.looks()
    assert len(fleet.done) == len(BOTH)


async def test_p12_a_host_that_answers_and_cannot_be_put_back_is_given_up_and_told(fleet: Fleet) -> None:
    name = await fleet.in_doubt(("api", "web-2"))
    fleet.up.add("web-2")
    fleet.well = False
    await fleet.looks(ATTEMPTS - 1)
    assert await fleet.told(name) == []
    await fleet.looks(5)
    (event,) = await fleet.told(name)
    assert "could NOT be brought back to v1.2.2. it does not answer Leave the lock on" in sentence(
        event, terminal_voice()
    )
    assert len(fleet.done) == ATTEMPTS


async def test_p12_a_host_that_goes_away_again_meanwhile_is_waited_for(fleet: Fleet) -> None:
    name = await fleet.in_doubt(("api", "web-2"))
    fleet.up.add("web-2")
    fleet.well = None
    await fleet.looks(ATTEMPTS + 1)
    assert await fleet.told(name) == []
    fleet.well = True
    await fleet.looks()
    assert len(await fleet.told(name)) == 1


async def test_p12_what_did_not_fail_for_want_of_a_host_is_left_to_people(fleet: Fleet) -> None:
    await fleet.in_doubt()
    fleet.up.add("web-2")
    await fleet.looks(2)
    assert fleet.done == []
