"""P12 canary: a first host is compared with the others while both versions serve; a worse one goes back."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from agents import events
from agents.destinations.compose.canary import move, others_of
from agents.destinations.port import Trouble
from agents.entrypoints.cards import release_card
from agents.entrypoints.words import sentence
from agents.events import Compared, Event, dump
from agents.toolbox import Toolbox
from config.contracts import Probe
from config.rollout import Canary
from guardrails.plan import Plan, PlannedStep
from tests.unit.agents.test_fleet import plan_for
from tests.unit.entrypoints.material import SLACK, TERMINAL, UNTIL_ASKED, planned, view
from tools.health import Answer
from tools.proxies.port import Backend, Traffic

ROOT = Probe(url="http://127.0.0.1:8080/")
OLD_MS = 10.0


@dataclass
class World:
    """Seven hosts in memory, whose answers depend on the version that they run; time passes only in waits."""

    answers: Callable[[str, int], Answer]
    """What a version answers the so-manyeth time."""
    drawn: Plan
    settings: Canary = field(default_factory=Canary)
    kind: str = "deploy"
    slow: dict[str, float] = field(default_factory=dict)
    """Host -> how many milliseconds its line adds."""
    users: dict[str, Traffic] = field(default_factory=dict)
    """Host -> what its proxy counts at every look."""
    cancels_after: int = 10**6
    runs: dict[str, str] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)
    reported: list[Event] = field(default_factory=list)
    seconds: float = 0
    looks: int = 0
    release_id: str = "r1"

    def __post_init__(self) -> None:
        self.runs = {step.place: "v1" for step in self.drawn.steps}
        self.servers = {host: self._server(host) for host in self.runs}
        target = SimpleNamespace(canary=self.settings, rolls=bool(self.users), proxy=SimpleNamespace(routes={"web": 1}))
        self.environment = SimpleNamespace(compose=target, requests=(ROOT,))
        self.service = SimpleNamespace(components={"web": None})
        self.clock = self.store = self.journal = self

    def _server(self, host: str) -> Any:
        return SimpleNamespace(name=host, host=host, proxy=_Proxy(self, host) if self.users else None)

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, duration: timedelta) -> None:
        self.seconds += duration.total_seconds()

    async def release(self) -> Any:
        return SimpleNamespace(kind=self.kind)

    async def cancelled_by(self) -> str | None:
        self.looks += 1
        return "U0HANA" if self.looks > self.cancels_after else None

    async def of_many(self, _releases: object, _kinds: object) -> list[Any]:
        known = [one for one in self.reported if isinstance(one, Compared)]
        return [SimpleNamespace(kind=one.KIND, body=dump(one)) for one in known]

    async def report(self, event: Event) -> None:
        self.reported.append(event)

    async def probe(self, host: str, _request: Probe, _at: object = None) -> Answer:
        await asyncio.sleep(0)
        self.asked[host] = self.asked.get(host, 0) + 1
        answer = self.answers(self.runs[host], self.asked[host])
        return Answer(answer.status, answer.latency + timedelta(milliseconds=self.slow.get(host, 0)))

    async def carry_out(self, _tools: object, _plan: Plan, step: PlannedStep) -> None:
        self.runs[step.place] = "v2"

    async def moves(self, number: int = 0) -> Trouble | None:
        """Carry out one batch of the plan."""
        batch = self.drawn.batches(len(self.drawn.steps))[number]
        return await move(cast("Toolbox", self), self.drawn, batch)

    @property
    def told(self) -> Compared:
        return [one for one in self.reported if isinstance(one, Compared)][-1]


@dataclass
class _Proxy:
    world: World
    host: str

    async def backends(self, _route: str) -> tuple[Backend, ...]:
        return (Backend("now", "10.0.0.2", 80),)

    async def traffic(self, _route: str) -> dict[str, Traffic]:
        each, looks = self.world.users[self.host], self.world.looks
        return {"now": Traffic(each.requests * looks, each.errors * looks), "then": Traffic(10**9, 10**9)}


def steady(**milliseconds: float) -> Callable[[str, int], Answer]:
    """Answer in a time that depends on the version, and a little on chance."""
    return lambda version, number: Answer(200, timedelta(milliseconds=milliseconds[version] + number * 7 % 5 / 10))


def failing(every: int) -> Callable[[str, int], Answer]:
    """Let the new version fail now and then."""
    good = steady(v1=OLD_MS, v2=OLD_MS)
    return lambda version, number: (
        Answer(500, timedelta(milliseconds=1)) if version == "v2" and number % every == 0 else good(version, number)
    )


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Callable[..., World]:
    def made(answers: Callable[[str, int], Answer], *, canaries: int = 1, **how: Any) -> World:
        one = World(answers, plan_for(3, ("web",), canaries), **how)
        monkeypatch.setattr("agents.destinations.compose.comparison.probe", one.probe)
        monkeypatch.setattr("agents.destinations.compose.moves.carry_out", one.carry_out)
        return one

    return made


Make = Callable[..., World]


async def test_a_canary_that_is_no_worse_lets_the_others_follow(world: Make) -> None:
    good = world(steady(v1=OLD_MS, v2=OLD_MS))
    assert await good.moves() is None
    assert (good.told.canaries, good.told.others) == (("web-1",), ("web-2", "web-3", "web-4"))
    assert (good.told.standing, good.told.goes_on) == ("no worse", True)
    assert good.told.seconds == pytest.approx(118)
    assert good.asked["web-1"] == good.asked["web-4"]
    assert "web-5" not in good.asked
    said = sentence(good.told, TERMINAL).splitlines()
    assert said[0].endswith("no worse after 1 min 58 s, so the other hosts follow.")
    assert said[1].startswith("own requests: 0 of 180 (0.0 %) failed, 0 of 540 (0.0 %) before")
    assert await good.moves(1) is None
    assert good.runs["web-4"] == "v2"
    assert len([one for one in good.reported if isinstance(one, Compared)]) < 12, "few enough edits of one message"


@pytest.mark.parametrize(
    ("answers", "why", "soon"),
    [
        (failing(every=1), "own requests: ", 18),
        (failing(every=8), "own requests: ", 119),
        (steady(v1=OLD_MS, v2=60.0), "GET http://127.0.0.1:8080/: median 60 ms, 10 ms before", 30),
    ],
)
async def test_a_canary_that_is_worse_goes_back_with_the_numbers_as_soon_as_it_is_clear(
    world: Make, answers: Any, why: str, soon: float
) -> None:
    bad = world(answers)
    trouble = await bad.moves()
    assert trouble is not None
    assert trouble.cause.startswith(f"web-1 did worse than web-2, web-3, web-4: {why}")
    assert (bad.told.standing, bad.told.goes_on) == ("worse", False)
    assert bad.told.seconds <= soon
    assert "WORSE" in sentence(bad.told, TERMINAL)
    assert {host for host, version in bad.runs.items() if version == "v2"} == {"web-1"}


async def test_a_host_on_a_slow_line_is_no_bad_version(world: Make) -> None:
    far = world(steady(v1=OLD_MS, v2=OLD_MS), slow={"web-1": 120})
    assert await far.moves() is None
    assert far.told.standing == "no worse"


async def test_what_users_see_counts_where_the_proxies_tell_and_only_of_what_serves(world: Make) -> None:
    users = {f"web-{number}": Traffic(50, 0) for number in range(2, 8)} | {"web-1": Traffic(50, 5)}
    seen = world(steady(v1=OLD_MS, v2=OLD_MS), users=users)
    trouble = await seen.moves()
    assert trouble is not None
    assert "requests of users: " in trouble.cause


@pytest.mark.parametrize(("unclear", "goes_on"), [("go-on", True), ("go-back", False)])
async def test_where_there_is_not_enough_to_tell_the_operator_has_said_what_follows(
    world: Make, unclear: str, *, goes_on: bool
) -> None:
    few = Canary.model_validate({"window": "4s", "every": "2s", "requests": 1, "unclear": unclear})
    dim = world(steady(v1=OLD_MS, v2=90.0), settings=few)
    trouble = await dim.moves()
    assert (trouble is None, dim.told.goes_on, dim.told.standing) == (goes_on, goes_on, "unclear")
    assert "not enough requests to tell" in sentence(dim.told, TERMINAL)
    assert "2 answers of the new version, 6 of the old one, 30 are needed" in sentence(dim.told, TERMINAL)


async def test_p8_a_bot_that_dies_while_it_compares_does_not_take_the_new_version_for_the_old(world: Make) -> None:
    """What the hosts were like before is in the journal, and is not measured again."""
    one = world(steady(v1=OLD_MS, v2=90.0))
    one.cancels_after = 3
    assert await one.moves() is None, "cut off"
    one.cancels_after = 10**6
    trouble = await one.moves()
    assert trouble is not None
    assert "median 90 ms, 10 ms before" in trouble.cause


async def test_who_cancels_does_not_wait_for_the_end_of_the_comparison(world: Make) -> None:
    stopped = world(steady(v1=OLD_MS, v2=OLD_MS), cancels_after=2)
    assert await stopped.moves() is None
    assert stopped.seconds < 10


async def test_a_rollback_is_held_up_by_no_comparison(world: Make) -> None:
    back = world(steady(v1=OLD_MS, v2=900.0), kind="rollback")
    assert await back.moves() is None
    assert (back.asked, back.reported) == ({}, [])


async def test_a_host_that_is_away_makes_the_old_version_no_worse(world: Make) -> None:
    def away(version: str, number: int) -> Answer:
        return failing(every=8)(version, number)

    one = world(away)
    probe = one.probe

    async def lost(host: str, request: Probe, _at: object) -> Answer:
        return Answer(None, timedelta(), error="away") if host == "web-3" else await probe(host, request)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("agents.destinations.compose.comparison.probe", lost)
        trouble = await one.moves()
    assert trouble is not None


def test_without_canaries_or_with_nothing_running_there_is_nobody_to_compare_with() -> None:
    assert others_of(plan_for(3)) == ()
    assert others_of(plan_for(3, canaries=4)) == ("web-5", "web-6", "web-7")
    first = plan_for(3, canaries=1)
    assert others_of(replace(first, steps=tuple(replace(step, before=None) for step in first.steps))) == ()


def test_the_card_shows_how_the_comparison_goes() -> None:
    going = Compared(("web-1",), ("web-2",), told=("own requests: 0 of 60",), seconds=30, window_seconds=120)
    shown = view((*UNTIL_ASKED, events.Entered("deploy"), planned(plan_for(3, canaries=1)), going))
    assert "Canary web-1 beside web-2: compared for 30 s of 2 min" in str(release_card(shown, SLACK).blocks)
