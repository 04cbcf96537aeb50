"""The doors with everything real around them but the crew: Slack's own library, a real store, an emulated Slack."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path, PurePosixPath

from pydantic import SecretStr

from agents import events
from agents.answers import Accepted, Answer, Order, Person, Refusal, Wish
from agents.entrypoints.door import people
from agents.entrypoints.feed import Feed, Places
from agents.entrypoints.incidents import Incidents
from agents.entrypoints.pace import Limit, Pace
from agents.entrypoints.pictures import Pictures
from agents.entrypoints.posting import Poster
from agents.entrypoints.slack import Slack, open_slack
from agents.entrypoints.voice import slack_voice
from agents.events import Event, dump
from config.contracts import Health, Probe
from config.service import ApprovalPolicy, Environment, Service
from config.shipmate import Configuration, Credentials, Shipmate, SlackSettings
from config.sources import Component, Repository
from config.targets import ComposeTarget, HostSettings
from guardrails.plan import digest
from tests.emulators.slack import Message, SlackEmulator
from tests.unit.entrypoints.material import LOCKED, plan, planned, stage
from tools.clock import SystemClock
from tools.history import Store, open_store
from tools.history.locks import Lock
from tools.history.releases import Outcome, Release, Status

RELEASES, ON_CALL = "C0REL", "C0ONCALL"


def configuration(slack: SlackEmulator, **settings: str | None) -> Configuration:
    """One service in one environment that hana and max may approve."""
    environment = Environment(
        target=ComposeTarget(hosts=(HostSettings(name="alpha"),), directory=PurePosixPath("/srv/observer")),
        approval=ApprovalPolicy(approvers=("U0HANA", "U0MAX")),
        health=Health(probe=Probe(url="http://127.0.0.1:8000/health")),
    )
    observer = Service(
        service="observer",
        repository=Repository.model_construct(url="https://example.com/observer.git"),
        components={"observer": Component(image="ghcr.io/acme/observer")},
        environments={"production": environment, "staging": environment},
        owners=("U0ANA",),
    )
    places: dict[str, str | None] = {"releases_channel": RELEASES, "escalation_channel": ON_CALL, **settings}
    return Configuration(
        path=Path("config/shipmate.yaml"),
        shipmate=Shipmate(slack=SlackSettings.model_validate(places)),
        services={"observer": observer},
        credentials=Credentials(
            slack_bot_token=SecretStr(slack.bot_token),
            slack_app_token=SecretStr(slack.app_token),
            slack_api_url=slack.url,
        ),
    )


@dataclass
class Crew:
    """A crew that only writes down what it is told; tests say what happens to releases."""

    configuration: Configuration
    store: Store
    clock: SystemClock

    async def open(self, order: Order) -> Answer:
        target = await self.store.targets.get(order.service, order.environment)
        if target.locked_at and order.kind == "deploy":
            return Refusal("locked", "It takes no releases now.", f"unlock {order.service}")
        now = self.clock.now()
        suffix = hashlib.sha256(order.key.encode()).hexdigest()[:7]
        release = await self.store.releases.open(
            Release(
                id=f"{now:%Y%m%d-%H%M%S}-{suffix}",
                request=order.key,
                kind=order.kind,
                service=order.service,
                environment=order.environment,
                version=order.version,
                trigger=order.trigger,
                requested_by=order.person.id,
                origin={
                    "channel": order.origin.channel,
                    "thread": order.origin.thread,
                    "break_glass": order.break_glass,
                },
                requested_at=now,
                status=Status.RUNNING,
                stage="",
                finished_at=None,
                outcome=None,
                cause="",
                commit="",
                from_version="",
                cancelled_by=None,
            )
        )
        opened = events.Opened(order.kind, order.service, order.environment, order.version, order.person.id)
        await self.report(release.id, opened)
        return Accepted(release.id)

    async def decide(self, release_id: str, digest: str, person: Person, choice: str, reason: str = "") -> Answer:
        question = await self.store.decisions.latest(release_id)
        if question is None or question.digest != digest:
            return Refusal("superseded", "This card shows an old plan.", "status observer")
        if person.id not in ("U0HANA", "U0MAX"):
            return Refusal("not-an-approver", "Approvers of observer: U0HANA, U0MAX.", "status observer")
        if not await self.store.decisions.decide(question.id, choice, person.id, reason):
            return Refusal("already-decided", "The decision has fallen already.", "status observer")
        await self.report(release_id, events.Decided(question.id, choice, person.id, reason))
        return Accepted(release_id, choice)

    async def cancel(self, release_id: str, person: Person) -> Answer:
        if not await self.store.releases.cancel(release_id, person.id):
            return Refusal("already-cancelled", "It was cancelled before.", "status")
        await self.finish(release_id, Outcome.CANCELLED, f"cancelled by {person.id}")
        return Accepted(release_id)

    async def lock(self, wish: Wish, person: Person) -> Answer:
        now = self.clock.now()
        until = now + timedelta(seconds=wish.seconds) if wish.seconds else None
        place = (wish.service, wish.environment)
        lock = Lock(f"lock-{wish.key}", *place, person.id, wish.reason, now, until, wish.channel)
        await self.store.locks.set(lock)
        return Accepted("", f"{wish.service} in {wish.environment} is locked by {person.id}.")

    async def take_over(self, service: str, environment: str, person: Person) -> Answer:
        return Refusal("nothing-runs", f"Nothing runs there, {person.id}.", f"status {service} {environment}")

    async def unlock(self, service: str, environment: str, person: Person) -> Answer:
        lock = await self.store.locks.of(service, environment)
        if lock and await self.store.locks.lift(lock, person.id):
            return Accepted("", f"{service} in {environment} takes releases again.")
        target = await self.store.targets.get(service, environment)
        if not await self.store.targets.unlock(service, environment):
            return Refusal("not-locked", "It is not locked.", "status observer")
        await self.report(str(target.locked_by), events.Unlocked(person.id))
        return Accepted(str(target.locked_by))

    async def acknowledge(self, service: str, environment: str, person: Person) -> Answer:
        target = await self.store.targets.get(service, environment)
        if not await self.store.targets.acknowledge(service, environment, person.id):
            return Refusal("not-open", "Somebody takes care already.", "status observer")
        await self.report(str(target.locked_by), events.Acknowledged(person.id))
        return Accepted(str(target.locked_by))

    async def review(self, service: str, environment: str, person: Person, note: str) -> Answer:
        owed = next(iter(await self.store.reviews.owed(service, environment)), None)
        if owed is None or not await self.store.reviews.give(owed.release, person.id, note):
            return Refusal("no-review-owed", "No review is owed.", "status observer")
        await self.report(owed.release, events.Reviewed(person.id, note))
        return Accepted(owed.release, "It is reviewed.")

    async def report(self, release_id: str, *happened: Event) -> None:
        for event in happened:
            await self.store.journal.record(release_id, event.key, event.KIND, dump(event))

    async def ask(self, release_id: str, version: str = "v1.2.3") -> str:
        """Bring a release to its question; returns the plan's digest."""
        drawn = replace(plan(), version=version)
        question = f"{release_id}/{digest(drawn)[:12]}"
        expires = self.clock.now() + timedelta(minutes=30)
        await self.report(release_id, *stage("analyze"), *stage("test"), *stage("build"), *stage("plan"))
        await self.store.decisions.ask(question, release_id, digest(drawn), expires)
        asked = events.Asked(question, digest(drawn), 1, ("U0HANA", "U0MAX"), expires.isoformat())
        await self.report(release_id, planned(drawn), asked, events.Entered("approve"))
        await self.store.releases.change(release_id, status=Status.WAITING)
        return digest(drawn)

    async def finish(self, release_id: str, outcome: Outcome, cause: str = "") -> None:
        await self.report(release_id, events.Finished(outcome, cause, 12.0))
        await self.store.releases.finish(release_id, outcome, cause)

    async def breaks(self, release_id: str) -> None:
        """End a release as the failure that locks its target."""
        failure = {"release": release_id, "version": "v1.2.3", "stage": "verify", "cause": "500"}
        await self.store.targets.fail("observer", "production", failure)
        await self.store.targets.lock("observer", "production", release_id)
        await self.report(release_id, *stage("verify", "failed"), *stage("roll_back"), LOCKED)
        await self.finish(release_id, Outcome.ROLLED_BACK, "observer on alpha answered 500")


