"""The crew of another process: a terminal hands its calls to the running bot through the durable queue.

The bot's database belongs to one process. A terminal that finds it taken puts
each call into the queue and waits for the answer; the calls and answers are the
crew's own.
"""

import asyncio
import json
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, Protocol

from dbos import DBOSClient
from pydantic import TypeAdapter

from agents.answers import Accepted, Answer, Order, Person, Refusal
from agents.segments import REQUESTS, VERSION
from config.shipmate import Configuration
from tools.errors import TimedOut
from tools.history import Store

ANSWER_WITHIN = timedelta(seconds=30)


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

    async def unlock(self, service: str, environment: str, person: Person) -> Answer:
        """Release a locked target."""
        ...

    async def acknowledge(self, service: str, environment: str, person: Person) -> Answer:
        """Note who takes care of a locked target."""
        ...


CALLS = frozenset({"open", "decide", "cancel", "unlock", "acknowledge"})
_ORDER = TypeAdapter(Order)
_PERSON = TypeAdapter(Person)


async def perform(crew: CrewCalls, call: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Carry out a call that came through the queue."""
    values = dict(arguments)
    if "person" in values:
        values["person"] = _PERSON.validate_python(values["person"])
    if "order" in values:
        values["order"] = _ORDER.validate_python(values["order"])
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

    async def open(self, order: Order) -> Answer:
        """Take an order."""
        return await self._call("open", f"open/{order.key}", order=asdict(order))

    async def decide(self, release_id: str, digest: str, person: Person, choice: str, reason: str = "") -> Answer:
        """Count one person's answer to a plan."""
        arguments = {"release_id": release_id, "digest": digest, "choice": choice, "reason": reason}
        return await self._call("decide", _fresh("decide"), **arguments, person=asdict(person))

    async def cancel(self, release_id: str, person: Person) -> Answer:
        """Stop a release."""
        return await self._call("cancel", _fresh("cancel"), release_id=release_id, person=asdict(person))

    async def unlock(self, service: str, environment: str, person: Person) -> Answer:
        """Release a locked target."""
        where = {"service": service, "environment": environment}
        return await self._call("unlock", _fresh("unlock"), **where, person=asdict(person))

    async def acknowledge(self, service: str, environment: str, person: Person) -> Answer:
        """Note who takes care of a locked target."""
        where = {"service": service, "environment": environment}
        return await self._call("acknowledge", _fresh("acknowledge"), **where, person=asdict(person))

    async def _call(self, call: str, key: str, **arguments: Any) -> Answer:
        answer = await asyncio.to_thread(self._ask, call, key, json.loads(json.dumps(arguments)))
        values = {name: value for name, value in answer.items() if name != "accepted"}
        return Accepted(**values) if answer["accepted"] else Refusal(**values)

    def _ask(self, call: str, key: str, arguments: dict[str, Any]) -> dict[str, Any]:
        client = DBOSClient(system_database_url=self.runs)
        try:
            handle: Any = client.enqueue(
                {
                    "workflow_name": "serve",
                    "queue_name": REQUESTS,
                    "workflow_id": key,
                    "app_version": VERSION,
                    "workflow_timeout": ANSWER_WITHIN.total_seconds(),
                },
                call,
                arguments,
            )
            answer: dict[str, Any] = handle.get_result(polling_interval_sec=0.1)
        except Exception as error:
            raise TimedOut(
                "The running bot did not answer.",
                standing="Nothing is known about the request.",
                remedy="Look with `./shipmate status`, then try again.",
            ) from error
        finally:
            client.destroy()
        return answer


def _fresh(call: str) -> str:
    return f"{call}/{uuid.uuid4()}"
