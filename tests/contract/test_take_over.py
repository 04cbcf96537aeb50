"""P7: a run that hangs, died or froze is taken over: the victim is told and writes nothing more, nothing stays held."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path, PurePosixPath

import pytest

from agents import tenure
from agents.answers import Accepted, Refusal
from agents.crew import Crew
from agents.tenure import Tenure
from agents.toolbox import Toolbox
from tests.contract.crews import HANA, HUGO, HastyClock, Office, asked, crew_of, opened, order, reaches
from tests.contract.histories import history
from tests.contract.histories import release as release_of_morning
from tools.errors import Superseded
from tools.fence import STALE, fenced
from tools.history import leases
from tools.history.journal import Entry
from tools.history.lease import Lease
from tools.history.releases import Outcome, Status
from tools.local import LocalHost

PLACE = ("observer", "production")
SOON = timedelta(milliseconds=20)


class Hanging:
    """A deploy that hangs, deaf to being cut off, and that writes to everything there is when it is woken."""

    def __init__(self, directory: Path) -> None:
        self.begun, self.woken, self.done = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.troubles: list[str] = []
        self.said: list[int] = []
        """Exit codes of what was said to the host: by this one, then by the successor, then by this one again."""
        self._host, self._place = LocalHost("here"), PurePosixPath(directory / "srv")

    async def deploy(self, tools: Toolbox) -> None:
        """Hang in the first run; the second puts everything back instead."""
        fence = await tools.store.targets.take_fence(*PLACE)
        await self._say(fence)
        self.begun.set()
        while not self.woken.is_set():
            try:
                await self.woken.wait()
            except asyncio.CancelledError:
                continue
        await self._say(fence)
        for write in (tools.store.targets.take_fence(*PLACE), tools.enter("verify")):
            try:
                await write
            except Superseded as error:
                self.troubles.append(error.happened)
        self.done.set()

    async def put_back(self, tools: Toolbox) -> None:
        """Do what the successor does on the host."""
        await self._say(await tools.store.targets.take_fence(*PLACE))

    async def _say(self, fence: int) -> None:
        command = fenced(("true",), directory=self._place, number=fence)
        self.said.append((await self._host.run(command)).exit_code)


@pytest.fixture
async def crew(tmp_path: Path) -> AsyncIterator[Crew]:
    async with crew_of(tmp_path, Office()) as working:
        yield working


async def told(crew: Crew, release: str, kind: str) -> list[Entry]:
    return [entry for entry in await crew.store.journal.of(release) if entry.kind == kind]


async def test_a_person_takes_over_from_a_run_that_hangs_and_another_run_puts_back_what_it_moved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tenure, "CUT_WITHIN", timedelta(milliseconds=100))
    office, hanging = Office(), Hanging(tmp_path)
    office.on_deploy, office.on_roll_back = hanging.deploy, hanging.put_back
    async with crew_of(tmp_path, office) as crew:
        crew.tenure.beat = timedelta(milliseconds=50)
        release, digest = await asked(crew, order("1"))
        waiting = await opened(crew, order("2"))
        await crew.decide(release, digest, HANA, "approved")
        await hanging.begun.wait()
        assert await crew.take_over(*PLACE, HUGO) == Accepted(release)
        ended = await reaches(crew, release, Status.FINISHED)
        assert (ended.outcome, ended.cause) == (Outcome.CANCELLED, f"cancelled by {HUGO.id}")
        assert [entry.body["by"] for entry in await told(crew, release, "taken-over")] == [HUGO.id]
        await reaches(crew, waiting, Status.WAITING)  # nothing stays held
        before = await crew.store.journal.of(release)
        hanging.woken.set()
        await hanging.done.wait()
        assert await crew.store.journal.of(release) == before
        assert await crew.store.releases.get(release) == ended
    assert hanging.said == [0, 0, STALE]
    assert [trouble.partition(" has taken")[0] for trouble in hanging.troubles] == ["Another run"] * 2
    assert (office.count("deploy", release), office.count("roll_back", release), office.count("verify")) == (1, 1, 0)


async def test_a_rollback_that_hangs_is_gone_on_with_by_another_run_and_never_put_back(tmp_path: Path) -> None:
    office, begun = Office(), asyncio.Event()

    async def hang_once(_: Toolbox) -> None:
        if not begun.is_set():
            begun.set()
            await asyncio.Event().wait()

    office.on_deploy = hang_once
    async with crew_of(tmp_path, office) as crew:
        crew.tenure.beat = timedelta(milliseconds=50)
        rollback = await opened(crew, order("1", kind="rollback"))
        await begun.wait()
        answer = await crew.take_over(*PLACE, HUGO)
        assert answer == Accepted(rollback, "It is cut off; another run goes on with the rollback.")
        ended = await reaches(crew, rollback, Status.FINISHED)
        assert (ended.outcome, ended.cause, ended.cancelled_by) == (Outcome.SUCCEEDED, "", None)
        assert [entry.body["goes_on"] for entry in await told(crew, rollback, "taken-over")] == [True]
    assert (office.count("deploy", rollback), office.count("roll_back", rollback)) == (2, 0)


@pytest.mark.parametrize("waits", [False, True])
async def test_where_nothing_runs_there_is_nothing_to_take_over(crew: Crew, waits: bool) -> None:
    if waits:
        release, _ = await asked(crew, order("1"))
        async with asyncio.timeout(10):
            while await crew.store.leases.of(*PLACE):
                await crew.store.journal.wait(0.02)
    answer = await crew.take_over(*PLACE, HANA)
    assert isinstance(answer, Refusal)
    assert (answer.code, answer.next_step) == ("nothing-runs", "status observer production")
    if waits:
        stored = await crew.store.releases.get(release)
        assert stored is not None
        assert stored.cancelled_by is None


async def test_a_silent_run_is_taken_over_by_the_next_and_its_release_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two processes of one store, as far as a lease can tell: each has a tenure of its own."""
    async with history(tmp_path) as store:
        one = await store.releases.open(release_of_morning(1))
        silent, lively = Tenure(store, HastyClock(), timedelta(hours=1)), Tenure(store, HastyClock(), SOON)
        begun, door, wrote = asyncio.Event(), asyncio.Event(), []

        async def freeze(lease: Lease) -> None:
            begun.set()
            await door.wait()
            await store.under(lease).journal.record(one.id, "late", "late", {})
            wrote.append("late")

        async def work(lease: Lease) -> None:
            await store.under(lease).journal.record(one.id, "next", "next", {})

        frozen = asyncio.create_task(silent.during(one, freeze))
        await begun.wait()
        monkeypatch.setattr(leases, "PATIENCE", timedelta(milliseconds=50))
        assert await lively.during(one, work)
        door.set()
        assert not await frozen
        assert wrote == []
        kinds = [entry.kind for entry in await store.journal.of(one.id)]
        assert kinds == ["taken-over", "next"]
        assert await store.leases.of(*PLACE) is None


async def test_whoever_shows_signs_of_life_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with history(tmp_path) as store:
        one = await store.releases.open(release_of_morning(1))
        order_of_end: list[str] = []
        begun, door = asyncio.Event(), asyncio.Event()

        async def slow(_: Lease) -> None:
            begun.set()
            await door.wait()
            order_of_end.append("first")

        async def quick(_: Lease) -> None:
            order_of_end.append("second")

        monkeypatch.setattr(leases, "PATIENCE", timedelta(seconds=20))
        first = asyncio.create_task(Tenure(store, HastyClock(), SOON).during(one, slow))
        await begun.wait()
        second = asyncio.create_task(Tenure(store, HastyClock(), SOON).during(one, quick))
        held = await store.leases.of(*PLACE)
        assert held is not None
        async with asyncio.timeout(20):
            while (await store.leases.of(*PLACE) or held).heartbeat == held.heartbeat:
                await store.journal.wait(0.01)
        door.set()
        assert all(await asyncio.gather(first, second))
        assert order_of_end == ["first", "second"]
