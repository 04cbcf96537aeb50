"""One site for the tests of a module, and a bot that others watch and kill."""

from collections.abc import AsyncIterator

import pytest

from tests.faults.ordeal import Ordeal, ordeal
from tests.stage.observer.site import ObserverSite
from tests.stage.stage import Stage

PATIENT = {"report_at": 2, "lock_at": 99}
"""One test's failures must not lock the target for the next."""


@pytest.fixture(scope="module")
async def shared_fire(stage: Stage, request: pytest.FixtureRequest) -> AsyncIterator[Ordeal]:
    """The observer service with v1.2.2 running, and its bot."""
    site = ObserverSite(stage, stage.scratch(request.module.__name__), failures=PATIENT)
    site.prepare()
    async with ordeal(site) as under_fire:
        yield under_fire
    site.clear()


@pytest.fixture
async def fire(shared_fire: Ordeal) -> AsyncIterator[Ordeal]:
    """The same, with nothing under way at the beginning and at the end of each test."""
    shared_fire.server.done.clear()
    yield shared_fire
    await shared_fire.quiet()
    shared_fire.tell()
