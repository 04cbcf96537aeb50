"""P18 further channels: each message once, in order, whatever is away; signed, without a secret, never redirected."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from secrets import token_hex
from typing import cast

import pytest
from pydantic import SecretStr

from agents import events
from agents.crew import Crew
from agents.entrypoints.courier import (
    EMAIL,
    LAST_TRY,
    LONGEST_PAUSE,
    TOO_OLD,
    WEBHOOK,
    Courier,
    couriers,
    destinations,
    email_sender,
    escalated_elsewhere,
    pause_after,
    webhook_sender,
)
from agents.events import Event, dump
from config.escalation import EmailSettings, EscalationSettings
from config.shipmate import Configuration, Credentials, Shipmate
from tests.contract.histories import history, release
from tests.contract.tools.test_mail import Desk, certificate, serving
from tests.emulators.loopback import Fault
from tests.emulators.receiver import Receiver
from tests.unit.entrypoints.material import REPORT
from tools.clock import SystemClock
from tools.errors import Denied, ToolError, Unreachable
from tools.history import Store
from tools.history.outbox import Parcel
from tools.hook import Busy, Hook
from tools.mail import Mail, Post
from tools.redaction import Redactor

__all__ = ["certificate"]
BODY = {"occasion": "escalation", "thread": "r1", "subject": "LOCKED", "text": "why", "facts": {"count": 3}}
LIMIT = timedelta(seconds=5)


class DiedHereError(BaseException):
    """The process died here: nothing catches this."""


class SettableClock(SystemClock):
    """The machine's clock, put forward."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self.ahead


@dataclass
class Line:
    """A channel that takes, or says why it does not."""

    troubles: dict[str, Exception] = field(default_factory=dict)
    """Address, or key of one message -> what happens to everything sent there."""
    taken: list[str] = field(default_factory=list)

    async def send(self, parcel: Parcel) -> None:
        for named in {parcel.address, parcel.key} & {*self.troubles}:
            raise self.troubles[named]
        self.taken.append(parcel.key)


@dataclass
class Office:
    """A store, a clock and a line."""

    store: Store
    clock: SettableClock = field(default_factory=SettableClock)
    line: Line = field(default_factory=Line)

    def courier(self) -> Courier:
        return Courier(EMAIL, self.store, self.clock, self.line.send)

    async def put(self, *keys: str, address: str = "a@example.com", thread: str = "r1") -> None:
        for key in keys:
            await self.store.outbox.put(key, EMAIL, address, {**BODY, "thread": thread})

    async def turns(self, courier: Courier, number: int = 1) -> None:
        for _ in range(number):
            await courier.turn()
            self.clock.ahead += LONGEST_PAUSE


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with history(tmp_path) as store:
        yield Office(store)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as one:
        yield one


def hook_of(receiver: Receiver, **changed: str) -> Hook:
    return Hook(changed.get("url", receiver.url), SecretStr(changed.get("secret", receiver.secret)), LIMIT)


async def test_p18_a_message_is_kept_once_and_sent_once_also_by_a_new_process(office: Office) -> None:
    await office.put("r1/escalated", "r1/reminded:1", "r1/escalated")
    await office.courier().turn()
    await office.courier().turn()
    await office.put("r1/escalated")
    await office.courier().turn()
    assert office.line.taken == ["r1/escalated", "r1/reminded:1"]


async def test_p18_what_cannot_be_sent_waits_longer_each_time_and_keeps_its_order(office: Office) -> None:
    await office.put("first", "second")
    await office.put("elsewhere", address="b@example.com")
    office.line.troubles["a@example.com"] = Unreachable("mail.example.com is away.")
    courier = office.courier()
    for _ in range(3):
        await courier.turn()
    assert office.line.taken == ["elsewhere"]
    first, second = await office.store.outbox.open(EMAIL)
    assert (first.attempts, second.attempts, first.note) == (1, 0, "mail.example.com is away.")
    office.line.troubles.clear()
    await courier.turn()
    assert office.line.taken == ["elsewhere"]
    office.clock.ahead = pause_after(0) + timedelta(seconds=1)
    await courier.turn()
    assert office.line.taken == ["elsewhere", "first", "second"]


