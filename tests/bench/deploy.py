"""Deploys that nobody notices (P9), beside those that people make today: the same program under the same load."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial

from tests.bench.contest import ALL_NEW, FAILED, Row, peer_version, peers, prepare_peers, released, table, watched
from tests.bench.contest import fleet as fleet_of
from tests.bench.figures import Goal, Report
from tests.bench.table import middle
from tests.stage.conversation import Conversation
from tests.stage.parlour.image import Behaviour
from tests.stage.parlour.site import FIRST, ParlourSite
from tests.stage.stage import Stage

ENDINGS = ("finish", "drain", "exit", "ignore")
"""What the old version may do when it is told to end."""
ALL_NEW_SECONDS = 3.3
RECREATE, ROLLING, CRASHING = "Shipmate, recreate", "Shipmate, rolling", "Shipmate, rolling, a version that crashes"


@asynccontextmanager
async def parlour(
    stage: Stage, name: str, *, proxy: bool, behaviour: Behaviour, warm: timedelta | None = None
) -> AsyncIterator[Conversation[ParlourSite]]:
    """Let a bot run the first version of the sample."""
    site = ParlourSite(stage, stage.scratch(name), behaviour=behaviour, proxy=proxy, warm=warm)
    try:
        await asyncio.to_thread(site.prepare)
        async with Conversation(site) as chat:
            await chat.release(FIRST)
            yield chat
    finally:
        site.clear()


async def bench(stage: Stage, rounds: int) -> Report:
    """Take turns among the competitors, then let rolling releases meet programs that end badly, or never start."""
    recreated = await _recreated(stage, rounds)
    rolled = {ending: await _rolled(stage, rounds, ending) for ending in ENDINGS}
    crashed = [row for rows in rolled.values() for row in rows[1]]
    tables = [table({**recreated, ROLLING: rolled["finish"][0], CRASHING: crashed}, Behaviour())]
    tables += [
        table({ROLLING: rows[0]}, Behaviour(ending=ending)) for ending, rows in rolled.items() if ending != "finish"
    ]
    return Report("deploy", (), _goals({ending: rows[0] for ending, rows in rolled.items()}, crashed), (), tables)


async def _recreated(stage: Stage, rounds: int) -> dict[str, list[Row]]:
    ways = peers(install=True)
    rows: dict[str, list[Row]] = {RECREATE: [], **{name: [] for name in ways}}
    async with parlour(stage, "bench-recreate", proxy=False, behaviour=Behaviour()) as chat:
        site = chat.site
        await asyncio.to_thread(prepare_peers, site, list(ways), rounds)
        for number in range(rounds):
            version = await asyncio.to_thread(site.newer, f"v1.1.{number}")
            rows[RECREATE].append((await released(chat, version)).row)
            for name, way in ways.items():
                theirs = peer_version(name, number)
                measured = await watched(site, theirs, partial(way, fleet_of(site), theirs))
                rows[name].append(measured.row)
    return rows


async def _rolled(stage: Stage, rounds: int, ending: str) -> tuple[list[Row], list[Row]]:
    """Roll good versions that end in one way; and, once, one that crashes on start."""
    behaviour = Behaviour(ending=ending)
    async with parlour(stage, f"bench-rolling-{ending}", proxy=True, behaviour=behaviour) as chat:
        good = []
        for number in range(rounds):
            version = await asyncio.to_thread(chat.site.newer, f"v1.1.{number}")
            good.append((await released(chat, version)).row)
        bad = await asyncio.to_thread(chat.site.newer, "v1.2.0", Behaviour(ending="crash"))
        return good, [(await released(chat, bad, good=False)).row]


def _goals(rolled: dict[str, list[Row]], crashed: Sequence[Row]) -> list[Goal]:
    every = {ending: sum(row[FAILED] or 0 for row in rows) for ending, rows in rolled.items()}
    return [
        *(Goal(f"failed requests, rolling, SIGTERM: {ending}", failed, 0) for ending, failed in every.items()),
        Goal("failed requests, rolling, a version that crashes on start", sum(row[FAILED] or 0 for row in crashed), 0),
        Goal("approval to all new, rolling", middle(rolled["finish"])[ALL_NEW] or 0, ALL_NEW_SECONDS, "s "),
    ]
