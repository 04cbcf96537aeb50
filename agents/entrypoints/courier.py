"""The courier: takes what lies in the outbox to mail servers and web addresses, until it has arrived or is too old.

Each channel has a courier of its own, and nothing waits for one: a release neither knows nor cares.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from agents.crew import Crew
from agents.entrypoints.incidents import Destinations, Incidents
from config.escalation import EscalationSettings
from config.shipmate import Configuration, Credentials
from tools.clock import Clock
from tools.errors import Denied, TimedOut, ToolError, Unreachable, Unwanted
from tools.history import Store
from tools.history.outbox import Parcel
from tools.hook import Hook
from tools.mail import Mail, Post
from tools.redaction import Redactor
from tools.tasks import end

log = logging.getLogger(__name__)

EMAIL, WEBHOOK = "email", "webhook"
POLL_SECONDS = 1.0
FAREWELL = timedelta(seconds=3)
TOO_OLD = timedelta(days=2)
"""After this long a message is given up, and the log says so."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(minutes=10)
LAST_TRY = 5
"""So often a message is tried that Shipmate itself fails to send."""
Send = Callable[[Parcel], Awaitable[None]]


def pause_after(attempts: int, asked: float = 0) -> timedelta:
    """Wait longer after each failed attempt; longer still where the other side asks for it."""
    grown = timedelta(seconds=FIRST_PAUSE.total_seconds() * 2.0 ** min(attempts, 10))
    return max(min(grown, LONGEST_PAUSE), timedelta(seconds=asked))


@dataclass(slots=True)
class Courier:
    """One channel."""

    channel: str
    store: Store
    clock: Clock
    send: Send
    _troubled: str = ""
    """What the log was told last."""
    _resting: dict[str, datetime] = field(default_factory=dict)
    """Address -> until when it asked for a pause."""

    async def run(self) -> None:
        """Deliver until cancelled."""
        while True:
            try:
                await self.turn()
            except Exception:
                # whatever is wrong with the database, the next turn starts from the store again
                log.exception("%s: the outbox could not be looked at.", self.channel)
            await self.store.journal.wait(POLL_SECONDS)

    async def turn(self) -> None:
        """Try what is due. What must wait keeps back what follows in its thread, and nothing else.

        Where an address does not take one, the rest for it has its turn later: it may be the address.
        """
        threads: dict[tuple[str, str], list[Parcel]] = {}
        for parcel in await self.store.outbox.open(self.channel):
            threads.setdefault((parcel.address, parcel.thread), []).append(parcel)
        now = self.clock.now()
        away = {address for address, until in self._resting.items() if until > now}
        # by the moment and not by age: what failed before must not be the first again each time
        for (address, _), parcels in sorted(threads.items(), key=lambda thread: _due(thread[1][0])):
            if address not in away and not await self._took(parcels):
                away.add(address)

    async def _took(self, parcels: list[Parcel]) -> bool:
        """Send what is due of one thread, in order; False where their address may take nothing else, either."""
        for parcel in parcels:
            if _due(parcel) > self.clock.now():
                return True
            trouble = await self._trouble_with(parcel)
            if trouble:
                return not isinstance(trouble, Denied | Unreachable | TimedOut)
        return True

    async def _trouble_with(self, parcel: Parcel) -> ToolError | None:
        """Try once; tell why it is to be tried again, where it is."""
        try:
            await self.send(parcel)
        except ToolError as error:
            return await self._missed(parcel, error)
        except Exception as error:
            # a message that cannot be sent at all must neither silence the others nor be tried every second
            log.exception("%s: %s cannot be sent.", self.channel, parcel.key)
            kind = Unwanted if parcel.attempts + 1 >= LAST_TRY else ToolError
            return await self._missed(parcel, kind(f"Shipmate failed ({type(error).__name__})."))
        await self.store.outbox.done(parcel.key)
        self._troubled = ""
        return None

    async def _missed(self, parcel: Parcel, error: ToolError) -> ToolError | None:
        told, now = str(error), self.clock.now()
        if isinstance(error, Unwanted) or now - parcel.at > TOO_OLD:
            log.error("%s: %s is given up: %s", self.channel, parcel.key, told)
            await self.store.outbox.give_up(parcel.key, told)
            return None
        asked = getattr(error, "seconds", 0)
        pause = pause_after(parcel.attempts, asked)
        if told != self._troubled:
            log.warning("%s: %s waits %.0f s: %s", self.channel, parcel.key, pause.total_seconds(), told)
            self._troubled = told
        self._resting[parcel.address] = now + timedelta(seconds=asked)
        await self.store.outbox.missed(parcel.key, now + pause, told)
        return error


