"""P9, P12: a share of a host's requests for the new instance first; a worse one never gets the others."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from agents.destinations.compose.moves import carry_out, restore
from agents.destinations.port import Trouble
from agents.entrypoints.words import sentence
from agents.events import Compared, Moved
from agents.toolbox import Server, Toolbox
from config.contracts import Probe
from config.rollout import Canary
from guardrails.plan import Plan
from tests.unit.agents.hosting import Ended, Instances, Proxy, World, plan_from, tools_of
from tests.unit.entrypoints.material import TERMINAL
from tools.health import Answer, Standing
from tools.proxies.port import Backend, Traffic

CANARY = Canary.model_validate({"share": 20, "window": "20s", "every": "1s"})


class Weighing(Proxy):
    """A proxy that notes the shares, and counts what users ask of whom."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.shares: list[dict[str, int]] = []
        self.looks = 0
        self.users: dict[str, Traffic] = {}
        self.drained_at: list[tuple[str, list[str]]] = []
        """Who was waited for, and what ran then."""

    async def point(self, route: str, backends: Any, fence: int) -> None:
        self.shares.append({one.name[:2]: one.weight for one in backends})
        await super().point(route, backends, fence)

    async def backends(self, route: str) -> tuple[Backend, ...]:
        told = await super().backends(route)
        return tuple(Backend(one.name, "", 8000, 20 if len(told) > 1 and one.name[:2] == "v2" else 80) for one in told)

    async def drained(self, route: str, backend: Backend, limit: timedelta) -> bool:
        self.drained_at.append((backend.name[:2], self._world.tags(running=True)))
        return await super().drained(route, backend, limit)

    async def traffic(self, route: str) -> dict[str, Traffic]:
        assert route == "kodex"
        self.looks += 1
        told = {name: self.users.get(name[:2], Traffic(0, 0)) for name in self._world.pointed}
        return {name: Traffic(one.requests * self.looks, one.errors * self.looks) for name, one in told.items()}


class Hasty:
    """Time passes only in waits."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, duration: timedelta) -> None:
        self.seconds += duration.total_seconds()


class Desk:
    """The tools of a release that gives its new version a share first."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, milliseconds: Callable[[str], float], **how: Any) -> None:
        self.world = World(**how)
        self.old = self.world.stands("v1")
        self.world.pointed, self.world.compose_text = (self.old.id[:12],), "services: v1"
        self.proxy = Weighing(self.world)
        self._milliseconds, self._asked = milliseconds, 0
        self._clock, self.cancelled_after_seconds = Hasty(), float("inf")
        monkeypatch.setattr("agents.destinations.compose.comparison.probe", self._probe)

    @property
    def tools(self) -> Toolbox:
        tools = cast("Any", tools_of(self.world))
        target = tools.environment.compose.model_copy(update={"strategy": "canary", "canary": CANARY})
        tools.environment = tools.environment.model_copy(update={"target": target})
        server = tools.servers["kodex-1"]
        parts = (server.host, server.compose, server.containers, server.images)
        tools.servers = {"kodex-1": Server(*parts, None, cast("Any", Instances(self.world)), self.proxy)}
        tools.clock, tools.cancelled_by = self._clock, self._cancelled_by
        return cast("Toolbox", tools)

    @property
    def plan(self) -> Plan:
        plan = plan_from(self.old, "v2")
        return replace(plan, target=replace(plan.compose, canaries=1, share_percent=20))

    async def moved(self) -> Trouble | None:
        return await carry_out(self.tools, self.plan, self.plan.steps[0])

    async def _cancelled_by(self) -> str | None:
        return "hana" if self._clock.seconds >= self.cancelled_after_seconds else None

    async def _probe(self, _host: object, _request: Probe, at: Standing) -> Answer:
        self._asked += 1
        took = self._milliseconds(at.container[:2]) + self._asked % 7 / 10
        return Answer(200, timedelta(milliseconds=took))


def alike(_version: str) -> float:
    return 10


def slower(version: str) -> float:
    return 90 if version == "v2" else 10


async def test_the_new_instance_takes_its_share_and_then_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(monkeypatch, alike)
    assert await desk.moved() is None
    assert desk.proxy.shares == [{"v1": 80, "v2": 20}, {"v2": 100}]
    assert (desk.world.serving, desk.world.tags(running=True), desk.world.bad_requests) == (["v2"], ["v1", "v2"], 0)
    told = [event for event in desk.world.reported if isinstance(event, Compared)][-1]
    said = sentence(told, TERMINAL)
    assert said.startswith("Canary kodex v2 on kodex-1 (20 % of its requests) beside v1 beside it: no worse after")
    assert "so it gets all requests" in said


async def test_a_worse_one_gives_its_share_back_and_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(monkeypatch, slower)
    trouble = await desk.moved()
    assert trouble is not None
    assert "kodex v2 on kodex-1 (20 % of its requests) did worse than v1 beside it: GET " in trouble.cause
    assert desk.proxy.shares == [{"v1": 80, "v2": 20}, {"v1": 100}]
    assert (desk.world.serving, desk.world.tags(running=True), desk.world.bad_requests) == (["v1"], ["v1"], 0)
    assert (await restore(desk.tools, desk.plan, desk.plan.steps[0])).well
    assert desk.world.serving == ["v1"]


async def test_p9_a_worse_one_answers_the_requests_that_it_has_before_it_is_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = Desk(monkeypatch, slower)
    assert await desk.moved()
    assert desk.proxy.drained_at == [("v2", ["v1", "v2"])]


async def test_p9_whoever_cancels_the_comparison_keeps_all_requests_at_the_old_version(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = Desk(monkeypatch, alike)
    desk.cancelled_after_seconds = 3
    assert await desk.moved() is None
    assert desk.proxy.shares == [{"v1": 80, "v2": 20}, {"v1": 100}]
    assert (desk.world.serving, desk.proxy.drained_at) == (["v1"], [])
    assert not [event for event in desk.world.reported if isinstance(event, Moved)]
    assert (await restore(desk.tools, desk.plan, desk.plan.steps[0])).well
    assert (desk.world.serving, desk.world.tags(running=True), desk.world.bad_requests) == (["v1"], ["v1"], 0)


async def test_what_users_get_on_either_side_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(monkeypatch, alike)
    desk.proxy.users = {"v1": Traffic(80, 0), "v2": Traffic(20, 4)}
    trouble = await desk.moved()
    assert trouble is not None
    assert "requests of users: " in trouble.cause


async def test_p8_wherever_the_bot_dies_the_next_one_finds_its_way(monkeypatch: pytest.MonkeyPatch) -> None:
    for speed, serves in ((alike, "v2"), (slower, "v1")):
        for ends_before in range(8):
            desk = Desk(monkeypatch, speed, ends_before=ends_before)
            try:
                await desk.moved()
            except Ended:
                desk.world.ends_before = None
                await desk.moved()
            assert desk.world.serving == [serves]
            assert desk.world.bad_requests == 0


async def test_a_rollback_somebody_asked_for_takes_over_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(monkeypatch, slower, kind="rollback")
    assert await desk.moved() is None
    assert desk.proxy.shares == [{"v2": 100}]
