"""S2 `astrago`: four components from one repository, released through a deployment repository that ArgoCD follows."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.stage.astrago.history import CORE_ONLY, FIRST
from tests.stage.astrago.site import AstragoSite
from tests.stage.conversation import Conversation
from tests.stage.stage import Stage

PATIENT = {"report_at": 2, "lock_at": 99}


@pytest.fixture(scope="module")
def shared_site(stage: Stage) -> Iterator[AstragoSite]:
    """The service with its first version running, for all tests of the module."""
    place = AstragoSite(stage, stage.scratch("astrago"), failures=PATIENT)
    place.prepare()
    yield place
    place.clear()


@pytest.fixture(scope="module")
async def talk(shared_site: AstragoSite) -> AsyncIterator[Conversation[AstragoSite]]:
    """One conversation for all tests of the module."""
    async with shared_site.open(), Conversation(shared_site, environ=shared_site.tokens) as conversation:
        yield conversation


@pytest.fixture
async def chat(talk: Conversation[AstragoSite]) -> AsyncIterator[Conversation[AstragoSite]]:
    """The shared conversation, with nothing under way at the beginning and at the end of each test."""
    yield talk
    await talk.quiet()


async def test_only_what_changed_is_built_and_the_commit_changes_one_tag(chat: Conversation[AstragoSite]) -> None:
    site = chat.site
    before, commits = site.values, len(site.commits)
    story = await chat.release(CORE_ONLY)
    print(story)
    assert f"astrago {CORE_ONLY} in stage runs" in story
    assert site.values == before.replace(site.tag("core", FIRST), site.tag("core", CORE_ONLY))
    assert len(site.commits) == commits + 1