def _due(parcel: Parcel) -> datetime:
    return parcel.due_at or parcel.at


def email_sender(mail: Mail, redactor: Redactor) -> Send:
    """Make what turns a parcel into a letter without a secret in it."""

    async def send(parcel: Parcel) -> None:
        subject, text = (redactor.outgoing(str(parcel.body[name])) for name in ("subject", "text"))
        thread = f"{parcel.body['thread']}/{parcel.address}"
        await mail.send(Post(parcel.key, thread, parcel.address, subject, text, parcel.at))

    return send


def webhook_sender(hook: Hook, redactor: Redactor, clock: Clock) -> Send:
    """Make what turns a parcel into a signed document without a secret in it."""

    async def send(parcel: Parcel) -> None:
        await hook.send(parcel.key, redactor.outgoing_values(parcel.body, keys=True), clock.now())

    return send


def destinations(settings: EscalationSettings, credentials: Credentials) -> Destinations:
    """Tell where escalations go beside Slack; a webhook without a secret to sign with is none."""
    addresses: dict[str, tuple[str, ...]] = {}
    if settings.email.host and settings.email.recipients:
        addresses[EMAIL] = tuple(dict.fromkeys(settings.email.recipients))
    if settings.webhook.url and credentials.escalation_secret:
        addresses[WEBHOOK] = (WEBHOOK,)
    elif settings.webhook.url:
        log.warning("escalation.webhook: nothing is sent, because SHIPMATE_ESCALATION_SECRET is not set.")
    return Destinations(addresses)


def couriers(configuration: Configuration, store: Store, clock: Clock) -> tuple[Courier, ...]:
    """Make a courier for each channel that is set up."""
    settings, credentials = configuration.shipmate.escalation, configuration.credentials
    redactor, found = store.redactor, list[Courier]()
    if settings.email.host:
        mail = Mail(settings.email, credentials.smtp_username, credentials.smtp_password)
        found.append(Courier(EMAIL, store, clock, email_sender(mail, redactor)))
    if settings.webhook.url and credentials.escalation_secret:
        hook = Hook(settings.webhook.url, credentials.escalation_secret, settings.webhook.timeout)
        found.append(Courier(WEBHOOK, store, clock, webhook_sender(hook, redactor, clock)))
    return tuple(found)


@asynccontextmanager
async def escalated_elsewhere(crew: Crew, configuration: Configuration) -> AsyncIterator[None]:
    """Keep escalations meanwhile: reminders, resolutions, letters and webhooks; at the end for a few seconds more."""
    settings = configuration.shipmate.escalation
    where = destinations(settings, configuration.credentials)
    incidents = Incidents(crew.store, crew.clock, settings, configuration.services, where)
    channels = couriers(configuration, crew.store, crew.clock)
    async with AsyncExitStack() as stack:
        for work in (incidents.follower.run, *(one.run for one in channels)):
            stack.push_async_callback(end, [asyncio.create_task(work())])
        yield
    with suppress(TimeoutError):
        async with asyncio.timeout(FAREWELL.total_seconds()):
            await incidents.follower.turn()
            await asyncio.gather(*(one.turn() for one in channels))
