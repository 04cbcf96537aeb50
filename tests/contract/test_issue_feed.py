"""Issues in Linear hear how the release of their commits ended: once, and later where Linear was away."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from agents import events
from agents.entrypoints.issue_feed import IssueFeed
from agents.events import dump
from config.loading import load
from config.service import Service
from tests.contract.histories import history
from tests.emulators.linear import Issue, LinearEmulator, Team
from tests.unit.entrypoints.material import COMMIT, release
from tools.clock import SystemClock
from tools.history import Store
from tools.history.messages import Message
from tools.history.releases import Outcome
from tools.linear import Linear

WITHIN = timedelta(seconds=20)
SETTINGS = Path(__file__).parents[2] / "config/shipmate.yaml"


@dataclass
class Scene:
    """A store, an emulated Linear, and the feed between them."""

    store: Store
    linear: LinearEmulator
    service: Service

    def feed(self) -> IssueFeed:
        """A feed as a newly started process has it."""
        client = Linear(SecretStr(self.linear.key), self.linear.url, timedelta(seconds=5))
        return IssueFeed(
            self.store, SystemClock(), client, {"astrago": self.service}, lambda c, ts: f"https://s/{c}/{ts}"
        )

    async def ended(
        self, outcome: Outcome, *issues: str, number: int = 1, environment: str = "", card: str = ""
    ) -> str:
        """Let a release end that named issues."""
        place = environment or self.service.default_environment
        at = datetime.now(UTC) - timedelta(minutes=5)
        one = release(
            id=f"r{number}", request=f"r{number}", service="astrago", environment=place, requested_at=at, commit=COMMIT
        )
        await self.store.releases.open(one)
        if card:
            await self.store.messages.put(one.id, "card", Message("C0REL", card, ""))
        analyzed = events.Analyzed(COMMIT, "v1.2.2", "", {}, (), (), issues=issues)
        await self.store.journal.record(one.id, analyzed.key, analyzed.KIND, dump(analyzed))
        finished = events.Finished(outcome, "", 1.0)
        await self.store.releases.finish(one.id, outcome, "")
        await self.store.journal.record(one.id, finished.key, finished.KIND, dump(finished))
        return one.id

    def links(self, identifier: str) -> list[tuple[str, str]]:
        return [(link.title, link.url) for link in self.linear[identifier].attachments.values()]


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    team, service = Team("BE"), load(SETTINGS, {}).services["astrago"]
    async with history(tmp_path) as store, LinearEmulator(Issue("BE-577", team), Issue("BE-581", team)) as linear:
        yield Scene(store, linear, service)


async def test_issues_of_a_release_get_state_and_link_once(scene: Scene) -> None:
    await scene.ended(Outcome.SUCCEEDED, "BE-577", "BE-581")
    assert await scene.feed().follower.caught_up(WITHIN)
    asked = len(scene.linear.requests)
    assert await scene.feed().follower.caught_up(WITHIN)
    assert len(scene.linear.requests) == asked
    place = scene.service.default_environment
    for identifier in ("BE-577", "BE-581"):
        assert scene.linear[identifier].moves == ["Done"]
        assert scene.links(identifier) == [
            (f"astrago v1.2.3 runs in {place}", f"https://github.com/acme/astrago/commit/{COMMIT}")
        ]


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.ROLLED_BACK, Outcome.IN_DOUBT])
async def test_a_release_that_failed_gives_the_issue_back(scene: Scene, outcome: Outcome) -> None:
    await scene.ended(outcome, "BE-577", card="17.1")
    assert await scene.feed().follower.caught_up(WITHIN)
    assert scene.linear["BE-577"].moves == ["In Progress"]
    (link,) = scene.links("BE-577")
    assert "failed in" in link[0]
    assert link[1] == "https://s/C0REL/17.1"


async def test_other_environments_are_only_linked(scene: Scene) -> None:
    await scene.ended(Outcome.SUCCEEDED, "BE-577", environment="stage")
    assert await scene.feed().follower.caught_up(WITHIN)
    assert scene.linear["BE-577"].moves == []
    assert [title for title, _ in scene.links("BE-577")] == ["astrago v1.2.3 runs in stage"]


@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.SKIPPED, Outcome.CANCELLED])
async def test_what_was_never_tried_is_not_told(scene: Scene, outcome: Outcome) -> None:
    await scene.ended(outcome, "BE-577")
    assert await scene.feed().follower.caught_up(WITHIN)
    assert scene.linear.requests == []


async def test_what_only_looks_like_an_issue_is_left_alone(scene: Scene) -> None:
    await scene.ended(Outcome.SUCCEEDED, "UTF-8", "BE-577")
    assert await scene.feed().follower.caught_up(WITHIN)
    assert scene.linear["BE-577"].moves == ["Done"]
    assert await scene.feed().follower.caught_up(WITHIN)
    assert scene.linear.requests.count("Issue") == 2


async def test_an_outage_is_made_up_for_after_a_restart(scene: Scene) -> None:
    await scene.linear.down()
    await scene.ended(Outcome.SUCCEEDED, "BE-577")
    assert not await scene.feed().follower.caught_up(timedelta(seconds=0.3))
    await scene.linear.up()
    assert await scene.feed().follower.caught_up(WITHIN)
    assert scene.linear["BE-577"].moves == ["Done"]


async def test_a_lost_answer_moves_and_links_nothing_twice(scene: Scene) -> None:
    scene.linear.faults.lose_answers(times=2)
    await scene.ended(Outcome.SUCCEEDED, "BE-577")
    await scene.feed().follower.caught_up(timedelta(seconds=0.3))
    assert await scene.feed().follower.caught_up(WITHIN)
    assert scene.linear["BE-577"].moves == ["Done"]
    assert len(scene.links("BE-577")) == 1


async def test_a_state_that_is_wrong_in_the_settings_does_not_keep_the_others_waiting(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    assert scene.service.issues is not None
    tracker = scene.service.issues.model_copy(update={"released_state": "Released"})
    wrong = replace(scene, service=scene.service.model_copy(update={"issues": tracker}))
    await scene.ended(Outcome.SUCCEEDED, "BE-577")
    assert not await wrong.feed().follower.caught_up(timedelta(seconds=0.5))
    assert "Backlog, Todo" in caplog.text
    assert await scene.feed().follower.caught_up(WITHIN)
    assert scene.linear["BE-577"].moves == ["Done"]
