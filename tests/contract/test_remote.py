"""A terminal asks the crew of another process, through the real queue."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from agents.answers import Accepted, Answer, Order, Origin, Person, Refusal, Wish
from agents.remote import IN_DOUBT, NOT_DONE, CrewCalls, RemoteCrew, perform
from config.shipmate import Configuration
from tools.errors import CommandFailed, TimedOut
from tools.history import Store

ROOT = Path(__file__).parents[2]
ANA = Person("terminal:ana")
NOBODY = cast("Any", None)


def crew(directory: Path, seconds: float = 20) -> RemoteCrew:
    """Reach for the crew whose wake-ups lie in a directory; configuration and history are not asked here."""
    nothing = (cast("Configuration", NOBODY), cast("Store", NOBODY))
    return RemoteCrew(*nothing, f"sqlite:///{directory}/runs.db", answer_within=timedelta(seconds=seconds))


def done(directory: Path) -> list[str]:
    file = directory / "done"
    return file.read_text().splitlines() if file.exists() else []


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - another process brings it about
            await asyncio.sleep(0.02)


@asynccontextmanager
async def bot(directory: Path, work: str = "finish") -> AsyncIterator[None]:
    """Let a process answer, and stop it at the end."""
    before = done(directory).count("started")
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.contract.segments_process", str(directory), work, ""),
        cwd=ROOT,
        env=dict(os.environ),
        stdin=asyncio.subprocess.PIPE,
    )
    try:
        await until(lambda: done(directory).count("started") > before)
        yield
    finally:
        await child.communicate(b"stop\n")


async def test_another_process_gets_its_answer(tmp_path: Path) -> None:
    async with bot(tmp_path):
        assert await crew(tmp_path).cancel("r1", ANA) == Accepted("r1")
        assert await crew(tmp_path).acknowledge("observer", "production", ANA) == Accepted("r1")
    assert [line for line in done(tmp_path) if line.startswith("served")] == ["served cancel", "served acknowledge"]


async def test_where_no_bot_runs_the_request_is_taken_back_and_never_carried_out_later(tmp_path: Path) -> None:
    async with bot(tmp_path):
        pass
    with pytest.raises(TimedOut) as late:
        await crew(tmp_path, seconds=0.5).cancel("r1", ANA)
    assert late.value.standing == NOT_DONE
    async with bot(tmp_path):
        await crew(tmp_path).unlock("observer", "production", ANA)
    assert [line for line in done(tmp_path) if line.startswith("served")] == ["served unlock"]


async def test_where_no_bot_ever_ran_that_is_said_at_once(tmp_path: Path) -> None:
    async with asyncio.timeout(30):
        with pytest.raises(TimedOut) as silent:
            await crew(tmp_path, seconds=120).cancel("r1", ANA)
    assert silent.value.standing == NOT_DONE


async def test_a_bot_that_began_and_never_ended_leaves_the_request_in_doubt(tmp_path: Path) -> None:
    async with bot(tmp_path, "sleep"):
        with pytest.raises(TimedOut) as silent:
            await crew(tmp_path, seconds=3).cancel("r1", ANA)
    assert silent.value.standing == IN_DOUBT


async def test_a_bot_that_fails_at_it_says_what_failed(tmp_path: Path) -> None:
    async with bot(tmp_path, "fail"):
        with pytest.raises(CommandFailed, match="No space left on device"):
            await crew(tmp_path).cancel("r1", ANA)


@dataclass
class Listener:
    """A crew that only notes what it is asked."""

    asked: list[tuple[Any, ...]]

    async def open(self, order: Order) -> Answer:
        self.asked.append(("open", order))
        return Accepted("r1")

    async def decide(self, *_words: object, **named: object) -> Answer:
        self.asked.append(("decide", named))
        return Refusal("expired", "Too late.", "status")

    async def lock(self, **named: object) -> Answer:
        self.asked.append(("lock", named))
        return Accepted("")

    async def take_over(self, **named: object) -> Answer:
        self.asked.append(("take_over", named))
        return Accepted("r1")


ORDER = {
    "kind": "deploy",
    "service": "observer",
    "environment": "production",
    "version": "v1.2.3",
    "person": {"id": "terminal:ana", "team": ""},
    "origin": {"channel": "", "thread": ""},
    "key": "terminal:1",
    "trigger": "manual",
}
NOON = datetime(2026, 2, 6, 12, tzinfo=UTC)


def request(**arguments: Any) -> dict[str, Any]:
    return {**arguments, "until": (NOON + timedelta(seconds=30)).isoformat()}


async def test_a_call_arrives_as_it_was_made_and_its_answer_goes_back() -> None:
    listener = Listener([])
    calls = cast("CrewCalls", listener)
    opened = await perform(calls, "open", request(order=ORDER), NOON)
    decide = {"release_id": "r1", "digest": "d", "choice": "approved", "reason": ""}
    refused = await perform(calls, "decide", request(person=ORDER["person"], **decide), NOON)
    order = Order("deploy", "observer", "production", "v1.2.3", ANA, Origin(), "terminal:1")
    assert opened == {"accepted": True, "release": "r1", "text": ""}
    assert refused == {"accepted": False, "code": "expired", "standing": "Too late.", "next_step": "status"}
    assert listener.asked == [("open", order), ("decide", {**decide, "person": ANA})]


async def test_a_lock_arrives_as_it_was_wished() -> None:
    listener = Listener([])
    wish = Wish("observer", "production", "", "the database moves", 7200.0, "terminal:1", "")
    arguments = request(wish=json.loads(json.dumps(asdict(wish))), person=ORDER["person"])
    await perform(cast("CrewCalls", listener), "lock", arguments, NOON)
    place = {"service": "observer", "environment": "production"}
    await perform(cast("CrewCalls", listener), "take_over", request(person=ORDER["person"], **place), NOON)
    assert listener.asked == [("lock", {"wish": wish, "person": ANA}), ("take_over", {**place, "person": ANA})]


async def test_a_call_whose_caller_has_given_up_is_not_carried_out() -> None:
    """A terminal that was killed cannot take its call back; the call itself knows when it is over."""
    listener = Listener([])
    answer = await perform(cast("CrewCalls", listener), "open", request(order=ORDER), NOON + timedelta(hours=3))
    assert (answer["code"], listener.asked) == ("too-late", [])


async def test_only_the_calls_of_a_crew_can_be_made() -> None:
    with pytest.raises(LookupError):
        await perform(cast("CrewCalls", Listener([])), "__init__", request(), NOON)
