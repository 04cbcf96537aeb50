"""The crew of another process: a terminal hands its calls to the running bot through the durable queue.

The bot's database belongs to one process. A terminal that finds it taken puts
each call into the queue and waits for the answer; the calls and answers are the
crew's own. A call that nobody has answered in time is taken back, and carries its
limit with it: a bot that comes later does not carry out what nobody waits for.
"""

import asyncio
import json
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from dbos import DBOSClient, EnqueueOptions, WorkflowStatus
from pydantic import TypeAdapter

from agents.answers import Accepted, Answer, Order, Person, Refusal, Wish
from agents.segments import APPLICATION, REQUESTS, VERSION
from config.shipmate import Configuration
from tools.clock import Clock, SystemClock
from tools.errors import CommandFailed, TimedOut, ToolError
from tools.history import Store
from tools.redaction import Redactor

ANSWER_WITHIN = timedelta(seconds=30)
NOT_DONE = "The request was taken back; nothing was done."
IN_DOUBT = "It had begun with the request; nobody knows how far it came."
_LOOK_AGAIN = timedelta(milliseconds=100)
_UNANSWERED = frozenset({"ENQUEUED", "PENDING", "DELAYED"})


class CrewCalls(Protocol):
    """What can be asked of a crew, near or far."""

    @property
    def configuration(self) -> Configuration:
        """What the operator declared."""
        ...

    @property
    def store(self) -> Store:
        """What happened so far."""
        ...

    async def open(self, order: Order) -> Answer:
        """Take an order."""
        ...

    async def decide(self, release_id: str, digest: str, person: Person, choice: str, reason: str = "") -> Answer:
        """Count one person's answer to a plan."""
        ...

    async def cancel(self, release_id: str, person: Person) -> Answer:
        """Stop a release."""
        ...

    async def lock(self, wish: Wish, person: Person) -> Answer:
        """Lock a target."""
        ...

    async def take_over(self, service: str, environment: str, person: Person) -> Answer:
        """Cut off a run that hangs."""
        ...

    async def unlock(self, service: str, environment: str, person: Person) -> Answer:
        """Release a locked target."""
        ...

    async def acknowledge(self, service: str, environment: str, person: Person) -> Answer:
        """Note who takes care of a locked target."""
        ...

    async def review(self, service: str, environment: str, person: Person, note: str) -> Answer:
        """Take the review of what was released without an approval."""
        ...


CALLS = frozenset({"open", "decide", "cancel", "lock", "take_over", "unlock", "acknowledge", "review"})
_ORDER = TypeAdapter(Order)
_PERSON = TypeAdapter(Person)
_WISH = TypeAdapter(Wish)


async def perform(crew: CrewCalls, call: str, arguments: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Carry out a call that came through the queue, unless its caller has given up by now."""
    values = dict(arguments)
    if now >= datetime.fromisoformat(values.pop("until")):
        late = Refusal("too-late", "Nobody waits for the answer any more; nothing was done.", "status")
        return {"accepted": False, **asdict(late)}
    if "person" in values:
        values["person"] = _PERSON.validate_python(values["person"])
    if "order" in values:
        values["order"] = _ORDER.validate_python(values["order"])
    if "wish" in values:
        values["wish"] = _WISH.validate_python(values["wish"])
    if call not in CALLS:
        raise LookupError(call)
    answer: Answer = await getattr(crew, call)(**values)
    return {"accepted": isinstance(answer, Accepted), **asdict(answer)}


@dataclass(frozen=True, slots=True)
class RemoteCrew:
    """A crew that runs in another process on this machine."""

    configuration: Configuration
    store: Store
    runs: str
    """Database of the wake-ups."""
    clock: Clock = field(default_factory=SystemClock)
    answer_within: timedelta = ANSWER_WITHIN
    redactor: Redactor = field(default_factory=Redactor)
    """What a call says is written down on its way."""

    async def open(self, order: Order) -> Answer:
        """Take an order."""
        return await self._call("open", order=asdict(order))

    async def decide(self, release_id: str, digest: str, person: Person, choice: str, reason: str = "") -> Answer:
        """Count one person's answer to a plan."""
        arguments = {"release_id": release_id, "digest": digest, "choice": choice, "reason": reason}
        return await self._call("decide", **arguments, person=asdict(person))

    async def cancel(self, release_id: str, person: Person) -> Answer:
        """Stop a release."""
        return await self._call("cancel", release_id=release_id, person=asdict(person))

    async def lock(self, wish: Wish, person: Person) -> Answer:
        """Lock a target."""
        return await self._call("lock", wish=asdict(wish), person=asdict(person))

    async def take_over(self, service: str, environment: str, person: Person) -> Answer:
        """Cut off a run that hangs."""
        where = {"service": service, "environment": environment}
        return await self._call("take_over", **where, person=asdict(person))

    async def unlock(self, service: str, environment: str, person: Person) -> Answer:
        """Release a locked target."""
        where = {"service": service, "environment": environment}
        return await self._call("unlock", **where, person=asdict(person))

    async def acknowledge(self, service: str, environment: str, person: Person) -> Answer:
        """Note who takes care of a locked target."""
        where = {"service": service, "environment": environment}
        return await self._call("acknowledge", **where, person=asdict(person))

    async def review(self, service: str, environment: str, person: Person, note: str) -> Answer:
        """Take the review of what was released without an approval."""
        where = {"service": service, "environment": environment}
        return await self._call("review", **where, note=note, person=asdict(person))

    async def _call(self, call: str, **arguments: Any) -> Answer:
        values = self.redactor.redact_values(json.loads(json.dumps(arguments))) | {
            "until": (self.clock.now() + self.answer_within).isoformat()
        }
        try:
            client = await asyncio.to_thread(DBOSClient, system_database_url=self.runs, retry_connection_errors=False)
        except Exception as error:
            raise _silent(NOT_DONE) from error
        try:
            answer = await self._ask(client, call, values)
        finally:
            await asyncio.to_thread(client.destroy)
        fields = {name: value for name, value in answer.items() if name != "accepted"}
        return Accepted(**fields) if answer["accepted"] else Refusal(**fields)

    async def _ask(self, client: DBOSClient, call: str, arguments: dict[str, Any]) -> dict[str, Any]:
        options = EnqueueOptions(
            workflow_name="serve",
            queue_name=REQUESTS,
            workflow_id=f"{call}/{uuid.uuid4()}",
            app_version=VERSION,
            application_name=APPLICATION,
        )
        try:
            handle: Any = await client.enqueue_async(options, call, arguments)
        except Exception as error:
            raise _silent(NOT_DONE) from error
        try:
            async with asyncio.timeout(self.answer_within.total_seconds()):
                while (await handle.get_status()).status in _UNANSWERED:
                    await self.clock.sleep(_LOOK_AGAIN)
        except TimeoutError:
            await client.cancel_workflow_async(options["workflow_id"])
        return _answer(await handle.get_status())


def _answer(status: WorkflowStatus) -> dict[str, Any]:
    """Read the answer, or raise what is known about a call without one."""
    if status.status == "SUCCESS":
        return dict(status.output or {})
    if status.status == "ERROR":
        raise CommandFailed(
            f"The running bot failed at it: {status.error}",
            standing="Part of it may have been done.",
            remedy="Its log tells more; look with `./shipmate status`, then try again.",
        )
    raise _silent(IN_DOUBT if status.recovery_attempts else NOT_DONE)  # it counts how often the call was taken up


def _silent(standing: str) -> ToolError:
    return TimedOut(
        "The running bot did not answer.",
        standing=standing,
        remedy="Look with `./shipmate status`, then try again.",
    )