@dataclass
class House:
    """One bot in one workspace."""

    emulator: SlackEmulator
    store: Store
    crew: Crew
    slack: Slack
    feed: Feed

    async def asks(self, text: str = "/deploy observer v1.2.3", person: str = "U0ANA") -> str:
        """Type a command and return the reply that only this person sees."""
        before = len(self.emulator.ephemerals(person))
        self.emulator.types(person, RELEASES, text)
        await self.emulator.until(lambda: len(self.emulator.ephemerals(person)) > before)
        return self.emulator.shows(self.emulator.ephemerals(person)[-1])

    async def clicks(self, person: str, button: str, message: Message, *, stale: bool = False) -> str:
        """Press a button and return the reply that only this person sees."""
        before = len(self.emulator.ephemerals(person))
        self.emulator.clicks(person, button, message, stale=stale)
        await self.emulator.until(lambda: len(self.emulator.ephemerals(person)) > before)
        return self.emulator.shows(self.emulator.ephemerals(person)[-1])

    async def rejects(self, person: str, message: Message, reason: str = "", *, stale: bool = False) -> str:
        """Press Reject, say why in the dialog, and return the reply that only this person sees."""
        before = len(self.emulator.ephemerals(person))
        self.emulator.clicks(person, "Reject", message, stale=stale)
        await self.emulator.until(lambda: self.emulator.view(person) is not None)
        self.emulator.submits(person, {"reason": reason})
        await self.emulator.until(lambda: len(self.emulator.ephemerals(person)) > before)
        return self.emulator.shows(self.emulator.ephemerals(person)[-1])

    async def shown(self) -> None:
        """Wait until Slack shows what the store says."""
        assert await self.feed.caught_up(timedelta(seconds=90)), self.emulator.transcript()

    async def release(self) -> Release:
        """Return the newest release."""
        return (await self.store.releases.recent(limit=1))[0]

    def cards(self, channel: str = RELEASES) -> list[Message]:
        """List the bot's own messages in a channel, without threads."""
        return [m for m in self.emulator.messages(channel) if m.thread_ts is None and m.author == "U0SHIPMATE"]

    def thread(self, message: Message) -> str:
        """Show what is told below a message."""
        return "\n".join(self.emulator.shows(one) for one in self.emulator.thread(message.ts))


