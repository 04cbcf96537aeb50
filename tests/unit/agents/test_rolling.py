"""P9, P8, P10: a rolling move asks nobody who is not well, may end anywhere, and is undone by one switch."""

import pytest

from agents.destinations.compose.moves import carry_out, restore
from agents.destinations.compose.serving import serving
from agents.destinations.port import Back, Trouble
from agents.events import Moved, Rescued
from guardrails.plan import Plan
from tests.unit.agents.hosting import Ended, Instances, Proxy, World, plan_from, tools_of
from tools.errors import CommandFailed, Superseded, ToolError
from tools.inspection import Container


async def moved(world: World, plan: Plan) -> Trouble | None:
    return await carry_out(tools_of(world), plan, plan.steps[0])


async def put_back(world: World, plan: Plan) -> Back:
    return await restore(tools_of(world), plan, plan.steps[0])


def old_one(world: World) -> Container:
    """Let v1 take the requests."""
    old = world.stands("v1")
    world.pointed, world.compose_text = (old.id[:12],), "services: v1"
    return old


def refusing(monkeypatch: pytest.MonkeyPatch, what: str, error: ToolError) -> list[str]:
    """Let one kind of work on instances fail; returns where it did."""
    raised: list[str] = []

    async def refuse(*_: object) -> None:
        raised.append(what)
        raise error

    monkeypatch.setattr(Proxy if what == "drained" else Instances, what, refuse)
    return raised


async def test_p9_the_new_version_takes_over_once_it_is_well_and_the_old_one_stays_warm() -> None:
    world = World()
    plan = plan_from(old_one(world), "v2")
    assert await moved(world, plan) is None
    assert world.effects == ["install", "make v2", "point v2"]
    assert (world.serving, world.tags(running=True), world.bad_requests) == (["v2"], ["v1", "v2"], 0)
    (told,) = [event for event in world.reported if isinstance(event, Moved)]
    assert (told.before, told.after) == ("v1", "v2")


@pytest.mark.parametrize("world", [World(crashing=frozenset({"v2"})), World(mute=frozenset({"v2"}))])
async def test_p9_a_version_that_never_becomes_healthy_gets_no_request_and_is_kept_for_its_log(world: World) -> None:
    plan = plan_from(old_one(world), "v2")
    trouble = await moved(world, plan)
    assert trouble
    assert "kodex on kodex-1 did not become healthy" in trouble.cause
    back = await put_back(world, plan)
    assert back.well
    assert (world.serving, world.tags(running=True), world.tags(running=False)) == (["v1"], ["v1"], ["v2"])
    assert world.bad_requests == 0
    assert not [effect for effect in world.effects if effect.startswith("point")]
    assert world.compose_text == "services: v1"


async def test_p10_the_way_back_begins_with_the_switch_and_the_failed_version_is_stopped_last() -> None:
    world = World()
    plan = plan_from(old_one(world), "v2")
    await moved(world, plan)
    world.effects.clear()
    assert (await put_back(world, plan)).well
    assert world.effects == ["point v1", "install", "stop v2"]
    assert (world.serving, world.tags(running=True), world.tags(running=False)) == (["v1"], ["v1"], ["v2"])
    assert world.bad_requests == 0


async def test_p10_a_version_that_was_stopped_is_started_and_asked_before_it_takes_over_again() -> None:
    world = World()
    old = old_one(world)
    plan = plan_from(old, "v2")
    await moved(world, plan)
    world.set(old.id, status="exited")
    world.effects.clear()
    assert (await put_back(world, plan)).well
    assert world.effects == ["install", "start v1", "point v1", "stop v2"]
    assert world.bad_requests == 0


async def test_p10_a_version_whose_container_is_gone_is_made_again_from_the_kept_image() -> None:
    world = World()
    old = old_one(world)
    plan = plan_from(old, "v2")
    await moved(world, plan)
    del world.containers[old.id]
    world.effects.clear()
    assert (await put_back(world, plan)).well
    assert world.effects == ["install", "make v1", "point v1", "stop v2"]


async def test_p10_a_former_version_that_does_not_get_well_takes_nothing_over() -> None:
    world = World()
    old = old_one(world)
    plan = plan_from(old, "v2")
    await moved(world, plan)
    world.set(old.id, status="exited")
    world.mute = frozenset({"v1"})
    back = await put_back(world, plan)
    assert not back.well
    assert (world.serving, world.bad_requests) == (["v2"], 0)


