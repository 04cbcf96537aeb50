"""GitHub beside Slack: what it shows of a release, whom its thread calls, and that its absence costs nothing."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from tests.e2e.conftest import PATIENT
from tests.emulators.github.world import Repository
from tests.stage.conversation import HANA, Conversation
from tests.stage.observer.site import ObserverSite
from tests.stage.stage import Stage

PEOPLE = {"ben": ["U0BEN", "github:ben"], "hana": ["U0HANA", "terminal:hana"]}
PAGE = "https://observer.acme.example"


class ReleasingSite(ObserverSite):
    """The observer with a page of its own, and a GitHub release for every version."""

    def settings(self) -> dict[str, Any]:
        """Take the stage's settings, and ask for a release."""
        settings = super().settings() | {"github_release": True}
        settings["environments"]["production"]["url"] = PAGE
        return settings


@pytest.fixture(scope="module")
def releasing_site(stage: Stage, request: pytest.FixtureRequest) -> Iterator[ReleasingSite]:
    place = ReleasingSite(stage, stage.scratch(request.module.__name__), failures=PATIENT, bot={"people": PEOPLE})
    place.prepare()
    yield place
    place.clear()


@pytest.fixture(scope="module")
async def chat(releasing_site: ReleasingSite) -> AsyncIterator[Conversation[ReleasingSite]]:
    async with Conversation(releasing_site) as conversation:
        yield conversation


def states(there: Repository) -> dict[str, list[str]]:
    """Tell what was said about each deployment, by version; the moment between approval and deploy may be missed."""
    return {
        one.description.split()[1]: [status.state for status in one.statuses if status.state != "queued"]
        for one in there.deployments.values()
    }


async def test_a_release_is_recorded_published_and_its_authors_are_told(chat: Conversation[ReleasingSite]) -> None:
    there = chat.github["acme/observer"]
    card = await chat.asks("/deploy observer v1.2.3")
    await chat.shows(card, "[Approve]")
    await chat.github.until(lambda: states(there) == {"v1.2.3": ["pending"]}, 30)
    chat.slack.clicks(HANA, "Approve", card)
    await chat.end(card)
    await chat.slack.until(lambda: "Released with this:" in chat.story(card))
    await chat.github.until(lambda: states(there).get("v1.2.3", [])[-1:] == ["success"])
    (deployment,) = there.deployments.values()
    assert states(there) == {"v1.2.3": ["pending", "in_progress", "success"]}
    assert deployment.sha == there.git.resolve("refs/tags/v1.2.3")
    newest = deployment.statuses[-1]
    assert newest.environment_url == PAGE
    assert newest.target_url == f"https://acme.slack.com/archives/C0REL/p{card.ts.replace('.', '')}"
    assert [one.state for one in there.statuses if one.state != "pending"] == ["success"]
    assert {one.context for one in there.statuses} == {"shipmate/observer/production"}
    (published,) = there.releases.values()
    assert "Expose counters for Prometheus #7 by @ben" in published.body
    assert "compare/v1.2.2...v1.2.3" in published.body
    story = chat.story(card)
    assert "#7 Expose counters for Prometheus by" in story
    assert "<@U0BEN>" in str(chat.everything_told()["Slack"])
    assert published.tag in story


async def test_p13_github_away_in_the_middle_holds_nothing_up_and_catches_up(
    chat: Conversation[ReleasingSite],
) -> None:
    there = chat.github["acme/observer"]
    card = await chat.asks("/deploy observer v1.2.8")
    await chat.shows(card, "[Approve]")
    await chat.github.down()
    try:
        chat.slack.clicks(HANA, "Approve", card)
        assert "observer v1.2.8 in production runs" in await chat.shows(card, "Took ")
        assert "v1.2.8" not in [one.tag for one in there.releases.values()]
    finally:
        await chat.github.up()
    await chat.github.until(lambda: states(there).get("v1.2.8", [])[-1:] == ["success"], 60)
    await chat.github.until(lambda: states(there)["v1.2.3"][-1] == "inactive", 60)
    await chat.github.until(lambda: "v1.2.8" in [one.tag for one in there.releases.values()], 60)
    assert len(there.deployments) == 2
    assert len(there.releases) == 2
    assert [one.state for one in there.statuses if one.subject == there.git.resolve("refs/tags/v1.2.8")][
        -1
    ] == "success"
