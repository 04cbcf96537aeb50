"""P18 after the lock: reminders until somebody takes care, RESOLVED, letters in the outbox; each once over restarts."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agents import events
from agents.entrypoints.export import export
from agents.entrypoints.incidents import OLD, Destinations, Incidents
from agents.entrypoints.replies import status_text
from agents.entrypoints.standing import standings, status_json
from agents.entrypoints.voice import terminal_voice
from agents.events import Event, dump
from config.escalation import EscalationSettings
from tests.contract.crews import configuration
from tests.contract.histories import address, release
from tests.unit.entrypoints.material import REPORT
from tools.history import Store, open_store
from tools.history.releases import Outcome

PLACE = ("observer", "production")
OWNERS = ("U0HANA", "U0MAX")
EVERY = timedelta(minutes=15)
SOON = timedelta(seconds=20)


@dataclass
class StoppedClock:
    """Moves only when told."""

    moment: datetime = datetime(2026, 2, 6, 12, 0, tzinfo=UTC)
    passed: float = 1000.0

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.passed

    async def sleep(self, duration: timedelta) -> None:
        self.forward(duration)

    def forward(self, duration: timedelta) -> None:
        self.moment += duration
        self.passed += duration.total_seconds()


@dataclass
class Duty:
    """A locked target, and whoever keeps its escalation."""

    directory: Path
    clock: StoppedClock = field(default_factory=StoppedClock)
    settings: EscalationSettings = field(default_factory=EscalationSettings)
    store: Store = field(init=False)
    incidents: Incidents = field(init=False)

    async def start(self) -> None:
        service = configuration().services["observer"].model_copy(update={"owners": OWNERS})
        self.store = await open_store(address(self.directory), self.clock)
        where = Destinations({"email": ("a@example.com", "b@example.com"), "webhook": ("webhook",)})
        self.incidents = Incidents(self.store, self.clock, self.settings, {"observer": service}, where)

    async def restart(self) -> None:
        await self.store.close()
        await self.start()

    async def looks(self) -> None:
        """Look as often as it takes until nothing is behind that is due."""
        for _ in range(4):
            self.clock.forward(timedelta(seconds=1))
            await self.incidents.follower.turn()

    async def later(self, duration: timedelta = EVERY) -> None:
        self.clock.forward(duration)
        await self.looks()

    async def locks(self, number: int = 1, *, announce: bool = True) -> str:
        one = await self.store.releases.open(replace(release(number), requested_at=self.clock.now()))
        failure = {"release": one.id, "version": one.version, "stage": "verify", "cause": "500"}
        before = await self.store.targets.get(*PLACE)
        await self.store.targets.fail(*PLACE, failure)
        if announce:
            await self.store.targets.lock(*PLACE, one.id)
        report = {**REPORT, **({"replaces": before.locked_by} if before.locked_by else {})}
        await self.reports(one.id, events.Escalated("locked", 3, report, announce))
        await self.store.releases.finish(one.id, Outcome.ROLLED_BACK, "500")
        return one.id

    async def succeeds(self, number: int, kind: str = "deploy") -> None:
        one = replace(release(number), kind=kind, requested_at=self.clock.now())
        await self.store.releases.open(one)
        self.clock.forward(timedelta(seconds=1))
        await self.store.releases.finish(one.id, Outcome.SUCCEEDED, "")
        await self.reports(one.id, events.Finished("succeeded", "", 1.0))

    async def reports(self, name: str, *happened: Event) -> None:
        for event in happened:
            await self.store.journal.record(name, event.key, event.KIND, dump(event))

    async def unlocked(self, name: str, person: str = "U0HANA") -> None:
        await self.store.targets.unlock(*PLACE)
        await self.reports(name, events.Unlocked(person))

    async def told(self, name: str, *kinds: type[Event]) -> list[Event]:
        wanted = {kind.KIND for kind in kinds}
        return [events.load(e.kind, e.body) for e in await self.store.journal.of(name) if e.kind in wanted]

    async def reminded(self, name: str) -> list[tuple[int, str]]:
        found = await self.told(name, events.Reminded)
        return [(one.number, one.person) for one in found if isinstance(one, events.Reminded)]

    async def resolved(self, name: str) -> tuple[str, str] | None:
        (*_, one) = [None, *await self.told(name, events.Resolved)]
        return (one.how, one.by) if isinstance(one, events.Resolved) else None

    async def letters(self) -> Sequence[str]:
        return [parcel.key for parcel in await self.store.outbox.open("email")]


@pytest.fixture
async def duty(tmp_path: Path) -> AsyncIterator[Duty]:
    one = Duty(tmp_path)
    await one.start()
    yield one
    await one.store.close()


async def test_p18_the_owners_are_reminded_in_turn_up_to_the_limit(duty: Duty) -> None:
    name = await duty.locks()
    await duty.looks()
    assert await duty.reminded(name) == []
    for _ in range(8):
        await duty.later()
    assert await duty.reminded(name) == [(1, "U0HANA"), (2, "U0MAX"), (3, "U0HANA"), (4, "U0MAX")]


async def test_p18_a_restart_neither_loses_nor_repeats_a_reminder_nor_makes_up_for_all(duty: Duty) -> None:
    name = await duty.locks()
    await duty.later(EVERY / 2)
    await duty.restart()
    await duty.later(EVERY / 2 + SOON)
    assert len(await duty.reminded(name)) == 1
    for _ in range(3):
        await duty.restart()
        await duty.looks()
    assert len(await duty.reminded(name)) == 1
    duty.clock.forward(timedelta(hours=10))
    await duty.restart()
    await duty.looks()
    assert len(await duty.reminded(name)) == 2


@pytest.mark.parametrize("how", ["acknowledged", "acknowledged and cut off", "unlocked", "a rollback"])
async def test_p18_reminders_stop_as_soon_as_somebody_takes_care(duty: Duty, how: str) -> None:
    name = await duty.locks()
    await duty.later()
    if how.startswith("acknowledged"):
        await duty.store.targets.acknowledge(*PLACE, "U0MAX")
        if how == "acknowledged":
            await duty.reports(name, events.Acknowledged("U0MAX"))
    elif how == "unlocked":
        await duty.unlocked(name)
    else:
        await duty.succeeds(2, "rollback")
    for _ in range(4):
        await duty.later()
    assert len(await duty.reminded(name)) == 1
    if how.startswith("acknowledged"):
        assert await duty.told(name, events.Acknowledged) == [events.Acknowledged("U0MAX")]
        assert await duty.resolved(name) is None


async def test_p18_no_reminders_are_wanted(duty: Duty) -> None:
    duty.settings = EscalationSettings(remind_at_most=0)
    await duty.restart()
    name = await duty.locks()
    await duty.later(timedelta(hours=5))
    assert await duty.reminded(name) == []


async def test_p18_a_person_who_unlocks_resolves_it_once(duty: Duty) -> None:
    name = await duty.locks()
    await duty.looks()
    await duty.unlocked(name)
    await duty.looks()
    await duty.succeeds(2)
    await duty.restart()
    await duty.looks()
    assert await duty.resolved(name) == ("unlocked", "U0HANA")
    assert len(await duty.told(name, events.Resolved)) == 1


async def test_p18_a_rollback_that_goes_well_resolves_it_though_it_stays_locked(duty: Duty) -> None:
    name = await duty.locks()
    await duty.looks()
    await duty.succeeds(2, "rollback")
    await duty.looks()
    assert await duty.resolved(name) == ("rollback", "r2")
    assert (await duty.store.targets.get(*PLACE)).locked_by == name
    await duty.unlocked(name)
    await duty.looks()
    assert await duty.resolved(name) == ("rollback", "r2")


async def test_p18_a_newer_escalation_takes_the_place_of_an_older_one(duty: Duty) -> None:
    older = await duty.locks(1)
    await duty.looks()
    newer = await duty.locks(2)
    await duty.looks()
    assert await duty.resolved(older) == ("replaced", newer)
    assert await duty.resolved(newer) is None
    await duty.later()
    assert (await duty.reminded(older), await duty.reminded(newer)) == ([], [(1, "U0HANA")])


async def test_p18_a_lock_that_is_gone_without_a_word_is_resolved_too(duty: Duty) -> None:
    name = await duty.locks()
    await duty.looks()
    await duty.store.targets.unlock(*PLACE)
    await duty.restart()
    await duty.looks()
    assert await duty.resolved(name) == ("unlocked", "")


async def test_p18_a_failure_under_a_lock_that_people_know_of_calls_nobody(duty: Duty) -> None:
    await duty.locks(1)
    quiet = await duty.locks(2, announce=False)
    await duty.later()
    assert await duty.told(quiet, events.Reminded, events.Resolved) == []
    assert all(key.startswith("r1/") for key in await duty.letters())


async def test_p18_each_occasion_is_put_into_the_outbox_once_for_each_address(duty: Duty) -> None:
    name = await duty.locks()
    await duty.looks()
    await duty.later()
    await duty.restart()
    await duty.looks()
    await duty.unlocked(name)
    await duty.looks()
    await duty.restart()
    await duty.looks()
    kept = await duty.store.outbox.open("email")
    assert [parcel.key for parcel in kept] == [
        f"{name}/{occasion}/email/{who}@example.com"
        for occasion in ("escalated", "reminded:1", "resolved")
        for who in ("a", "b")
    ]
    assert [parcel.body["subject"] for parcel in kept[::2]] == [
        "[shipmate] LOCKED: observer in production",
        "[shipmate] Still LOCKED: observer in production",
        "[shipmate] RESOLVED: observer in production",
    ]
    text = kept[0].body["text"]
    for fact in (
        *("observer in production is LOCKED", "Failed stage: verify", "Last good: v1.2.2", "ValueError: no"),
        *(
            "The handler raises for empty prices.",
            "/deploy unlock observer production",
            "/deploy acknowledge observer production",
        ),
    ):
        assert fact in text
    assert "RESOLVED: unlocked by" in kept[-1].body["text"]
    assert len(await duty.store.outbox.open("webhook")) == 3


async def test_p18_old_escalations_are_no_news_to_a_channel_that_is_new(duty: Duty) -> None:
    old = await duty.locks(1)
    await duty.unlocked(old)
    duty.clock.forward(OLD + timedelta(hours=1))
    still_open = await duty.locks(2)
    duty.clock.forward(OLD + timedelta(hours=1))
    await duty.looks()
    assert {key.split("/")[0] for key in await duty.letters()} == {still_open}
    assert await duty.resolved(old) is None


async def test_p18_status_and_export_tell_what_the_card_shows(duty: Duty) -> None:
    name = await duty.locks()
    await duty.later()
    await duty.store.targets.acknowledge(*PLACE, "U0MAX")
    await duty.reports(name, events.Acknowledged("U0MAX"))
    await duty.unlocked(name)
    await duty.looks()
    told = (await export(duty.store))["pipelines"][0]["escalation"]
    assert (told["level"], told["count"], told["called"], told["reminders"]) == ("locked", 3, True, 1)
    assert told["report"]["last_good"] == "v1.2.2"
    assert told["acknowledged"]["by"] == "U0MAX"
    assert (told["resolved"]["how"], told["resolved"]["by"]) == ("unlocked", "U0HANA")
    services = {"observer": configuration().services["observer"]}
    assert status_json(await standings(duty.store, services, *PLACE))["targets"][0]["escalation"] is None
    await duty.locks(2)
    (target,) = status_json(await standings(duty.store, services, *PLACE))["targets"]
    assert target["escalation"]["pipeline_id"] == "r2"
    shown = status_text(await standings(duty.store, services, *PLACE), terminal_voice())
    assert "last failure, in verify: observer on alpha answered 500" in shown