async def test_p10_a_rollback_that_somebody_asks_for_is_a_switch_while_the_former_version_is_warm() -> None:
    world = World(kind="rollback")
    warm = world.stands("v1")
    now = world.stands("v2")
    world.pointed, world.compose_text = (now.id[:12],), "services: v2"
    assert await moved(world, plan_from(now, "v1")) is None
    assert world.effects == ["point v1", "install"]
    assert world.pointed == (warm.id[:12],)
    assert world.tags(running=True) == ["v1", "v2"]


async def test_p10_a_rollback_takes_up_a_stopped_instance_and_a_release_makes_a_fresh_one() -> None:
    for kind, effects in (("rollback", ["install", "start v1", "point v1"]), ("deploy", ["install", "make v1"])):
        world = World(kind=kind)
        world.stands("v1", running=False)
        now = world.stands("v2")
        world.pointed, world.compose_text = (now.id[:12],), "services: v2"
        assert await moved(world, plan_from(now, "v1")) is None
        assert world.effects[: len(effects)] == effects


async def test_what_earlier_releases_left_is_stopped_and_then_removed_and_only_the_last_one_stays_warm() -> None:
    world = World()
    world.stands("v0", running=False)
    world.set(world.stands("v0.0").id, status="restarting")
    world.stands("v0.1")
    plan = plan_from(old_one(world), "v2")
    assert await moved(world, plan) is None
    assert (world.tags(running=True), world.tags(running=False)) == (["v1", "v2"], ["v0.1"])


@pytest.mark.parametrize("kind", ["deploy", "rollback"])
@pytest.mark.parametrize("fails", ["remove", "stop", "drained"])
async def test_p9_what_cannot_be_tidied_up_after_the_switch_does_not_undo_it(
    kind: str, fails: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(kind=kind)
    world.stands("v0", running=False)
    world.stands("v0.1")
    plan = plan_from(old_one(world), "v2")
    if kind == "rollback":
        world.stands("v2")
    raised = refusing(monkeypatch, fails, CommandFailed("device or resource busy"))
    assert await moved(world, plan) is None
    assert (world.serving, set(raised)) == (["v2"], {fails})


async def test_p8_whoever_is_overtaken_tidies_nothing_up(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    world.stands("v0.1")
    plan = plan_from(old_one(world), "v2")
    refusing(monkeypatch, "stop", Superseded("A newer run holds the target."))
    with pytest.raises(Superseded):
        await moved(world, plan)


async def test_p15_an_instance_with_data_that_cannot_be_saved_stays_and_the_release_goes_on() -> None:
    world = World()
    world.losing = frozenset({world.stands("v0", running=False).id})
    plan = plan_from(old_one(world), "v2")
    assert await moved(world, plan) is None
    assert world.tags(running=False) == ["v0"]
    (told,) = [event for event in world.reported if isinstance(event, Rescued)]
    assert told.fault


async def test_a_service_that_was_started_by_hand_is_taken_along_and_can_be_gone_back_to() -> None:
    world = World(compose_text="services: v1")
    plan = plan_from(world.stands("v1", by_hand=True), "v2")
    assert await moved(world, plan) is None
    assert world.effects == ["connect v1", "install", "make v2", "point v2"]
    assert (await put_back(world, plan)).well
    assert (world.serving, world.tags(running=False)) == (["v1"], ["v2"])


async def test_a_first_release_that_fails_leaves_nobody_to_ask_and_its_container_to_be_looked_at() -> None:
    world = World()
    plan = plan_from(None, "v1")
    assert await moved(world, plan) is None
    assert (await put_back(world, plan)).well
    assert (world.pointed, world.tags(running=False)) == ((), ["v1"])


async def test_the_container_of_a_service_is_the_one_that_takes_its_requests() -> None:
    world = World()
    old = old_one(world)
    world.stands("v2")
    tools = tools_of(world)
    found = await serving(tools, tools.servers["kodex-1"], "kodex")
    assert found == old


@pytest.mark.parametrize("way", ["forward", "back"])
async def test_p8_a_process_that_ends_before_any_effect_leaves_a_world_in_which_the_next_one_ends_right(
    way: str,
) -> None:
    ends = 0
    while True:
        world = World()
        world.stands("v0", running=False)
        plan = plan_from(old_one(world), "v2")
        if way == "back":
            await moved(world, plan)
        act = moved if way == "forward" else put_back
        world.ends_before = len(world.effects) + ends
        try:
            await act(world, plan)
            over = True
        except Ended:
            over = False
        world.ends_before = None
        assert world.bad_requests == 0
        await act(world, plan)
        assert world.bad_requests == 0
        wanted = (["v2"], ["v1", "v2"], []) if way == "forward" else (["v1"], ["v1"], ["v2"])
        assert (world.serving, world.tags(running=True), world.tags(running=False)) == wanted
        if over:
            break
        ends += 1
    assert ends >= 3
