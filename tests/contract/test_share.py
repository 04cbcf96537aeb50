"""P9, P12: a share of users' requests for a new version, on a real engine behind the real default proxy."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, cast

import pytest

from agents.destinations.compose.moves import carry_out
from agents.destinations.port import Trouble
from agents.events import Compared
from config.rollout import Canary
from tests.contract.parlour import NAME, Parlour, quick
from tests.stage.load import Load, Order
from tests.stage.parlour.image import Behaviour
from tests.stage.stage import Stage

CANARY = Canary.model_validate(
    {"share": 30, "window": "4s", "every": "400ms", "requests": 5, "answers": 5, "latency_floor": "5s"}
)
"""Latencies are nobody's concern here, and a single look asks often enough: the machine may be busy with others."""


async def nobody() -> None:
    """Cancel nothing."""


@pytest.fixture
async def site(stage: Stage) -> AsyncIterator[Parlour]:
    """The sample service, whose new versions get a share first."""
    made = Parlour(stage, stage.scratch("share"))
    try:
        await made.begin()
        tools = cast("Any", made.tools)
        target = tools.environment.compose.model_copy(update={"strategy": "canary", "canary": CANARY})
        tools.environment = tools.environment.model_copy(update={"target": target})
        tools.cancelled_by = nobody
        yield made
    finally:
        made.clear()


async def moves(site: Parlour, version: str, behaviour: Behaviour) -> Trouble | None:
    plan = await site.plan(version, behaviour)
    plan = replace(plan, target=replace(plan.compose, canaries=1, share_percent=30))
    return await carry_out(site.tools, plan, plan.steps[0])


async def test_a_new_version_gets_a_share_of_the_requests_first_and_only_a_good_one_gets_them_all(
    site: Parlour,
) -> None:
    assert await moves(site, "v1", quick("finish")) is None
    assert not any(isinstance(event, Compared) for event in site.events), "there was nobody to compare with"
    with Load(site.scratch, Order(site.port, rate=50)) as load:
        assert await moves(site, "v2", quick("finish")) is None
        load.heard("v2")
        good = [event for event in site.events if isinstance(event, Compared)][-1]
        assert good.standing == "no worse", good.told
        assert any(line.startswith("requests of users: 0 of ") for line in good.told), good.told
        worse = await moves(site, "v3", replace(quick("finish"), failing=1.0))
        assert worse is not None
        assert "parlour v3 on here (30 % of its requests) did worse than v2 beside it" in worse.cause
        assert site.server.proxy is not None
        (left,) = await site.server.proxy.backends(NAME)
        assert left.name == (await site.all())["v2"].id[:12]
        load.counted(50)
    running = {tag: one.running for tag, one in (await site.all()).items()}
    assert running == {"v1": True, "v2": True, "v3": False}, "v1 is still warm, for v3 never took over"
