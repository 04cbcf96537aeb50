"""P7: a release that is cancelled ends in a defined state, whatever it was doing, and the next one goes on."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from agents.answers import Accepted
from agents.crew import Crew
from agents.toolbox import Toolbox
from config.freezes import Freeze
from tests.contract.crews import HANA, HUGO, Office, asked, code, crew_of, opened, order, reaches
from tools.history.releases import Outcome, Status

FREEZE = Freeze.model_validate({"starts": "* * * * *", "lasts": "1h", "reason": "moving house"})
PLACE = ("observer", "production")


class Pause:
    """Holds a release in the middle of a stage."""

    def __init__(self) -> None:
        self.begun, self.door = asyncio.Event(), asyncio.Event()

    async def __call__(self, _: Toolbox) -> None:
        """Wait in the first visit."""
        if not self.begun.is_set():
            self.begun.set()
            await self.door.wait()


@pytest.mark.parametrize(
    ("stage", "visits"),
    [
        ("plan", ["plan"]),
        ("deploy", ["plan", "deploy", "roll_back"]),
        ("verify", ["plan", "deploy", "verify", "roll_back"]),
    ],
)
async def test_cancelled_in_the_middle_of_a_stage(tmp_path: Path, stage: str, visits: list[str]) -> None:
    """Before the first effect it is cut short at once; after it, everything is put back."""
    office, pause = Office(), Pause()
    async with crew_of(tmp_path, office) as crew:
        setattr(office, {"plan": "on_asked"}.get(stage, f"on_{stage}"), pause)
        release = await opened(crew, order("1"))
        next_one = await opened(crew, order("2"))
        if stage != "plan":
            await reaches(crew, release, Status.WAITING)
            await crew.decide(release, f"digest of {release}", HANA, "approved")
        await pause.begun.wait()
        assert await crew.cancel(release, HUGO) == Accepted(release)
        if stage != "plan":  # nothing has to open the door of what is cut short
            pause.door.set()
        await is_cancelled(crew, release)
        assert [node for node, of in office.visits if of == release] == visits
        await reaches(crew, next_one, Status.WAITING)


@pytest.mark.parametrize("cause", ["roll_back", "escalate"])
async def test_cancelled_while_it_is_put_back_anyway_it_ends_as_what_it_was(tmp_path: Path, cause: str) -> None:
    """A way back that has begun is never cut short, and a failure does not become a wish."""
    office, pause = Office(), Pause()
    setattr(office, f"on_{cause}", pause)

    async def fail(_: Toolbox) -> None:
        raise OSError("web-1 is away")

    office.on_deploy = fail
    async with crew_of(tmp_path, office) as crew:
        release, digest = await asked(crew, order("1"))
        next_one = await opened(crew, order("2"))
        await crew.decide(release, digest, HANA, "approved")
        await pause.begun.wait()
        assert await crew.cancel(release, HUGO) == Accepted(release)
        pause.door.set()
        ended = await reaches(crew, release, Status.FINISHED)
        assert ended.outcome is Outcome.ROLLED_BACK
        assert (office.count("roll_back", release), office.count("escalate", release)) == (1, 1)
        await reaches(crew, next_one, Status.WAITING)


@pytest.mark.parametrize("stage", ["deploy", "verify"])
@pytest.mark.parametrize("late", [False, True])
async def test_a_rollback_that_has_touched_something_is_not_stopped(tmp_path: Path, stage: str, late: bool) -> None:
    """Refused, and where the wish was stored a moment before the first effect, it changes nothing."""
    office, pause = Office(), Pause()
    setattr(office, f"on_{stage}", pause)
    async with crew_of(tmp_path, office) as crew:
        rollback = await opened(crew, order("1", kind="rollback"))
        await pause.begun.wait()
        if late:
            assert await crew.store.releases.cancel(rollback, HUGO.id)
        else:
            assert code(await crew.cancel(rollback, HUGO)) == "rollback-goes-on"
        pause.door.set()
        assert (await reaches(crew, rollback, Status.FINISHED)).outcome is Outcome.SUCCEEDED
        assert office.count("roll_back", rollback) == 0


@pytest.mark.parametrize("status", [Status.PENDING, Status.HELD, Status.QUEUED, Status.WAITING])
async def test_cancelled_while_it_waits_it_ends_untouched(tmp_path: Path, status: Status) -> None:
    office = Office()
    freezes = [FREEZE] if status is Status.HELD else []
    async with crew_of(tmp_path, office, freezes=freezes) as crew:
        if status is Status.QUEUED:
            await asked(crew, order("0"))
        pushed = replace(order("1"), trigger="push", after_checks=status is Status.PENDING)
        release = await opened(crew, order("1") if status in {Status.QUEUED, Status.WAITING} else pushed)
        await reaches(crew, release, status)
        assert await crew.cancel(release, HUGO) == Accepted(release)
        await is_cancelled(crew, release)
        assert office.count("deploy") == 0
        question = await crew.store.decisions.latest(release)
        assert question is None or question.choice == "cancelled"


async def is_cancelled(crew: Crew, release: str) -> None:
    """Wait for the one end that a cancelled release has: told, with its person, and nothing held."""
    ended = await reaches(crew, release, Status.FINISHED)
    assert (ended.outcome, ended.cause) == (Outcome.CANCELLED, f"cancelled by {HUGO.id}")
    assert [entry.kind for entry in await crew.store.journal.of(release)].count("finished") == 1
    held = await crew.store.leases.of(*PLACE)
    assert held is None or held.release != release or await ended_lease(crew, release)


async def ended_lease(crew: Crew, release: str) -> bool:
    """Wait until the run has given its target back."""
    async with asyncio.timeout(20):
        while (held := await crew.store.leases.of(*PLACE)) and held.release == release:
            await crew.store.journal.wait(0.02)
    return True
