"""P8: a bot killed in the middle of any command of a rolling move leaves users and the next bot nothing to mend."""

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from agents.destinations.compose.moves import carry_out
from agents.destinations.compose.serving import serving
from tests.contract.parlour import NAME, Parlour
from tests.stage.load import Load, Order
from tests.stage.parlour.image import Behaviour
from tests.stage.stage import Stage
from tools.effects import Effects
from tools.hosts import Completed

QUICK = Behaviour(start_seconds=0.1)
NEXT_LIFE = 100
"""Fencing numbers that a killed process may have used: the next one has higher ones."""


@pytest.fixture
def parlour(stage: Stage) -> Iterator[Parlour]:
    made = Parlour(stage, stage.scratch("rolling-killed"))
    try:
        _run(made.begin())
        yield made
    finally:
        made.clear()


def test_p8_p9_a_move_killed_in_any_of_its_commands_is_finished_by_the_next_bot_and_no_request_fails(
    parlour: Parlour,
) -> None:
    assert _run(parlour.moves("v1", QUICK)) is None
    number, killed = 0, True
    with Load(parlour.scratch, Order(parlour.port, rate=50)) as load:
        while killed:
            number += 1
            version = f"v{number + 1}"
            plan = _run(parlour.plan(version, QUICK))
            killed = _killed(lambda: carry_out(parlour.tools, plan, plan.steps[0]), number)  # noqa: B023 - done at once
            parlour.fence += NEXT_LIFE
            assert _run(carry_out(parlour.tools, plan, plan.steps[0])) is None
            asked = _run(serving(parlour.tools, parlour.server, NAME))
            assert (asked.image.rpartition(":")[2], asked.running) == (version, True)
        load.counted(20)
    assert number > 4, "there are more commands than that to die in"
    assert load.report().failed == 0, load.report().line()
    standing = {tag: one.running for tag, one in _run(parlour.all()).items()}
    assert standing[f"v{number + 1}"] is standing[f"v{number}"] is True
    assert list(standing.values()).count(True) == 2


def _run(work: Coroutine[Any, Any, Any]) -> Any:
    """Do something asynchronous in a loop and a thread of its own, which ends with it: a fork takes no thread along."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def _killed(work: Callable[[], Coroutine[Any, Any, Any]], effect: int) -> bool:
    """Do something in a process that is killed in the middle of its nth effect; False where it had fewer."""
    child = os.fork()
    if child == 0:
        ended = 1
        try:
            _die_in(effect)
            asyncio.run(work())
            ended = 0
        finally:
            os._exit(ended)  # nothing of the tests goes on in this process
    status = os.waitpid(child, 0)[1]
    assert os.waitstatus_to_exitcode(status) in {0, -signal.SIGKILL}
    return os.WIFSIGNALED(status)


def _die_in(effect: int) -> None:
    """Let this process die soon after the nth command has begun on the host, which goes on with it."""
    whole, left = Effects.attempt, effect

    async def doomed(self: Effects, *arguments: Any, **named: Any) -> Completed:
        nonlocal left
        left -= 1
        if left:
            return await whole(self, *arguments, **named)
        begun = asyncio.ensure_future(whole(self, *arguments, **named))
        await asyncio.wait({begun}, timeout=0.1)
        os.kill(os.getpid(), signal.SIGKILL)
        return begun.result()

    setattr(Effects, "attempt", doomed)  # noqa: B010 - in a process of its own, which dies of it
