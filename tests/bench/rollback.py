"""The way back under load (P10): from the command to the first answer of the version before, beside what people use."""

import asyncio
import time
from datetime import timedelta
from functools import partial

from tests.bench.contest import COLUMNS, FAILED, Row, fleet, peer_version, peers, prepare_peers, seen, watched
from tests.bench.deploy import parlour
from tests.bench.figures import Goal, Report
from tests.bench.table import Table, middle
from tests.stage.conversation import Conversation
from tests.stage.load import Load
from tests.stage.parlour.image import Behaviour
from tests.stage.parlour.site import FIRST, ParlourSite
from tests.stage.stage import Stage

ANSWERS = 0
"""Column of the first answer."""
WARM, COLD, RECREATE = "Shipmate, rolling, still warm", "Shipmate, rolling, stopped", "Shipmate, recreate"
WARM_SECONDS, COLD_SECONDS = 1.0, 5.0
SOON = timedelta(seconds=1)
"""How long the old version stays warm where it is meant to be stopped."""


async def bench(stage: Stage, rounds: int) -> Report:
    """Release a version and go back, again and again; other tools go back by deploying the old version once more."""
    rows = {
        WARM: await _ours(stage, rounds, "warm", proxy=True),
        COLD: await _ours(stage, rounds, "cold", proxy=True, warm=SOON),
        RECREATE: await _ours(stage, rounds, "recreate", proxy=False),
        **await _theirs(stage, rounds),
    }
    medians = {name: middle(each) for name, each in rows.items()}
    columns = ("old answers s", "new gone s", *COLUMNS[2:])
    table = Table("back to the version before, 200 requests/s", columns, medians)
    failed = sum(row[FAILED] or 0 for name in (WARM, COLD) for row in rows[name])
    goals = (
        Goal("failed requests, rolling, warm and stopped", failed, 0),
        Goal("command to the old version answering, warm", medians[WARM][ANSWERS] or 0, WARM_SECONDS, "s "),
        Goal("command to the old version answering, stopped", medians[COLD][ANSWERS] or 0, COLD_SECONDS, "s "),
    )
    return Report("rollback", (), goals, (), (table,))


async def _ours(stage: Stage, rounds: int, name: str, *, proxy: bool, warm: timedelta | None = None) -> list[Row]:
    rows = []
    async with parlour(stage, f"bench-back-{name}", proxy=proxy, behaviour=Behaviour(), warm=warm) as chat:
        for number in range(rounds):
            await chat.release(await asyncio.to_thread(chat.site.newer, f"v1.1.{number}"))
            if warm:
                await chat.comes_true(lambda: len(chat.site.instances()) == 1)
            rows.append(await _back(chat))
    return rows


async def _back(chat: Conversation[ParlourSite]) -> Row:
    with Load(chat.site.directory / "load", seen(chat.site)) as load:
        await asyncio.to_thread(load.counted, 200)
        began = time.perf_counter()
        card = await chat.asks("/deploy rollback parlour")
        await asyncio.to_thread(load.heard, FIRST)
        await chat.end(card)
        returned = time.perf_counter()
        await asyncio.to_thread(load.counted, 200)
    told = load.report(FIRST, since=began)
    ends = (told.first_new, told.last_old)
    first, last = (None if moment is None else moment - began for moment in ends)
    return first, last, returned - began, told.failed, told.requests, told.gap * 1000, told.p99 * 1000


async def _theirs(stage: Stage, rounds: int) -> dict[str, list[Row]]:
    ways = peers(install=True)
    rows: dict[str, list[Row]] = {name: [] for name in ways}
    async with parlour(stage, "bench-back-peers", proxy=False, behaviour=Behaviour()) as chat:
        site = chat.site
        await asyncio.to_thread(prepare_peers, site, list(ways), rounds)
        for number in range(rounds):
            for name, way in ways.items():
                await asyncio.to_thread(way, fleet(site), peer_version(name, number))
                measured = await watched(site, FIRST, partial(way, fleet(site), FIRST))
                rows[name].append(measured.row)
    return rows
