"""P12 on three separate hosts: all or none, newest first, through a kill of the bot; and a canary before the others."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.faults.witness import Records
from tests.stage.conversation import HANA, Conversation
from tests.stage.fleet import QUICK, Fleet, FleetSite
from tests.stage.stage import Stage

CANARY = {"window": "3s", "every": "500ms", "requests": 5, "answers": 5, "confidence": 95, "latency_floor": "5s"}
"""Latencies are nobody's concern here: the machine may be busy with others."""


@pytest.fixture
def site(stage: Stage) -> Iterator[FleetSite]:
    """Three hosts with v1.0.0: one goes first, then two side by side."""
    target = {"strategy": "canary", "at_once": 2, "canary": CANARY}
    extra = {"target": target, "health": {"timeout": "60s", "retries": 0}}
    with Fleet(stage, "fleet", 3) as fleet:
        place = FleetSite(stage, stage.scratch("fleet-site"), fleet=fleet, behaviour=QUICK, extra=extra)
        place.prepare()
        place.start_by_hand()
        yield place


async def test_p12_all_hosts_or_none_also_where_the_bot_is_killed_in_a_batch_and_a_bad_canary_stays_alone(
    site: FleetSite,
) -> None:
    first, second, odd = site.hosts
    records = Records(site.directory / "shipmate.db")
    async with Conversation(site) as chat:
        card = await chat.asks(f"/deploy parlour {site.not_for_odd_hosts('v1.1.0')}")
        await chat.shows(card, "[Approve]")
        chat.slack.clicks(HANA, "Approve", card)
        await chat.comes_true(lambda: "moved:parlour@web-2" in records.keys(records.newest()["id"]))
        await chat.bot.kill()
        await chat.bot.start()
        story = await chat.end(card)
        assert "v1.1.0 in production: failed and was rolled back" in story
        assert "Canary web-1 beside web-2, web-3: no worse after " in story
        assert "parlour on web-3 did not become healthy" in story
        assert [await host.answers() for host in site.hosts] == ["v1.0.0"] * 3
        assert first.since > max(second.since, odd.since), "newest first"

        before = [host.since for host in site.hosts]
        story = await chat.release(site.newer("v1.2.0", replace(QUICK, failing=1.0)))
        assert "v1.2.0 in production: failed and was rolled back" in story
        assert "Canary web-1 beside web-2, web-3: WORSE" in story
        assert "own requests: " in story
        assert [await host.answers() for host in site.hosts] == ["v1.0.0"] * 3
        assert [host.since for host in (second, odd)] == before[1:], "the others were never touched"
