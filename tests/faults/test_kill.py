"""Wherever the bot is killed, it goes on after a restart: nothing twice, nothing lost."""

import asyncio
import os
import random

import pytest

from tests.faults.ordeal import Ordeal
from tests.stage.commands import tell

SEEDS = tuple(map(int, os.environ.get("SHIPMATE_SEEDS", "7,11,13").split(",")))
"""Of the kills at random moments; set the variable to repeat a run that failed, or to look further."""


async def test_a_release_killed_in_every_stage_ends_as_if_nothing_had_happened(fire: Ordeal) -> None:
    await fire.asks("v1.2.3")
    await fire.entered("analyze")
    await fire.dies("analyze")
    await fire.until(fire.suite_runs)
    await fire.dies("test")
    await fire.until(lambda: fire.scratch(".build-*"))
    await fire.dies("build")
    await fire.entered("plan")
    await fire.dies("plan")
    await _dies_while_somebody_is_to_approve(fire)
    await fire.approves()
    await fire.entered("deploy")
    await fire.dies("deploy, before compose")
    await fire.until(lambda: fire.server.of("create") == ["v1.2.3"])
    await fire.dies("deploy, in the middle of compose")
    await fire.until(lambda: fire.server.of("start") == ["v1.2.3"])
    await fire.dies("deploy, right after compose")
    await fire.entered("verify")
    await fire.dies("verify")
    await fire.entered("close")
    await fire.dies("close")
    assert await fire.ended() == "succeeded"
    await fire.leaves_nothing_undone("v1.2.3")
    assert fire.server.done == [("create", "v1.2.3"), ("die", "v1.2.2"), ("start", "v1.2.3")]
    await fire.asks("v1.2.2")
    await fire.entered("analyze")


async def _dies_while_somebody_is_to_approve(fire: Ordeal) -> None:
    """A click that nobody hears counts for nothing; the same card approves afterwards."""
    card = await fire.chat.card(shows="[Approve]")
    await fire.until(lambda: fire.records.newest()["status"] == "waiting")
    await fire.chat.bot.kill()
    await fire.chat.slack.until(lambda: not fire.chat.slack.sockets.connections)
    lost = fire.chat.slack.clicks("U0HANA", "Approve", card)
    assert lost is not None
    assert lost.outcome == "dispatch_failed"
    await fire.starts("approve")
    assert (fire.card(), fire.server.done, len(fire.records.undecided())) == (card, [], 0)


async def test_a_rollback_killed_in_every_stage_brings_back_what_ran_before(fire: Ordeal) -> None:
    before = fire.site.running()
    await fire.asks("v1.2.7")
    await fire.approves()
    await fire.entered("roll_back")
    await fire.dies("roll_back, before compose")
    await fire.until(lambda: before in fire.server.of("create"))
    await fire.dies("roll_back, in the middle of compose")
    await fire.entered("escalate")
    await fire.dies("escalate")
    assert await fire.ended() == "rolled-back"
    await fire.leaves_nothing_undone(before)
    assert fire.server.of("create") == ["v1.2.7", before]
    assert (fire.records.target()["failures"], fire.records.target()["locked_at"]) == (1, None)
    await fire.asks("v1.2.3")
    await fire.entered("analyze")


async def test_a_bot_told_to_stop_in_mid_deploy_leaves_the_server_whole_and_goes_on_later(fire: Ordeal) -> None:
    await fire.asks("v1.2.8")
    await fire.approves()
    await fire.until(lambda: fire.server.of("create") == ["v1.2.8"])
    begun = asyncio.get_running_loop().time()
    assert await fire.chat.bot.stop() == 0
    tell(f"stopped {asyncio.get_running_loop().time() - begun:.2f} s after SIGTERM")
    await fire.until(lambda: fire.site.answer("/health")[0] == 200)
    assert fire.site.running() == "v1.2.8"
    assert fire.records.newest()["outcome"] is None
    await fire.starts("SIGTERM in mid deploy")
    assert await fire.ended() == "succeeded"
    await fire.leaves_nothing_undone("v1.2.8")
    assert fire.server.of("create") == ["v1.2.8"]


@pytest.mark.parametrize("seed", SEEDS)
async def test_three_kills_in_a_row_at_any_moment_change_nothing(fire: Ordeal, seed: int) -> None:
    moments = random.Random(seed)  # noqa: S311 - a kill is no secret
    version = "v1.2.3" if fire.site.running() == "v1.2.8" else "v1.2.8"
    await fire.asks(version)
    patient = asyncio.create_task(_approves_as_often_as_needed(fire))
    for number in range(3):
        wait = moments.uniform(0.2, 7)
        await asyncio.sleep(wait)
        await fire.dies(f"seed {seed}, kill {number + 1} after {wait:.2f} s in {fire.records.stage() or 'no stage'}")
    assert await fire.ended() == "succeeded"
    await patient
    await fire.leaves_nothing_undone(version)
    assert fire.server.of("create") == [version]


async def _approves_as_often_as_needed(fire: Ordeal) -> None:
    """Click until a click was heard: the bot may be dead when Hana clicks, or die before it has understood."""
    while not any(key.startswith("decided:") for key in fire.records.keys(fire.release)):
        await fire.approves_if_asked()
        await asyncio.sleep(0.2)
