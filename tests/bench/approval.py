"""From the click on Approve to the first answer of the new version, against the bare command in the same run."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from statistics import median

from tests.bench.bare import WITHIN, by_hand, forget
from tests.bench.figures import Goal, Report, Series
from tests.bench.listener import Listener
from tests.stage.conversation import HANA, Conversation
from tests.stage.observer.site import ObserverSite
from tests.stage.observer.tree import replaced
from tests.stage.site import OVERRIDES
from tests.stage.stage import Stage
from tests.stage.versions import publish

MOST_TIMES = 1.1
BASE = "v1.2.3"
ASKED = "/deploy -> card that asks (tests and build included)"
VERIFIED = f"approval -> verified (watchdog of {OVERRIDES['watch']['window']} included)"


@dataclass(frozen=True, slots=True)
class Released:
    """One release, in seconds."""

    card: float
    question: float
    """From the command to the card that asks."""
    answering: float
    """From the click to the first answer of the new version."""
    verified: float
    """From the click to the end."""


@asynccontextmanager
async def conversation(stage: Stage, name: str) -> AsyncIterator[Conversation]:
    """Set up a site and talk to its bot."""
    site = ObserverSite(stage, stage.scratch(name))
    try:
        await asyncio.to_thread(site.prepare)
        async with Conversation(site) as chat:
            yield chat
    finally:
        site.clear()


async def bench(stage: Stage, rounds: int) -> Report:
    """Take turns: a release by the bot, a bare `up` back to the old version, a bare `pull` and `up` to the new one."""
    ours, up, pull_and_up = [], [], []
    async with conversation(stage, "bench-approval") as chat:
        site = chat.site
        for number in range(rounds + 1):
            version = await asyncio.to_thread(newer, site, number)
            released = await release(chat, version)
            back = await by_hand(site, "v1.2.2", pull=False)
            await asyncio.to_thread(forget, site, version)
            again = await by_hand(site, version, pull=True)
            if number:  # the first round warms caches and connections of all three
                ours.append(released)
                up.append(back)
                pull_and_up.append(again)
    return _report(ours, up, pull_and_up)


def newer(site: ObserverSite, number: int) -> str:
    """Publish one more good version."""
    version = f"v1.9.{number}"
    change = replaced("src/observer/__init__.py", BASE.removeprefix("v"), version.removeprefix("v"))
    publish(site.bare, version, on=BASE, change=change, subject=f"Tell version {version}")
    return version


async def release(chat: Conversation, version: str) -> Released:
    """Let the bot release a version, approved at once."""
    typed = time.perf_counter()
    card = await chat.asks(f"/deploy observer {version}")
    seen = time.perf_counter()
    await chat.shows(card, "[Approve]")
    asked = time.perf_counter()
    with Listener(chat.site.port, version.removeprefix("v")) as ear:
        clicked = time.perf_counter()
        chat.slack.clicks(HANA, "Approve", card)
        answered = await asyncio.to_thread(ear.heard, WITHIN)
    story = await chat.end(card)
    if f"{version} in production runs" not in story:
        raise RuntimeError(f"The release of {version} went wrong:\n{story}")
    return Released(seen - typed, asked - typed, answered - clicked, time.perf_counter() - clicked)


def _report(ours: list[Released], up: list[float], pull_and_up: list[float]) -> Report:
    series = (
        Series("approval -> new version answers, Shipmate", "s", tuple(one.answering for one in ours)),
        Series("command -> new version answers, bare ssh `up`", "s", tuple(up)),
        Series("command -> new version answers, bare ssh `pull` and `up`", "s", tuple(pull_and_up)),
        Series("/deploy -> first card", "s", tuple(one.card for one in ours)),
        Series(ASKED, "s", tuple(one.question for one in ours)),
        Series(VERIFIED, "s", tuple(one.verified for one in ours)),
    )
    pairs = [one.answering / bare for one, bare in zip(ours, up, strict=True)]
    shipped = [one.answering / bare for one, bare in zip(ours, pull_and_up, strict=True)]
    listed = ", ".join(f"{pair:.2f}" for pair in pairs)
    return Report(
        "approval",
        series,
        # Neighbours in time share the machine's mood; medians of the two series would not.
        (Goal("approval to answering, times the bare `up`, median of the pairs", median(pairs), MOST_TIMES),),
        (
            f"times the bare `up`, pair by pair: {listed}; of the medians: {series[0].median / series[1].median:.2f}",
            f"times the bare `pull` and `up`, median of the pairs: {median(shipped):.2f}",
        ),
    )