async def test_p18_a_refused_address_does_not_silence_the_others(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    office.line.troubles["gone@example.com"] = Denied("550 no such user.", remedy="Check the recipients.")
    office.line.troubles["odd@example.com"] = ValueError("odd")
    for address in ("gone@example.com", "odd@example.com", "a@example.com"):
        await office.put(f"r1/{address}", address=address)
    await office.courier().turn()
    assert office.line.taken == ["r1/a@example.com"]
    assert "550 no such user. Check the recipients." in caplog.text


async def test_p18_one_message_that_is_refused_for_good_is_given_up_and_silences_nothing(
    receiver: Receiver, office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    for key in ("first", "second"):
        await office.store.outbox.put(key, WEBHOOK, WEBHOOK, BODY)
    receiver.faults.fail(413)
    send = webhook_sender(hook_of(receiver), Redactor(), office.clock)
    await Courier(WEBHOOK, office.store, office.clock, send).turn()
    assert len(receiver.taken) == 1
    assert await office.store.outbox.open(WEBHOOK) == ()
    assert [one.key for one in await office.store.outbox.given_up(WEBHOOK, TOO_OLD)] == ["first"]
    assert "first is given up: http://127.0.0.1 answered 413." in caplog.text


@pytest.mark.parametrize("trouble", [Denied("400"), Unreachable("500"), Busy("429", 60), ValueError("odd")])
async def test_p18_what_one_message_meets_keeps_back_its_own_thread_only(office: Office, trouble: Exception) -> None:
    office.line.troubles["first"] = trouble
    await office.put("first", "second")
    await office.put("third", "fourth", thread="r2")
    await office.turns(office.courier(), 2)
    assert office.line.taken == ["third", "fourth"]
    office.line.troubles.clear()
    await office.turns(office.courier())
    assert office.line.taken == ["third", "fourth", "first", "second"]


async def test_p18_what_shipmate_itself_cannot_send_is_given_up_after_a_few_attempts(office: Office) -> None:
    office.line.troubles["first"] = ValueError("odd")
    await office.put("first", "second")
    await office.turns(office.courier(), LAST_TRY)
    assert office.line.taken == ["second"]


async def test_p13_an_address_that_asks_for_a_pause_gets_it_for_every_message(office: Office) -> None:
    office.line.troubles["first"] = Busy("429", 90)
    await office.put("first")
    await office.put("other", thread="r2")
    courier = office.courier()
    for ahead, taken in ((0, []), (80, []), (91, ["other"])):
        office.clock.ahead = timedelta(seconds=ahead)
        await courier.turn()
        assert office.line.taken == taken


async def test_p18_what_is_too_old_is_given_up_and_the_log_says_so(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    office.line.troubles["a@example.com"] = Unreachable("away")
    await office.put("r1/escalated")
    office.clock.ahead = TOO_OLD + timedelta(hours=1)
    await office.courier().turn()
    assert await office.store.outbox.open(EMAIL) == ()
    assert "r1/escalated is given up: away" in caplog.text


def test_p18_pauses_grow_to_a_limit_and_obey_the_other_side() -> None:
    pauses = [pause_after(attempts) for attempts in range(40)]
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_PAUSE
    assert pause_after(0, 120) == timedelta(seconds=120)


async def test_p18_a_webhook_is_signed_and_the_same_message_has_the_same_key(
    receiver: Receiver, office: Office
) -> None:
    await office.store.outbox.put("r1/escalated/webhook", WEBHOOK, WEBHOOK, BODY)
    send = webhook_sender(hook_of(receiver), Redactor(), office.clock)
    await Courier(WEBHOOK, office.store, office.clock, send).turn()
    assert list(receiver.taken.values()) == [BODY]
    receiver.faults.lose_answers()
    with pytest.raises(Unreachable):
        await hook_of(receiver).send("k", BODY, office.clock.now())
    await hook_of(receiver).send("k", BODY, office.clock.now())
    assert len(receiver.deliveries) == 3
    assert len(receiver.taken) == 2
    assert receiver.refused == []


async def test_p18_a_wrong_secret_or_an_old_moment_is_refused_by_the_receiver(receiver: Receiver) -> None:
    clock = SettableClock()
    with pytest.raises(Denied, match="SHIPMATE_ESCALATION_SECRET"):
        await hook_of(receiver, secret=token_hex(16)).send("k", BODY, clock.now())
    with pytest.raises(Denied):
        await hook_of(receiver).send("k", BODY, clock.now() - timedelta(hours=1))
    assert receiver.refused == ["not signed by our secret", "old"]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_p18_a_redirect_is_not_followed(receiver: Receiver, status: int) -> None:
    elsewhere = {"Location": receiver.url.replace("escalations", "elsewhere")}
    receiver.faults.arm(Fault(status=status, headers=elsewhere))
    with pytest.raises(Denied, match="redirect"):
        await hook_of(receiver).send("k", BODY, SettableClock().now())
    assert receiver.visited == []


@pytest.mark.parametrize(("status", "retry_after", "seconds"), [(503, 0, 0.0), (429, 90, 90.0), (503, 99999, 600.0)])
async def test_p13_a_receiver_that_is_busy_is_asked_again_when_it_wants(
    receiver: Receiver, status: int, retry_after: int, seconds: float
) -> None:
    receiver.faults.fail(status, retry_after=retry_after)
    with pytest.raises(Unreachable) as told:
        await hook_of(receiver).send("k", BODY, SettableClock().now())
    assert getattr(told.value, "seconds", None) == seconds


async def test_p13_a_receiver_that_hangs_or_is_away_costs_its_limit_and_no_more(receiver: Receiver) -> None:
    receiver.faults.hang()
    hook = Hook(receiver.url, SecretStr(receiver.secret), timedelta(seconds=0.3))
    with pytest.raises(ToolError, match="did not answer within"):
        await hook.send("k", BODY, SettableClock().now())
    await receiver.down()
    with pytest.raises(Unreachable):
        await hook.send("k", BODY, SettableClock().now())


async def test_p16_nothing_is_posted_in_clear_beyond_this_machine(receiver: Receiver) -> None:
    token = token_hex(8)
    with pytest.raises(Denied, match="not encrypted") as told:
        await hook_of(receiver, url=f"http://hooks.example.com/{token}").send("k", BODY, SettableClock().now())
    assert token not in str(told.value)


async def test_p16_no_secret_leaves_by_letter_or_webhook(receiver: Receiver, office: Office) -> None:
    secret, sent = token_hex(16), list[Post]()

    class Letterbox(Mail):
        async def send(self, post: Post) -> None:
            sent.append(post)

    redactor = Redactor()
    redactor.register("KIS_API_KEY", secret)
    body = {**BODY, "subject": f"LOCKED {secret}", "text": f"key {secret}", "facts": {"log": [secret], secret: 1}}
    parcel = Parcel("k", EMAIL, "a@example.com", body, office.clock.now())
    await email_sender(Letterbox(EscalationSettings().email), redactor)(parcel)
    await webhook_sender(hook_of(receiver), redactor, office.clock)(parcel)
    assert secret not in json.dumps([sent[0].subject, sent[0].text, receiver.taken])
    assert "[redacted:KIS_API_KEY]" in sent[0].text


async def test_p18_a_dead_channel_holds_up_no_other(receiver: Receiver, office: Office) -> None:
    receiver.faults.hang(times=9)
    await office.store.outbox.put("r1/escalated/webhook", WEBHOOK, WEBHOOK, BODY)
    await office.put("r1/escalated/email")
    send = webhook_sender(hook_of(receiver), Redactor(), office.clock)
    stuck = asyncio.create_task(Courier(WEBHOOK, office.store, office.clock, send).run())
    await office.courier().turn()
    assert office.line.taken == ["r1/escalated/email"]
    stuck.cancel()
    await asyncio.gather(stuck, return_exceptions=True)


def test_p18_only_what_is_set_up_is_a_channel(caplog: pytest.LogCaptureFixture) -> None:
    hook = {"url": "https://hooks.example.com/x"}
    mail = {"host": "mail.example.com", "recipients": ["a@example.com", "b@example.com", "a@example.com"]}
    secret = Credentials(escalation_secret=SecretStr(token_hex(8)))
    whole = EscalationSettings.model_validate({"email": mail, "webhook": hook})
    assert list(destinations(EscalationSettings(), Credentials())) == []
    assert [*destinations(whole, secret)] == [
        (EMAIL, "a@example.com"),
        (EMAIL, "b@example.com"),
        (WEBHOOK, WEBHOOK),
    ]
    assert [channel for channel, _ in destinations(whole, Credentials())] == [EMAIL, EMAIL]
    assert "SHIPMATE_ESCALATION_SECRET is not set" in caplog.text


async def test_p18_each_channel_that_is_set_up_gets_a_courier(office: Office) -> None:
    settings = {"email": {"host": "mail.example.com"}, "webhook": {"url": "https://hooks.example.com/x"}}
    shipmate = Shipmate(services=Path(), workspace=Path(), escalation=EscalationSettings.model_validate(settings))
    credentials = Credentials(escalation_secret=SecretStr(token_hex(8)))
    whole = Configuration(path=Path(), shipmate=shipmate, services={}, credentials=credentials)
    assert [one.channel for one in couriers(whole, office.store, office.clock)] == [EMAIL, WEBHOOK]


@dataclass
class Watched:
    """What a bot needs of its crew to keep escalations."""

    store: Store
    clock: SettableClock


async def test_p18_a_lock_is_told_by_letter_and_webhook_and_so_is_its_end_over_a_restart(
    receiver: Receiver, office: Office, certificate: Path
) -> None:
    desk = Desk()
    one = await office.store.releases.open(replace(release(1), requested_at=office.clock.now()))
    await office.store.targets.lock(one.service, one.environment, one.id)
    await report(office.store, one.id, events.Escalated("locked", 3, REPORT))
    async with serving(desk, certificate) as mail:
        whole = settings(receiver, mail, desk)
        crew = cast("Crew", Watched(office.store, office.clock))
        async with escalated_elsewhere(crew, whole):
            await until(lambda: len(desk.taken) == 1 and len(receiver.taken) == 1)
        await office.store.targets.unlock(one.service, one.environment)
        await report(office.store, one.id, events.Unlocked("U0HANA"))
        for _ in range(2):
            async with escalated_elsewhere(crew, whole):
                await until(lambda: len(desk.taken) == 2 and len(receiver.taken) == 2)
    assert [letter["Subject"] for letter in desk.taken] == [
        "[shipmate] LOCKED: observer in production",
        "[shipmate] RESOLVED: observer in production",
    ]
    assert desk.taken[0]["References"] == desk.taken[1]["References"]
    first, second = receiver.taken.values()
    assert (first["occasion"], first["facts"]["count"], first["facts"]["service"]) == ("escalation", 3, "observer")
    assert (second["occasion"], second["facts"]["how"], second["facts"]["by"]) == ("resolution", "unlocked", "U0HANA")
    assert len(receiver.deliveries) == 2


async def test_p18_a_death_right_after_sending_repeats_the_message_under_its_key(
    receiver: Receiver, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await office.store.outbox.put("r1/escalated/webhook", WEBHOOK, WEBHOOK, BODY)
    send = webhook_sender(hook_of(receiver), Redactor(), office.clock)

    async def die(_key: str, _note: str = "") -> None:
        raise DiedHereError

    with monkeypatch.context() as dying:
        dying.setattr(office.store.outbox, "done", die)
        with pytest.raises(DiedHereError):
            await Courier(WEBHOOK, office.store, office.clock, send).turn()
    await Courier(WEBHOOK, office.store, office.clock, send).turn()
    assert len(receiver.deliveries) == 2
    assert len(receiver.taken) == 1
    assert await office.store.outbox.open(WEBHOOK) == ()


def settings(receiver: Receiver, mail: EmailSettings, desk: Desk) -> Configuration:
    hook = {"url": receiver.url, "timeout": "5s"}
    written = {"services": Path(), "workspace": Path(), "escalation": {"email": mail.model_dump(), "webhook": hook}}
    credentials = Credentials(
        smtp_username=desk.username,
        smtp_password=SecretStr(desk.password),
        escalation_secret=SecretStr(receiver.secret),
    )
    shipmate = Shipmate.model_validate(written)
    return Configuration(path=Path(), shipmate=shipmate, services={}, credentials=credentials)


async def report(store: Store, release_id: str, event: Event) -> None:
    await store.journal.record(release_id, event.key, event.KIND, dump(event))


async def until(true: Callable[[], bool]) -> None:
    """Look until it is as wanted."""
    async with asyncio.timeout(60):
        while not true():  # noqa: ASYNC110 - others change it
            await asyncio.sleep(0.02)
