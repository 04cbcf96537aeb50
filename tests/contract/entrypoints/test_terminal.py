"""The same conversation without Slack: commands, following a release, and the history as JSON."""

import asyncio
import io
import json
import shlex
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agents import events
from agents.answers import Origin, Person
from agents.entrypoints.commands import Catalog, parse
from agents.entrypoints.door import Reply, answer
from agents.entrypoints.export import export
from agents.entrypoints.standing import history_json, standings, status_json
from agents.entrypoints.terminal import DONE, FAILED, WAITING, follow
from agents.entrypoints.words import sentence
from tests.contract.entrypoints.house import Crew, configuration
from tests.emulators.slack import SlackEmulator
from tests.unit.entrypoints.material import ANALYZED, TERMINAL, UNIT, stage
from tools.clock import SystemClock
from tools.history import open_store
from tools.history.releases import Outcome

HANA, ANA = Person("terminal:hana"), Person("terminal:ana")


@pytest.fixture
async def crew(tmp_path: Path) -> AsyncIterator[Crew]:
    clock = SystemClock()
    store = await open_store(f"sqlite:///{tmp_path}/shipmate.db", clock)
    yield Crew(configuration(SlackEmulator()), store, clock)
    await store.close()


async def says(crew: Crew, text: str, person: Person = ANA) -> Reply:
    command = parse(text, Catalog.of(crew.configuration.services, "./shipmate"))
    return await answer(command, person, Origin(), crew, crew.configuration, f"terminal/{text}")


async def test_an_order_answers_with_the_release_to_follow(crew: Crew) -> None:
    reply = await says(crew, "deploy observer v1.2.3")
    assert reply.done
    assert reply.release is not None
    assert reply.text == f"The release of observer v1.2.3 in production is under way as {reply.release}."


async def test_a_mistake_is_answered_with_the_line_for_a_terminal(crew: Crew) -> None:
    reply = await says(crew, "deploy obsever v1.2.3")
    assert not reply.done
    assert reply.text.endswith("\nDid you mean: ./shipmate deploy observer v1.2.3")


async def test_the_line_that_was_meant_reaches_the_bot_as_it_was_typed_when_it_is_pasted(crew: Crew) -> None:
    said = "lock observer productoin it's `down`; $HOME really for 1h"
    line = (await says(crew, said)).text.partition("Did you mean: ")[2]
    assert shlex.split(line)[1:] == said.replace("productoin", "production").split()


async def test_a_plan_is_decided_by_word_in_a_terminal(crew: Crew) -> None:
    assert "(no-question)" in (await says(crew, "approve observer")).text
    release = str((await says(crew, "deploy observer v1.2.3")).release)
    digest = await crew.ask(release)
    reply = await says(crew, "reject observer production too risky", Person("U0HANA"))
    assert reply.text == f"Rejected: observer v1.2.3 in production, plan {digest[:12]}."
    question = await crew.store.decisions.latest(release)
    assert question is not None
    assert (question.choice, question.reason) == ("rejected", "too risky")


async def test_what_was_said_to_no_environment_is_answered_with_the_one_that_was_taken(crew: Crew) -> None:
    assumed = "Environment: production, since none was named."
    told = (await says(crew, "lock observer moon the database moves for 2h")).text
    assert told.splitlines() == ["observer in production is locked by terminal:ana.", assumed]
    assert assumed not in (await says(crew, "lock observer production the database moves for 2h")).text


async def test_following_shows_the_plan_and_ends_where_a_person_must_decide(crew: Crew) -> None:
    release = str((await says(crew, "deploy observer v1.2.3")).release)
    digest = await crew.ask(release)
    out = io.StringIO()
    assert await follow(crew, release, out) == WAITING
    told = out.getvalue()
    assert "ana (terminal) asked for observer v1.2.3 in production." in told
    assert "environment: + KIS_RETRY" in told
    assert "Plan digest:" in told
    assert told.index("Plan digest:") < told.index("Written by the model from unreviewed text")
    assert f"To decide: ./shipmate approve observer production {digest[:12]}" in told


@pytest.mark.parametrize(("named", "code"), [("", "plan-not-named"), (" production 0000000", "superseded")])
async def test_an_approval_that_names_no_plan_or_another_one_shows_the_plan_and_counts_nothing(
    crew: Crew, named: str, code: str
) -> None:
    release = str((await says(crew, "deploy observer v1.2.3")).release)
    digest = await crew.ask(release)
    reply = await says(crew, f"approve observer{named}", Person("U0HANA"))
    assert not reply.done
    assert f"({code})" in reply.text
    assert "environment: + KIS_RETRY" in reply.text
    assert reply.text.splitlines()[-2] == f"To decide: ./shipmate approve observer production {digest[:12]}"
    question = await crew.store.decisions.latest(release)
    assert question is not None
    assert question.choice is None


async def test_an_approval_may_name_the_plan_by_the_beginning_of_its_digest(crew: Crew) -> None:
    release = str((await says(crew, "deploy observer v1.2.3")).release)
    digest = await crew.ask(release)
    assert (await says(crew, f"approve observer production {digest[:7]}", Person("U0HANA"))).done
    question = await crew.store.decisions.latest(release)
    assert question is not None
    assert (question.choice, question.digest) == ("approved", digest)


