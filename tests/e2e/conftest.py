"""What conversations need: a site with v1.2.2 running, alone or shared by the tests of a module."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.stage.conversation import Conversation
from tests.stage.observer.site import ObserverSite
from tests.stage.stage import Stage

PATIENT = {"report_at": 2, "lock_at": 99}
"""Where tests share a site, one test's failures must not lock the target for the next."""
HASTY = {"approval": {"expires": "1s"}}


@pytest.fixture
def site(stage: Stage, request: pytest.FixtureRequest) -> Iterator[ObserverSite]:
    """The observer service with v1.2.2 running, started by hand."""
    place = ObserverSite(stage, stage.scratch(request.node.name))
    place.prepare()
    yield place
    place.clear()


@pytest.fixture(scope="module")
def shared_site(stage: Stage, request: pytest.FixtureRequest) -> Iterator[ObserverSite]:
    """The same for all tests of a module, with failures that never lock, and an environment with little patience."""
    place = ObserverSite(stage, stage.scratch(request.module.__name__), failures=PATIENT, environments={"hasty": HASTY})
    place.prepare()
    yield place
    place.clear()


@pytest.fixture(scope="module")
async def talk(shared_site: ObserverSite) -> AsyncIterator[Conversation]:
    """One conversation for all tests of a module."""
    async with Conversation(shared_site) as conversation:
        yield conversation


@pytest.fixture
async def chat(talk: Conversation) -> AsyncIterator[Conversation]:
    """The shared conversation, with nothing under way at the beginning and at the end of each test."""
    yield talk
    await talk.quiet()
