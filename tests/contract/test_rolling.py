"""P9, P10: rolling moves and their way back on a real engine behind the real default proxy, while users ask."""

import time
from collections.abc import AsyncIterator

import pytest

from tests.contract.parlour import Parlour, quick
from tests.stage.commands import tell
from tests.stage.load import Load, Order
from tests.stage.stage import Stage


@pytest.fixture
async def parlour(stage: Stage) -> AsyncIterator[Parlour]:
    made = Parlour(stage, stage.scratch("rolling"))
    try:
        await made.begin()
        yield made
    finally:
        made.clear()


async def test_p9_p10_a_day_of_releases_and_rollbacks_fails_no_request_however_programs_end(parlour: Parlour) -> None:
    """Each release stops the version before the last one, so that every behaviour ends once under load."""
    assert await parlour.moves("v1", quick("finish")) is None
    with Load(parlour.scratch, Order(parlour.port, slow=0.02, rate=50)) as load:
        for version, ending in (("v2", "drain"), ("v3", "exit"), ("v4", "ignore")):
            assert await parlour.moves(version, quick(ending)) is None
            load.heard(version)
        crashed = await parlour.moves("v5", quick("crash"))
        assert crashed
        assert "did not become healthy" in crashed.cause
        assert (await parlour.goes_back()).well
        asked = time.perf_counter()
        assert (await parlour.goes_back()).well
        load.heard("v3")
    report, back = load.report("v3"), load.report("v3", since=asked)
    assert report.failed == 0, report.line()
    assert report.requests > 150
    assert {tag: one.running for tag, one in (await parlour.all()).items()} == {"v3": True, "v4": False, "v5": False}
    assert back.first_new
    tell(f"{report.line()}; the way back answered after {back.first_new - asked:.2f} s")