@pytest.mark.parametrize(
    ("outcome", "code"),
    [(Outcome.SUCCEEDED, DONE), (Outcome.SKIPPED, DONE), (Outcome.ROLLED_BACK, FAILED), (Outcome.REFUSED, FAILED)],
)
async def test_following_tells_everything_once_until_the_end(crew: Crew, outcome: Outcome, code: int) -> None:
    release = str((await says(crew, "deploy observer v1.2.3")).release)
    out = io.StringIO()
    following = asyncio.create_task(follow(crew, release, out))
    await crew.report(release, *stage("analyze"), *stage("test"), UNIT)
    await crew.finish(release, outcome, "this is why")
    assert await following == code
    told = out.getvalue()
    assert told.count("Suite unit: passed, 42 tests") == 1
    assert "Why: this is why" in told


async def test_following_tells_when_a_release_moves_up_in_its_queue(crew: Crew) -> None:
    release = str((await says(crew, "deploy observer v1.2.3")).release)
    out = io.StringIO()
    following = asyncio.create_task(follow(crew, release, out))
    for position in (2, 2, 1):
        await crew.report(release, events.Queued("r0", "v1.2.2", position))
        async with asyncio.timeout(30):
            while sentence(events.Queued("r0", "v1.2.2", position), TERMINAL) not in out.getvalue():
                await crew.store.journal.wait(0.02)
    await crew.finish(release, Outcome.SUCCEEDED)
    assert await following == DONE
    assert out.getvalue().count(sentence(events.Queued("r0", "v1.2.2", 2), TERMINAL)) == 1


async def test_an_approved_release_is_followed_to_its_end(crew: Crew) -> None:
    release = str((await says(crew, "deploy observer v1.2.3")).release)
    digest = await crew.ask(release)
    await says(crew, f"approve observer production {digest}", Person("U0HANA"))
    await crew.finish(release, Outcome.SUCCEEDED)
    assert await follow(crew, release, io.StringIO()) == DONE


async def test_a_release_that_is_not_there_cannot_be_followed(crew: Crew) -> None:
    out = io.StringIO()
    assert await follow(crew, "nothing\x1b[2J", out) == FAILED
    assert "\x1b" not in out.getvalue()


async def test_the_export_has_the_agreed_shape(crew: Crew) -> None:
    release = str((await says(crew, "deploy observer v1.2.3")).release)
    await crew.report(release, *stage("analyze"), ANALYZED)
    for version in ("v1.2.2", "v1.2.3"):
        running = {"version": version, "commit": "c", "image": "ghcr.io/acme/observer", "tag": version}
        await crew.store.deployments.succeed("observer", "production", "observer", f"{release}{version}", running)
    await crew.finish(release, Outcome.SUCCEEDED)
    exported = json.loads(json.dumps(await export(crew.store)))
    (pipeline,) = exported["pipelines"]
    assert pipeline["pipeline_id"] == exported["current"] == release
    assert (pipeline["status"], pipeline["trigger"]) == ("success", "manual")
    assert pipeline["started_at"] < pipeline["finished_at"]
    assert [(one["name"], one["status"]) for one in pipeline["stages"]] == [("analyze", "passed")]
    assert pipeline["changes"]["categories"]["backend"] == ["src/observer/main.py"]
    assert pipeline["decisions"][0]["action"] == "skip_performance_test"
    counts = {"total_runs": 1, "success_count": 1, "failure_count": 0, "consecutive_failures": 0}
    assert exported["stats"].items() >= counts.items()
    images = exported["rollback_registry"]["services"]["observer"]
    assert images["current"] == "ghcr.io/acme/observer:v1.2.3"
    assert images["previous"] == "ghcr.io/acme/observer:v1.2.2"


async def test_failures_and_locks_are_in_status_and_export(crew: Crew) -> None:
    release = str((await says(crew, "deploy observer v1.2.3")).release)
    await crew.breaks(release)
    found = await standings(crew.store, crew.configuration.services, "observer", "production")
    (target,) = status_json(found)["targets"]
    assert target["locked_by"] == release
    assert (await export(crew.store))["pipelines"][0]["status"] == "rolled_back"
    assert (await export(crew.store, "observer", "production"))["stats"]["consecutive_failures"] == 1
    assert history_json(await crew.store.releases.recent())["releases"][0]["outcome"] == "rolled-back"
    assert "LOCKED since" in (await says(crew, "status observer production")).text


async def test_a_release_under_way_is_the_current_one(crew: Crew) -> None:
    first = str((await says(crew, "deploy observer v1.2.3")).release)
    second = str((await says(crew, "deploy observer v1.2.4")).release)
    await crew.finish(second, Outcome.CANCELLED)
    await crew.report(first, events.Entered("test"))
    exported = await export(crew.store)
    assert exported["current"] == first
    assert exported["pipelines"][0]["status"] == "running"


async def test_statistics_without_any_release_tell_no_rate(crew: Crew) -> None:
    assert "Success rate" not in (await says(crew, "stats")).text


async def test_unlocking_what_is_not_locked_says_so_to_anybody(crew: Crew) -> None:
    assert "observer in production is not locked." in (await says(crew, "unlock observer")).text
