"""P7: one run holds a target; who is taken over is told, and can write nothing more: not here, not on the host."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path, PurePosixPath

import pytest

from tests.contract.histories import history, release
from tools.clock import SystemClock
from tools.errors import Superseded
from tools.fence import STALE, fenced
from tools.history import Store, leases
from tools.history.lease import Lease
from tools.history.leases import Taken
from tools.history.releases import Outcome, Status
from tools.local import LocalHost

PLACE = ("observer", "production")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with history(tmp_path) as opened:
        await opened.releases.open(release(1))
        await opened.releases.open(release(2))
        yield opened


async def taken(store: Store, number: int, owner: str = "") -> Taken:
    found = await store.leases.take(*PLACE, f"r{number}", owner or f"run of r{number}")
    assert isinstance(found, Taken), found
    return found


async def test_a_target_is_held_by_one_run_and_whoever_comes_meanwhile_learns_by_whom(store: Store) -> None:
    held = (await taken(store, 1)).lease
    assert await store.leases.take(*PLACE, "r2", "another") == held
    assert await store.leases.take(*PLACE, "r1", "another run of the same") == held
    assert await store.leases.of(*PLACE) == held
    await store.leases.give_back(held)
    after = await taken(store, 2)
    assert after.victim is None
    assert after.lease.fence > held.fence


async def test_of_twenty_who_come_at_once_one_holds_it(store: Store) -> None:
    answers = await asyncio.gather(*(store.leases.take(*PLACE, "r1", f"run {n}") for n in range(20)))
    (winner,) = [answer for answer in answers if isinstance(answer, Taken)]
    assert {answer for answer in answers if isinstance(answer, Lease)} == {winner.lease}


async def test_whoever_shows_that_it_lives_keeps_it_and_whoever_is_silent_is_taken_over(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = (await taken(store, 1)).lease
    monkeypatch.setattr(leases, "PATIENCE", timedelta(milliseconds=1))
    await asyncio.sleep(0.01)
    after = await taken(store, 2)
    assert after.victim == held
    assert after.lease.fence > held.fence
    assert not await store.leases.renew(held)
    assert await store.leases.renew(after.lease)
    assert (await store.leases.holds(held), await store.leases.holds(after.lease)) == (False, True)
    await store.leases.give_back(held)  # what is not held any more cannot be given back
    assert await store.leases.holds(after.lease)


async def test_whoever_is_taken_over_writes_nothing_about_releases_any_more(store: Store) -> None:
    held = (await taken(store, 1)).lease
    late = store.under(held)
    await late.releases.change("r1", stage="deploy")
    await late.journal.record("r1", "moved", "moved", {})
    assert await store.leases.seize(*PLACE, "U0HANA") == held
    before = (await store.releases.get("r1"), await store.journal.of("r1"), await store.targets.get(*PLACE))
    writes = (
        late.releases.change("r1", status=Status.WAITING),
        late.releases.finish("r1", Outcome.SUCCEEDED, ""),
        late.journal.record("r1", "late", "moved", {}),
        late.decisions.save_plan("r1", "late", {}),
        late.decisions.decide("r1/plan", "approved", "U0MAX"),
        late.targets.take_fence(*PLACE),
        late.targets.fail(*PLACE, {"release": "r1"}),
        late.targets.succeed(*PLACE, "r1", warned=False),
        late.deployments.succeed(*PLACE, "core", "r1", {"version": "v1"}),
    )
    for write in writes:
        with pytest.raises(Superseded, match="taken observer in production over from r1"):
            await write
    assert (await store.releases.get("r1"), await store.journal.of("r1"), await store.targets.get(*PLACE)) == before
    assert await store.decisions.plan("r1") is None


async def test_whoever_waits_for_a_target_raises_no_number(store: Store) -> None:
    held = (await taken(store, 1)).lease
    assert [await store.leases.take(*PLACE, "r2", "waits") for _ in range(3)] == [held] * 3
    assert (await store.targets.get(*PLACE)).fence == held.fence
    await store.leases.give_back(held)
    assert (await taken(store, 2)).lease.fence == held.fence + 1


async def test_the_host_refuses_whoever_was_taken_over_and_lets_the_successor_through(
    store: Store, tmp_path: Path
) -> None:
    """The frozen one got its number before; it says its command after it was woken."""
    host, directory, effects = LocalHost("here"), PurePosixPath(tmp_path / "srv"), tmp_path / "effects"
    late = await store.under((await taken(store, 1)).lease).targets.take_fence(*PLACE)
    await store.leases.seize(*PLACE, "U0HANA")
    successor = await store.under((await taken(store, 2)).lease).targets.take_fence(*PLACE)

    async def write(number: int, word: str) -> int:
        command = ("sh", "-c", 'echo "$1" >> "$0"', str(effects), word)
        return (await host.run(fenced(command, directory=directory, number=number))).exit_code

    assert [await write(successor, "new"), await write(late, "old"), await write(successor, "new")] == [0, STALE, 0]
    assert effects.read_text().split() == ["new", "new"]


async def test_a_process_that_owns_the_database_waits_for_nobody_who_died(store: Store) -> None:
    held = (await taken(store, 1)).lease
    await store.leases.bury()
    after = await taken(store, 1, "the run after the crash")
    assert after.lease.fence > held.fence
    assert after.victim is not None
    assert SystemClock().now() - after.victim.heartbeat > timedelta(days=1)


async def test_nobody_can_be_taken_over_where_nobody_runs(store: Store) -> None:
    assert await store.leases.seize(*PLACE, "U0HANA") is None
    assert await store.leases.of(*PLACE) is None


async def test_a_write_that_is_cancelled_at_any_moment_keeps_nobody_else_away(store: Store) -> None:
    """Stopping and cutting off cancel whatever is under way, and that may be a transaction."""
    held = (await taken(store, 1)).lease
    for number in range(60):
        writes = (
            store.leases.take("observer", "staging", "r2", str(number)),
            store.under(held).journal.record("r1", str(number), "moved", {}),
            store.under(held).releases.change("r1", stage=str(number)),
        )
        tasks = [asyncio.create_task(write) for write in writes]
        await asyncio.sleep(number / 10_000)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        async with asyncio.timeout(20):
            await store.releases.change("r1", stage="free")
