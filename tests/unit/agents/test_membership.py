"""P3: user groups are asked of Slack now and then; declared members count only while Slack does not tell."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta

import pytest

from agents.membership import ANSWER_WITHIN, ASKED_AGAIN, Membership, Rolls
from tools.clock import SystemClock
from tools.errors import Unreachable

CREW, OTHER = "S0CREW1", "S0OTHER"


class StillClock(SystemClock):
    """Moves only when it is told to."""

    now_seconds = 0.0

    def monotonic(self) -> float:
        return self.now_seconds


class Slack:
    """Tells who is in a group, and counts how often it was asked."""

    def __init__(self, groups: Mapping[str, set[str]] | None) -> None:
        self.groups = groups
        self.asked = 0

    async def tell(self, group: str) -> frozenset[str]:
        self.asked += 1
        await asyncio.sleep(0)
        if self.groups is None:
            raise Unreachable("Slack cannot be reached.")
        return frozenset(self.groups.get(group, ()))


def membership(slack: Slack | None, **declared: tuple[str, ...]) -> tuple[Membership, StillClock]:
    clock = StillClock()
    return Membership(clock, declared, "T0HOME", slack.tell if slack else None), clock


async def test_slack_is_asked_once_a_minute_however_many_people_click() -> None:
    slack = Slack({CREW: {"U0HANA"}})
    asked, clock = membership(slack)
    rolls = await asyncio.gather(*(asked.rolls(["U0MAX", CREW]) for _ in range(8)))
    assert set(map(str, rolls)) == {str(Rolls({CREW: frozenset({"U0HANA"})}))}
    slack.groups = {CREW: {"U0MAX"}}
    clock.now_seconds = 59
    assert (await asked.rolls([CREW])).of(frozenset({"U0HANA"})) == {CREW}
    clock.now_seconds = 60
    assert (await asked.rolls([CREW])).of(frozenset({"U0HANA"})) == frozenset()
    assert slack.asked == 2


@pytest.mark.parametrize("slack", [None, Slack(None)])
async def test_declared_members_count_where_slack_does_not_tell(slack: Slack | None) -> None:
    asked, _ = membership(slack, S0CREW1=("U0HANA",))
    rolls = await asked.rolls([CREW, OTHER])
    assert rolls.of(frozenset({"U0HANA", "terminal:hana"})) == {CREW}
    assert rolls.untold == {OTHER}


async def test_what_slack_tells_counts_and_not_what_is_declared() -> None:
    asked, _ = membership(Slack({CREW: set()}), S0CREW1=("U0HANA",))
    assert (await asked.rolls([CREW])).of(frozenset({"U0HANA"})) == frozenset()


async def test_a_slack_that_comes_back_is_believed_again_soon() -> None:
    slack = Slack(None)
    asked, clock = membership(slack)
    assert (await asked.rolls([CREW])).untold == {CREW}
    slack.groups = {CREW: {"U0HANA"}}
    clock.now_seconds = 9
    assert (await asked.rolls([CREW])).untold == {CREW}
    clock.now_seconds = 10
    assert (await asked.rolls([CREW])).untold == frozenset()


async def test_a_silent_slack_is_waited_for_once_for_all_groups_and_not_again_soon() -> None:
    begun: list[str] = []

    async def never(group: str) -> frozenset[str]:
        begun.append(group)
        if len(begun) == 2:
            both.set()
        await asyncio.Event().wait()
        raise AssertionError

    both, clock = asyncio.Event(), StillClock()
    asked = Membership(clock, {}, "T0HOME", never, within=timedelta(hours=1))
    waiting = asyncio.create_task(asked.rolls([CREW, OTHER]))
    async with asyncio.timeout(10):
        await both.wait()  # none of them waits for the silence of another
    waiting.cancel()
    asked.within = timedelta(milliseconds=20)
    for _ in range(3):
        assert (await asked.rolls([CREW, OTHER])).untold == {CREW, OTHER}
    assert sorted(begun) == sorted([CREW, OTHER] * 2)


def test_silence_is_remembered_for_longer_than_it_is_waited_for() -> None:
    assert ANSWER_WITHIN < ASKED_AGAIN


async def test_without_a_group_nobody_is_asked() -> None:
    slack = Slack({})
    asked, _ = membership(slack)
    assert await asked.rolls(["U0HANA", "terminal:hana", "github:hana"]) == Rolls()
    assert slack.asked == 0
