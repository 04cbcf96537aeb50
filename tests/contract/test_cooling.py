"""P9: what is warm is stopped once its time is over, by the store and the clock alone; what is asked never is."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from agents.cooling import Cooling
from agents.tenure import Tenure
from agents.toolbox import Server, Toolbox
from tests.contract.histories import address, opened
from tests.unit.agents.hosting import SERVICE, Proxy, World, tools_of
from tools.clock import SystemClock
from tools.errors import Unreachable
from tools.history import Store, open_store
from tools.history.releases import Outcome, Release, Status
from tools.proxies.port import Backend
from tools.redaction import Redactor

WARM = timedelta(minutes=10)
A_MINUTE = timedelta(minutes=1)


class Wound(SystemClock):
    """The machine's clock, which a test winds on."""

    on = timedelta()

    def now(self) -> datetime:
        return super().now() + self.on

    def monotonic(self) -> float:
        return self.on.total_seconds()


class Away(Proxy):
    """Of a host that does not answer."""

    asked = 0

    async def backends(self, route: str) -> tuple[Backend, ...]:
        self.asked += 1
        raise Unreachable(f"The host of {route} is away.")


@dataclass(slots=True)
class Place:
    """A store, and a host with v1 warm beside v2."""

    store: Store
    clock: Wound
    world: World = field(default_factory=World)
    servers: dict[str, Server] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.world.stands("v1")
        self.world.pointed = (self.world.stands("v2").id[:12],)
        self.servers |= tools_of(self.world).servers

    async def released(self, number: int = 1, outcome: Outcome = Outcome.SUCCEEDED) -> Release:
        made = await opened(self.store, number, service="kodex")
        assert await self.store.releases.finish(made.id, outcome, "")
        return made

    def cooling(self) -> Cooling:
        """Start, as a bot does."""
        unused = cast("Any", SimpleNamespace())

        async def equip(release: Release) -> Toolbox:
            return Toolbox(
                *(release.id, SERVICE, "production", unused, unused, self.store, self.clock, Redactor()),
                *(unused, unused, unused, unused),
                servers=self.servers,
                github=None,
                narrator=None,
            )

        return Cooling(self.store, self.clock, equip, Tenure(self.store, self.clock), {"kodex": SERVICE})

    @property
    def runs(self) -> list[str]:
        return self.world.tags(running=True)


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    clock = Wound()
    store = await open_store(address(tmp_path), clock)
    yield Place(store, clock)
    await store.close()


async def test_a_warm_instance_is_left_alone_within_its_time_and_stopped_after_it_also_by_a_bot_that_just_started(
    place: Place,
) -> None:
    await place.released()
    place.clock.on = WARM - A_MINUTE
    await place.cooling().turn()
    assert place.runs == ["v1", "v2"]
    place.clock.on = WARM + A_MINUTE
    await place.cooling().turn()
    assert (place.runs, place.world.tags(running=False)) == (["v2"], ["v1"])
    assert (place.world.effects, place.world.bad_requests) == (["stop v1"], 0)
    assert await place.store.leases.of("kodex", "production") is None


async def test_nothing_is_stopped_where_the_proxy_names_nobody_that_is_there(place: Place) -> None:
    await place.released()
    place.clock.on = WARM * 2
    for asked in ((), ("gone-12digit",)):
        place.world.pointed = asked
        await place.cooling().turn()
        assert place.runs == ["v1", "v2"]


async def test_a_release_that_moves_and_a_target_that_is_held_keep_everything_as_it_is(place: Place) -> None:
    last = await place.released()
    place.clock.on = WARM * 2
    await place.store.leases.take("kodex", "production", last.id, "somebody else")
    await place.cooling().turn()
    held = await place.store.leases.of("kodex", "production")
    assert held
    await place.store.leases.give_back(held)
    moving = await opened(place.store, 2, service="kodex")
    await place.store.releases.change(moving.id, status=Status.RUNNING, stage="deploy")
    await place.cooling().turn()
    assert place.runs == ["v1", "v2"]


async def test_the_time_begins_with_what_was_moved_last_and_a_refusal_does_not_make_it_longer(place: Place) -> None:
    await place.released()
    place.clock.on = WARM - A_MINUTE
    await place.released(2, Outcome.REFUSED)
    await place.released(3, Outcome.ROLLED_BACK)
    place.clock.on = WARM + A_MINUTE
    await place.cooling().turn()
    assert place.runs == ["v1", "v2"]
    await place.released(4, Outcome.REFUSED)
    place.clock.on = WARM * 2 + A_MINUTE
    await place.cooling().turn()
    assert place.runs == ["v2"]


async def test_a_host_that_is_away_does_not_keep_the_others_warm_and_is_tried_less_and_less_often(place: Place) -> None:
    (there,) = place.servers.values()
    away = Away(World())
    place.servers = {"away": replace(there, proxy=away), "kodex-1": there}
    await place.released()
    place.clock.on = WARM + A_MINUTE
    cooling = place.cooling()
    await cooling.turn()
    assert place.runs == ["v2"]
    tries = [0]
    for seconds in (1, 10, 6, 20):
        place.clock.on += timedelta(seconds=seconds)
        await cooling.turn()
        tries.append(away.asked)
    assert tries == [0, 1, 2, 2, 3]
    assert await place.store.leases.of("kodex", "production") is None
