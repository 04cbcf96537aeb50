"""S4 `webapp`: front end and back end in one release, with only that done which a change concerns (P12, P15)."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.stage.conversation import Conversation
from tests.stage.stage import Stage
from tests.stage.webapp.repository import BOTH, FIRST
from tests.stage.webapp.site import WebappSite

PATIENT = {"report_at": 2, "lock_at": 99}
"""Where tests share a site, one test's failures must not lock the target for the next."""
Chat = Conversation[WebappSite]


@pytest.fixture(scope="module")
def site(stage: Stage) -> Iterator[WebappSite]:
    """The service with v1.0.0 of both components running."""
    place = WebappSite(stage, stage.scratch("webapp"), failures=PATIENT)
    place.prepare()
    yield place
    place.clear()


@pytest.fixture(scope="module")
async def talk(site: WebappSite) -> AsyncIterator[Chat]:
    """One conversation for all tests of the module, which follow one another as releases do."""
    async with Conversation(site) as conversation:
        yield conversation


@pytest.fixture
async def chat(talk: Chat) -> AsyncIterator[Chat]:
    """The shared conversation, with nothing under way at the beginning and at the end of each test."""
    yield talk
    await talk.quiet()


async def test_front_end_and_back_end_are_released_together_with_the_migration(chat: Chat) -> None:
    site = chat.site
    assert site.running() == f"{site.tag(FIRST)} {site.tag(FIRST)}"
    story = await chat.release(BOTH)
    print(story)
    assert f"webapp {BOTH} in production runs" in story
    assert site.running() == f"{site.tag(BOTH)} {site.tag(BOTH)}"
