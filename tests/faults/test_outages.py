"""When a neighbour is gone in the middle of a release, the release has an end that says what is true."""

import asyncio
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.ordeal import Ordeal
from tests.stage.commands import execute
from tests.stage.conversation import ON_CALL


async def test_a_server_lost_for_a_moment_in_mid_deploy_gets_back_what_ran_before(fire: Ordeal) -> None:
    await fire.asks("v1.2.3")
    await fire.approves()
    await fire.until(lambda: fire.server.of("create") == ["v1.2.3"])
    await asyncio.to_thread(fire.site.stage.ssh.stop)
    await asyncio.to_thread(fire.site.stage.ssh.start)
    assert await fire.ended() == "rolled-back"
    await fire.leaves_nothing_undone("v1.2.2")
    assert "connection to observer-1 was lost" in fire.story()


async def test_a_server_lost_for_good_calls_a_person_and_is_settled_when_it_returns(fire: Ordeal) -> None:
    """P12's end: the lock stays until a person has looked, and what was left half-way is put back before that."""
    await fire.asks("v1.2.3")
    await fire.approves()
    await fire.until(lambda: fire.server.of("create") == ["v1.2.3"])
    await asyncio.to_thread(fire.site.stage.ssh.stop)
    try:
        assert await fire.ended() == "in-doubt"
        escalation = fire.chat.slack.shows(await fire.chat.escalated("LOCKED"))
    finally:
        await asyncio.to_thread(fire.site.stage.ssh.start)
    assert "nobody knows what is running" in escalation
    assert "network: observer-1" in escalation
    assert fire.records.target()["locked_by"] == fire.release
    story = await fire.told()
    assert "could NOT be brought back to v1.2.2" in story
    assert "in doubt" in story
    assert "It is put back as soon as it answers again." in story
    await fire.comes_back_to("v1.2.2")
    await fire.chat.clicks("Unlock", channel=ON_CALL)
    await fire.until(lambda: fire.records.target()["locked_at"] is None)
    await fire.asks("v1.2.3")
    await fire.approves()
    assert await fire.ended() == "succeeded"
    await fire.leaves_nothing_undone("v1.2.3")


async def test_without_its_engine_the_bot_ends_the_release_and_touches_nothing(fire: Ordeal) -> None:
    engine, before = fire.site.stage.bot, fire.site.running()
    await fire.asks(fire.new_version("v1.2.9"))
    await fire.until(lambda: fire.scratch(".build-*"))
    await asyncio.to_thread(engine.stop, keep_data=True)
    try:
        assert await fire.ended() == "failed"
    finally:
        await asyncio.to_thread(engine.launch)
        await asyncio.to_thread(engine.wait)
    await fire.leaves_nothing_undone(before)
    assert "The Docker engine does not answer." in fire.story()
    assert "Failed, and not counted." in await fire.told()
    assert fire.server.done == []


async def test_without_the_registry_nothing_is_deployed_that_was_not_pushed(fire: Ordeal) -> None:
    registry, before = fire.site.stage.registry, fire.site.running()
    await fire.asks(fire.new_version("v1.2.10"))
    await fire.until(lambda: fire.scratch(".build-*"))
    await fire.until(lambda: not fire.scratch(".build-*"))
    await asyncio.to_thread(registry.stop)
    try:
        assert await fire.ended() == "failed"
    finally:
        await asyncio.to_thread(registry.start)
    await fire.leaves_nothing_undone(before)
    assert f"Check that {registry.address} can be reached" in fire.story()
    assert "Failed, and not counted." in await fire.told()
    assert fire.server.done == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
async def test_a_full_disk_ends_the_release_and_leaves_room_for_the_next(fire: Ordeal) -> None:
    with _small_disk(fire.site.directory / "work") as disk:
        await fire.asks("v1.2.8")
        assert await fire.ended() == "failed"
        assert "Free space on the disk" in await fire.told()
        assert fire.server.done == []
        execute(("mount", "-o", "remount,size=1g", disk))
        await fire.asks("v1.2.8")
        await fire.chat.card(shows="[Approve]")
        await fire.quiet()


@contextmanager
def _small_disk(place: Path) -> Iterator[Path]:
    """Put a disk of 64 KB in place of a directory."""
    kept = [path.readlink() for path in (place / "scanner",) if path.is_symlink()]
    execute(("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", place))
    try:
        for path in kept:
            (place / "scanner").symlink_to(path)
        yield place
    finally:
        execute(("umount", "--lazy", place))
        shutil.rmtree(place, ignore_errors=True)
