"""What a crew leaves behind, the next one takes up: nothing twice, nothing lost, nothing quietly."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from agents.answers import Refusal
from agents.toolbox import Toolbox
from tests.contract.crews import HANA, Office, asked, crew_of, opened, order, reaches
from tools.errors import Unreachable
from tools.history.releases import Outcome, Status


async def test_a_pending_question_survives_a_restart(tmp_path: Path) -> None:
    before, after = Office(), Office()
    async with crew_of(tmp_path, before) as crew:
        release, digest = await asked(crew, order("1"))
        queued = await opened(crew, order("2"))
    async with crew_of(tmp_path, after) as crew:
        await crew.decide(release, digest, HANA, "approved")
        assert (await reaches(crew, release, Status.FINISHED)).outcome is Outcome.SUCCEEDED
        await reaches(crew, queued, Status.WAITING)
    assert before.visits == [("plan", release)]
    assert after.visits[:2] == [("deploy", release), ("verify", release)]


async def test_a_stop_in_mid_deploy_is_no_failure_and_the_next_start_goes_on(tmp_path: Path) -> None:
    """A stop closes connections, and tools under way would take that for a broken network."""
    before, after, begun, closed = Office(), Office(), asyncio.Event(), asyncio.Event()

    async def hold(_: Toolbox) -> None:
        begun.set()
        await closed.wait()
        raise Unreachable("the connection was closed")

    async def close() -> None:
        closed.set()
        await asyncio.sleep(0.5)  # time for whoever would still act on it

    before.on_deploy, before.on_stopped = hold, close
    async with crew_of(tmp_path, before) as crew:
        release, digest = await asked(crew, order())
        await crew.decide(release, digest, HANA, "approved")
        await begun.wait()
    async with crew_of(tmp_path, after) as crew:
        assert (await reaches(crew, release, Status.FINISHED)).outcome is Outcome.SUCCEEDED
    assert [node for node, _ in before.visits] == ["plan", "deploy"]
    assert [node for node, _ in after.visits] == ["deploy", "verify"]


async def test_an_answer_given_while_nobody_worked_is_found_at_the_start(tmp_path: Path) -> None:
    office = Office()
    async with crew_of(tmp_path, office) as crew:
        release, _ = await asked(crew, order())
        await crew.store.decisions.decide(f"{release}/plan", "approved", HANA.id)
    async with crew_of(tmp_path, office) as crew:
        assert (await reaches(crew, release, Status.FINISHED)).outcome is Outcome.SUCCEEDED
    assert office.count("deploy") == 1


async def test_an_upgrade_voids_a_waiting_release_loudly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    office = Office()
    async with crew_of(tmp_path, office) as crew:
        release, digest = await asked(crew, order())
    monkeypatch.setattr("agents.driver.GRAPH_VERSION", 1000)
    async with crew_of(tmp_path, office) as crew:
        ended = await reaches(crew, release, Status.FINISHED)
        answer = await crew.decide(release, digest, HANA, "approved")
        question = await crew.store.decisions.latest(release)
        keys = [entry.key for entry in await crew.store.journal.of(release)]
    assert ended.outcome is Outcome.FAILED
    assert "upgraded" in ended.cause
    assert "Nothing was touched" in ended.cause
    assert isinstance(answer, Refusal)
    assert question is not None
    assert question.choice == "superseded"
    assert {f"decided:{release}/plan", "finished"} <= set(keys)
    assert office.count("deploy") == 0


async def test_a_release_that_touched_a_host_and_cannot_go_on_locks_the_target(tmp_path: Path) -> None:
    office, begun = Office(), asyncio.Event()

    async def hold(_: Toolbox) -> None:
        begun.set()
        await asyncio.Event().wait()

    async def break_down(_: Toolbox) -> None:
        raise LookupError("web-1")

    office.on_deploy = hold
    async with crew_of(tmp_path, office) as crew:
        release, digest = await asked(crew, order("1"))
        await crew.decide(release, digest, HANA, "approved")
        await begun.wait()
    office.on_equip = break_down
    async with crew_of(tmp_path, office) as crew:
        ended = await reaches(crew, release, Status.FINISHED)
        target = await crew.store.targets.get("observer", "production")
        told = [entry.body["level"] for entry in await crew.store.journal.of(release) if entry.kind == "escalated"]
    assert (ended.outcome, target.locked_by, told) == (Outcome.IN_DOUBT, release, ["locked"])


async def test_an_upgrade_in_mid_deploy_leaves_the_release_in_doubt_and_locks_the_target(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office, begun = Office(), asyncio.Event()

    async def hold(_: Toolbox) -> None:
        begun.set()
        await asyncio.Event().wait()

    office.on_deploy = hold
    async with crew_of(tmp_path, office) as crew:
        release, digest = await asked(crew, order())
        await crew.decide(release, digest, HANA, "approved")
        await begun.wait()
    monkeypatch.setattr("agents.driver.GRAPH_VERSION", 1000)
    async with crew_of(tmp_path, office) as crew:
        ended = await reaches(crew, release, Status.FINISHED)
        target = await crew.store.targets.get("observer", "production")
    assert ended.outcome is Outcome.IN_DOUBT
    assert (target.locked_by, target.failures) == (release, 1)
    assert office.count("deploy") == 1


async def test_an_order_whose_taker_died_right_after_storing_it_is_announced_and_carried_out(tmp_path: Path) -> None:
    office = Office()
    async with crew_of(tmp_path, office) as crew:
        running, _ = await asked(crew, order("1"))
        stored = await crew.store.releases.get(running)
        assert stored is not None
        lost = replace(stored, id="20260206-160000-a1b2c3d", request="lost", kind="rollback", status=Status.QUEUED)
        await crew.store.releases.open(lost)
    async with crew_of(tmp_path, office) as crew:
        assert (await reaches(crew, lost.id, Status.FINISHED)).outcome is Outcome.SUCCEEDED
        stopped = await crew.store.releases.get(running)
        told = [entry.kind for entry in await crew.store.journal.of(lost.id)]
    assert stopped is not None
    assert stopped.outcome is Outcome.CANCELLED
    assert told.count("opened") == 1


async def test_a_restart_lets_nobody_jump_the_queue_behind_a_rollback(tmp_path: Path) -> None:
    office, begun = Office(), asyncio.Event()

    async def hold(_: Toolbox) -> None:
        begun.set()
        await asyncio.Event().wait()

    office.on_deploy = hold
    async with crew_of(tmp_path, office) as crew:
        await opened(crew, order("1", kind="rollback"))
        await begun.wait()
        behind = await opened(crew, order("2"))
    office.on_deploy = None
    async with crew_of(tmp_path, office) as crew:
        assert (await reaches(crew, behind, Status.WAITING)).cancelled_by is None


@pytest.mark.parametrize("without", ["observer", "production"])
async def test_what_is_no_longer_configured_is_given_up_at_the_start_and_answers_politely(
    tmp_path: Path, without: str
) -> None:
    async with crew_of(tmp_path, Office()) as crew:
        release, digest = await asked(crew, order("1"))
        queued = await opened(crew, order("2"))
        await crew.store.decisions.vote(f"{release}/plan", HANA.id, "approved")
        await crew.store.targets.lock("observer", "production", release)
    async with crew_of(tmp_path, Office(), without=without) as crew:
        for number in (release, queued):
            ended = await reaches(crew, number, Status.FINISHED)
            assert ended.outcome is Outcome.FAILED
            assert ended.cause.startswith("observer in production is no longer configured. Nothing was touched")
        assert await crew.decide(release, digest, HANA, "approved") == Refusal(
            "no-question", "No plan of this release waits for an answer.", "status"
        )
        for answer in (await crew.unlock("observer", "production", HANA), await crew.open(order("3"))):
            assert isinstance(answer, Refusal)
            assert answer.code == "not-configured"


async def test_the_target_of_a_release_that_may_have_touched_a_host_is_locked_when_it_is_no_longer_configured(
    tmp_path: Path,
) -> None:
    office, begun = Office(), asyncio.Event()

    async def hold(_: Toolbox) -> None:
        begun.set()
        await asyncio.Event().wait()

    office.on_deploy = hold
    async with crew_of(tmp_path, office) as crew:
        release, digest = await asked(crew, order("1"))
        await crew.decide(release, digest, HANA, "approved")
        await begun.wait()
    async with crew_of(tmp_path, Office(), without="production") as crew:
        assert (await reaches(crew, release, Status.FINISHED)).outcome is Outcome.IN_DOUBT
        assert (await crew.store.targets.get("observer", "production")).locked_by == release


async def test_decisions_and_cancellations_for_what_is_not_configured_here_are_refused(tmp_path: Path) -> None:
    async with crew_of(tmp_path, Office()) as crew:
        release, digest = await asked(crew, order("1"))
        crew.configuration.services.clear()
        answers = [await crew.decide(release, digest, HANA, "approved"), await crew.cancel(release, HANA)]
        assert [answer.code for answer in answers if isinstance(answer, Refusal)] == ["not-configured"] * 2
