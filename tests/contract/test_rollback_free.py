"""P5: nothing stands in the way of a rollback: no lock, freeze, queue, approval, hanging run, nor who is away."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agents.answers import Wish
from agents.crew import Crew
from agents.toolbox import Toolbox
from config.freezes import Freeze
from config.shipmate import Configuration
from tests.contract.crews import ANA, HANA, HUGO, Movable, Office, asked, code, crew_of, opened, order, reaches
from tools.history.releases import Outcome, Status

PLACE = ("observer", "production")
NIGHT = Freeze(starts="0 22 * * *", lasts=timedelta(hours=8), zone="UTC", reason="backups run")


async def locked_after_failures(crew: Crew, _: Office) -> None:
    release, digest = await asked(crew, order("1"))
    await crew.decide(release, digest, HANA, "rejected")
    await reaches(crew, release, Status.FINISHED)
    await crew.store.targets.lock(*PLACE, release)


async def locked_by_a_person(crew: Crew, _: Office) -> None:
    await crew.lock(Wish(*PLACE, "", "the database moves", None, "slack:lock", ""), HANA)


async def locked_with_a_push_held_back(crew: Crew, office: Office) -> None:
    await locked_by_a_person(crew, office)
    await reaches(crew, await opened(crew, replace(order("1"), trigger="push")), Status.HELD)


async def behind_a_plan_that_waits_and_a_queue(crew: Crew, _: Office) -> None:
    await asked(crew, order("1"))
    await opened(crew, order("2"))


async def behind_a_build_that_would_never_end(crew: Crew, office: Office) -> None:
    begun = asyncio.Event()

    async def hang(_: Toolbox) -> None:
        begun.set()
        await asyncio.Event().wait()

    office.on_asked = hang
    await opened(crew, order("1"))
    await begun.wait()


async def behind_a_run_that_died_with_its_target(crew: Crew, _: Office) -> None:
    await crew.store.leases.take(*PLACE, "r0", "a process that is gone")
    await crew.store.leases.bury()


async def the_freeze_alone(_crew: Crew, _office: Office) -> None:
    """Nothing else is in the way."""


async def with_groups_and_a_slack_that_never_answers(crew: Crew, _: Office) -> None:
    crew.configuration = with_a_group(crew.configuration)
    crew.membership.tell, crew.membership.within = silence, timedelta(milliseconds=20)


async def silence(_group: str) -> frozenset[str]:
    await asyncio.Event().wait()
    raise AssertionError


def with_a_group(configuration: Configuration) -> Configuration:
    """Let only a group ask for releases."""
    service = configuration.services[PLACE[0]]
    place = service.environments[PLACE[1]]
    approval = place.approval.model_copy(update={"requesters": ("S0CREW1", ANA.id)})
    places = {**service.environments, PLACE[1]: place.model_copy(update={"approval": approval})}
    return configuration.model_copy(
        update={"services": {PLACE[0]: service.model_copy(update={"environments": places})}}
    )


OBSTACLES: tuple[Callable[[Crew, Office], Awaitable[None]], ...] = (
    the_freeze_alone,
    locked_after_failures,
    locked_by_a_person,
    locked_with_a_push_held_back,
    behind_a_plan_that_waits_and_a_queue,
    behind_a_build_that_would_never_end,
    behind_a_run_that_died_with_its_target,
    with_groups_and_a_slack_that_never_answers,
)


@pytest.mark.parametrize("obstacle", OBSTACLES, ids=lambda one: one.__name__)
async def test_a_rollback_goes_its_way(tmp_path: Path, obstacle: Callable[[Crew, Office], Awaitable[None]]) -> None:
    """Each obstacle, and the freeze that has begun since: what stands in the way had begun before."""
    office, clock = Office(), Movable(_tomorrow(12))
    async with crew_of(tmp_path, office, freezes=[NIGHT], clock=clock) as crew:
        await obstacle(crew, office)
        clock.move(_tomorrow(23))
        assert code(await crew.open(order("8"))) in {"locked", "frozen"}
        rollback = await opened(crew, order("9", kind="rollback"))
        ended = await reaches(crew, rollback, Status.FINISHED)
        assert (ended.outcome, ended.cause) == (Outcome.SUCCEEDED, "")
        assert await crew.store.decisions.latest(rollback) is None  # nobody was asked
        assert office.count("deploy", rollback) == 1


async def test_a_rollback_does_not_wait_for_slack_at_all(tmp_path: Path) -> None:
    """Not even as long as a command that needs Slack's answer waits for it."""
    async with crew_of(tmp_path, Office()) as crew:
        await with_groups_and_a_slack_that_never_answers(crew, Office())
        crew.membership.within = timedelta(hours=1)
        async with asyncio.timeout(20):
            await opened(crew, order("1", kind="rollback", person=HUGO))


def _tomorrow(hour: int) -> datetime:
    return datetime.now(UTC).replace(hour=hour, minute=30, second=0, microsecond=0) + timedelta(days=1)