@asynccontextmanager
async def living_in(
    emulator: SlackEmulator, database: Path, pace: Pace | None = None, **settings: str | None
) -> AsyncIterator[House]:
    """Open the doors, with the feed running, and close them again."""
    clock = SystemClock()
    declared = configuration(emulator, **settings)
    store = await open_store(f"sqlite:///{database}", clock)
    crew = Crew(declared, store, clock)
    slack = await open_slack(crew, declared)
    places = Places(declared.shipmate.slack.releases_channel, declared.shipmate.slack.escalation_channel)
    poster = Poster(store.messages, slack.board, clock, timedelta(milliseconds=20), pace or Pace({}, Limit(1000, 1)))
    pictures = Pictures(poster, slack.pictures, timedelta(milliseconds=20))
    feed = Feed(store, poster, slack_voice("/deploy", people(declared)), places, lambda _: ("U0ANA",), pictures)
    incidents = Incidents(store, clock, declared.shipmate.escalation, declared.services)
    writing = [asyncio.create_task(feed.run()), asyncio.create_task(incidents.follower.run())]
    try:
        yield House(emulator, store, crew, slack, feed)
    finally:
        for task in writing:
            task.cancel()
        await asyncio.gather(*writing, return_exceptions=True)
        await slack.close()
        await store.close()
