"""Which version a rollback is ordered to, by word and by what happened."""

from pathlib import Path

import pytest

from agents.answers import Origin, Person
from agents.entrypoints.commands import Catalog, parse
from agents.entrypoints.door import Reply, answer
from tests.contract.entrypoints.house import Crew, configuration
from tests.contract.histories import history, opened
from tests.emulators.slack import SlackEmulator
from tools.clock import SystemClock
from tools.history import Store
from tools.history.deployments import ADOPTED
from tools.history.releases import Outcome, Status


async def says(store: Store, text: str) -> Reply:
    crew = Crew(configuration(SlackEmulator()), store, SystemClock())
    command = parse(text, Catalog.of(crew.configuration.services, "./shipmate"))
    return await answer(command, Person("terminal:ana"), Origin(), crew, crew.configuration, text)


async def ran(store: Store, *numbers: int) -> None:
    """Let releases succeed one after the other."""
    for number in numbers:
        await opened(store, number)
        await store.releases.finish(f"r{number}", Outcome.SUCCEEDED, "")
        running = {"version": f"v1.0.{number}", "digest": str(number)}
        await store.deployments.succeed("observer", "production", "observer", f"r{number}", running)


@pytest.mark.parametrize(
    ("stage", "version"),
    [("test", "v1.0.1"), ("approve", "v1.0.1"), ("deploy", "v1.0.2"), ("verify", "v1.0.2"), ("roll_back", "v1.0.2")],
)
async def test_a_rollback_during_a_release_undoes_that_release_and_no_more(
    tmp_path: Path, stage: str, version: str
) -> None:
    async with history(tmp_path) as store:
        await ran(store, 1, 2)
        await opened(store, 3)
        await store.releases.change("r3", status=Status.RUNNING, stage=stage)
        assert f"The rollback of observer {version} in" in (await says(store, "rollback observer")).text


async def test_a_rollback_out_of_doubt_goes_to_the_version_that_was_last_verified(tmp_path: Path) -> None:
    async with history(tmp_path) as store:
        await ran(store, 1, 2)
        await opened(store, 3)
        await store.releases.finish("r3", Outcome.IN_DOUBT, "")
        assert "The rollback of observer v1.0.2 in" in (await says(store, "rollback observer")).text


async def test_an_adopted_component_is_not_the_newest_because_of_its_name(tmp_path: Path) -> None:
    async with history(tmp_path) as store:
        await ran(store, 1, 2)
        await store.deployments.succeed("observer", "production", "worker", ADOPTED, {"version": "v1.0.0"})
        assert "The rollback of observer v1.0.1 in" in (await says(store, "rollback observer")).text


async def test_what_did_not_change_with_the_newest_release_does_not_say_what_ran_before_it(tmp_path: Path) -> None:
    async with history(tmp_path) as store:
        for number, worker in ((1, "a"), (2, "b"), (3, "b")):
            await opened(store, number)
            await store.releases.finish(f"r{number}", Outcome.SUCCEEDED, "")
            for name, digest in (("batch", worker), ("observer", str(number))):
                running = {"release": f"r{number}", "version": f"v1.0.{number}", "digest": digest}
                await store.deployments.succeed("observer", "production", name, f"r{number}", running)
        assert "The rollback of observer v1.0.2 in" in (await says(store, "rollback observer")).text


async def test_a_first_release_over_what_was_adopted_goes_back_to_that(tmp_path: Path) -> None:
    async with history(tmp_path) as store:
        await store.deployments.succeed("observer", "production", "observer", ADOPTED, {"version": "v1.0.0"})
        await opened(store, 1)
        await store.releases.change("r1", status=Status.RUNNING, stage="deploy")
        assert "The rollback of observer v1.0.0 in" in (await says(store, "rollback observer")).text


async def test_a_version_that_was_rolled_away_from_is_reached_by_a_release_only(tmp_path: Path) -> None:
    async with history(tmp_path) as store:
        await ran(store, 1, 2)
        await opened(store, 3, kind="rollback", version="v1.0.1")
        await store.releases.finish("r3", Outcome.SUCCEEDED, "")
        await store.deployments.go_back("observer", "production", "observer", "r3", {"version": "v1.0.1"}, None)
        reply = await says(store, "rollback observer to v1.0.2")
        assert "(not-a-way-back)" in reply.text
        assert "Next: ./shipmate deploy observer v1.0.2 to production" in reply.text
        assert "Next: ./shipmate history observer production" in (await says(store, "rollback observer")).text
        assert await store.releases.unfinished() == ()
