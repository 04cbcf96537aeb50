"""P9, P10: behind a proxy that goes by health checks, what an earlier release took out can be gone back to."""

from collections.abc import Sequence
from typing import Any, cast

from agents.destinations.compose.moves import carry_out, restore
from agents.toolbox import Server, Toolbox
from guardrails.plan import Plan
from tests.unit.agents.hosting import Instances, Proxy, World, plan_from, tools_of
from tools.inspection import Container
from tools.proxies.port import Backend


class Marking(Proxy):
    """As `tools.proxies.labels`: whoever is taken out has a marker, by which the engine calls it unhealthy."""

    async def point(self, route: str, backends: Sequence[Backend], fence: int) -> None:
        await super().point(route, backends, fence)
        for one in [one for one in self._world.containers.values() if one.running]:
            self._world.set(one.id, health="healthy" if one.id[:12] in self._world.pointed else "unhealthy")

    async def readmit(self, route: str, backend: Backend, fence: int) -> None:
        await super().readmit(route, backend, fence)
        (one,) = [one for one in self._world.containers.values() if one.id.startswith(backend.name)]
        if one.running and one.health == "unhealthy":
            self._world.effect(f"readmit {backend.name[:2]}")
            self._world.set(one.id, health="healthy")


def marking(world: World) -> Toolbox:
    tools = cast("Any", tools_of(world))
    server = tools.servers["kodex-1"]
    parts = (server.host, server.compose, server.containers, server.images)
    tools.servers = {"kodex-1": Server(*parts, None, cast("Any", Instances(world)), Marking(world))}
    return cast("Toolbox", tools)


async def released(kind: str = "rollback") -> tuple[World, Container, Plan]:
    """Let v2 take over from v1; the next order is of a kind."""
    world = World()
    old = world.stands("v1")
    world.pointed, world.compose_text = (old.id[:12],), "services: v1"
    plan = plan_from(old, "v2")
    assert await carry_out(marking(world), plan, plan.steps[0]) is None
    assert world.containers[old.id].health == "unhealthy"
    world.effects.clear()
    world.kind = kind
    return world, old, plan


def now(world: World) -> Container:
    (one,) = [one for one in world.containers.values() if one.id[:12] in world.pointed]
    return one


async def back_to_v1(world: World) -> None:
    plan = plan_from(now(world), "v1", text="services: v1")
    assert await carry_out(marking(world), plan, plan.steps[0]) is None


async def test_p10_a_rollback_while_the_former_version_is_warm_takes_its_marker_off_and_switches() -> None:
    world, _, _ = await released()
    await back_to_v1(world)
    assert world.effects == ["readmit v1", "point v1", "install"]
    assert (world.serving, world.tags(running=True), world.bad_requests) == (["v1"], ["v1", "v2"], 0)


async def test_p10_a_marker_survives_a_stop_and_is_taken_off_what_a_rollback_starts_again() -> None:
    world, old, _ = await released()
    world.set(old.id, status="exited")
    await back_to_v1(world)
    assert world.effects == ["install", "start v1", "readmit v1", "point v1"]


async def test_p10_a_release_that_fails_puts_a_stopped_version_back_without_its_marker() -> None:
    world, old, plan = await released("deploy")
    world.set(old.id, status="exited")
    assert (await restore(marking(world), plan, plan.steps[0])).well
    assert world.effects == ["install", "start v1", "readmit v1", "point v1", "stop v2"]


async def test_a_version_that_is_released_again_while_it_is_warm_is_taken_as_it_runs() -> None:
    world, _, _ = await released("deploy")
    await back_to_v1(world)
    plan = plan_from(now(world), "v2")
    world.effects.clear()
    assert await carry_out(marking(world), plan, plan.steps[0]) is None
    assert world.effects == ["install", "readmit v2", "point v2"]


async def test_p10_a_warm_version_that_is_unwell_for_another_reason_takes_nothing_over() -> None:
    world, _, _ = await released()
    world.mute = frozenset({"v1"})
    plan = plan_from(now(world), "v1", text="services: v1")
    trouble = await carry_out(marking(world), plan, plan.steps[0])
    assert trouble
    assert (world.serving, world.bad_requests) == (["v2"], 0)
