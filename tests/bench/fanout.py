"""One version onto many hosts (P12), beside Ansible, pyinfra and plain ssh, as many hosts side by side for all.

Every host has an engine and an SSH server of its own, on one machine: the ratios mean something, the seconds do not.
The hosts share the machine's loopback, so Shipmate's requests for health reach the first host's program from all.
"""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.contest import peer_version, peers
from tests.bench.figures import Goal, Report
from tests.bench.memory import megabytes
from tests.bench.table import Table, middle
from tests.bench.ways import Fleet, Spot
from tests.stage.commands import execute
from tests.stage.conversation import HANA, Conversation
from tests.stage.crowd import Crowd, Member
from tests.stage.parlour.image import publish_parlour
from tests.stage.parlour.site import FILE, FIRST, ParlourSite
from tests.stage.places import ROOT
from tests.stage.ports import free_port
from tests.stage.stage import Stage
from tools.tasks import end

HOSTS, AT_ONCE = 50, 10
OF_ANSIBLE = 1 / 3
MEGABYTES = 300
WITHIN = 1800.0
OURS = "Shipmate"
PATIENT = {"health": {"timeout": "120s", "retries": 0}}
"""Fifty programs that start on one machine take longer than one does."""
LOOK_SECONDS = 0.5


@dataclass(slots=True)
class CrowdSite(ParlourSite):
    """The sample on every host of a crowd."""

    crowd: Crowd | None = None

    @property
    def members(self) -> tuple[Member, ...]:
        """The hosts."""
        return tuple(self.crowd.members) if self.crowd else ()

    @property
    def server_directory(self) -> Path:
        """The service's directory, as every host sees it."""
        return self.crowd.seen if self.crowd else self.directory

    def make_server(self) -> None:
        """Let every host publish a port of its own; the first one's is asked for health."""
        for number, member in enumerate(self.members):
            port = free_port() if number else self.port
            (member.own / ".env").write_text(f"PARLOUR_PORT={port}\n")

    def settings(self) -> dict[str, Any]:
        """Describe the service with all its hosts."""
        service = ParlourSite.settings(self)
        target = service["environments"]["production"]["target"]
        target |= {"hosts": [member.settings for member in self.members], "at_once": AT_ONCE}
        return service

    def clear(self) -> None:
        """Nothing stays on hosts that go."""


async def bench(stage: Stage, rounds: int) -> Report:
    """Take turns; what is measured is a command, or our stage, from its beginning until all hosts run the version."""
    ways = peers(install=True)
    rows: dict[str, list[tuple[float | None, ...]]] = {OURS: [], **{name: [] for name in ways}}
    most = 0.0
    async with _crowd(stage) as chat:
        fleet = _fleet(chat.site)
        await _first(chat)
        for number in range(rounds):
            for name, way in ways.items():
                version = peer_version(name, number)
                await asyncio.to_thread(_spread, chat.site, version)
                began = time.perf_counter()
                await asyncio.to_thread(way, fleet, version)
                rows[name].append((time.perf_counter() - began,))
            seconds, held = await _released(chat, f"v1.1.{number}")
            rows[OURS].append((seconds,))
            most = max(most, held)
    medians = {name: middle(each) for name, each in rows.items()}
    table = Table(f"{HOSTS} hosts, {AT_ONCE} side by side", ("s",), medians)
    goals = [Goal(f"memory of the bot while {HOSTS} hosts are moved", most, MEGABYTES, "MB ")]
    if "ansible" in medians:
        goals.append(Goal("of Ansible's time", (medians[OURS][0] or 0) / (medians["ansible"][0] or 1), OF_ANSIBLE))
    return Report("fanout", (), goals, (), (table,))


@asynccontextmanager
async def _crowd(stage: Stage) -> AsyncIterator[Conversation[CrowdSite]]:
    with Crowd(stage.scratch("crowd"), stage.toolset, HOSTS) as crowd:
        site = CrowdSite(stage, stage.scratch("bench-fanout"), crowd=crowd, extra=PATIENT)
        await asyncio.to_thread(site.prepare)
        async with Conversation(site) as chat:
            yield chat


def _fleet(site: CrowdSite) -> Fleet:
    scratch = site.directory / "peers"
    scratch.mkdir()
    spots = [
        Spot(member.name, site.server_directory, "parlour", {"PARLOUR_PORT": _port(member)}, member.ssh)
        for member in site.members
    ]
    return Fleet(tuple(spots), "parlour", FILE, scratch, AT_ONCE)


def _port(member: Member) -> str:
    return (member.own / ".env").read_text().strip().partition("=")[2]


async def _first(chat: Conversation[CrowdSite]) -> None:
    card = await chat.asks(f"/deploy parlour {FIRST}")
    await chat.shows(card, "[Approve]", WITHIN)
    chat.slack.clicks(HANA, "Approve", card)
    story = await chat.end(card, WITHIN)
    if f"{FIRST} in production runs" not in story:
        raise RuntimeError(f"The first release went wrong:\n{story}")


def _spread(site: CrowdSite, version: str) -> None:
    """Put a version's image on every host: nobody's pull is measured."""
    scratch = site.directory / "images"
    scratch.mkdir(exist_ok=True)
    image = publish_parlour(site.stage.registry, scratch, version, site.behaviour)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda member: member.engine.docker("pull", "--quiet", image), site.members))


async def _released(chat: Conversation[CrowdSite], version: str) -> tuple[float, float]:
    """Release a version; returns the seconds of the stage that moves all hosts, and the bot's largest memory, in MB."""
    await asyncio.to_thread(chat.site.newer, version)
    card = await chat.asks(f"/deploy parlour {version}")
    await chat.shows(card, "[Approve]", WITHIN)
    seen: list[float] = []
    watching = asyncio.create_task(_watch(chat, seen))
    chat.slack.clicks(HANA, "Approve", card)
    story = await chat.end(card, WITHIN)
    await end([watching])
    if f"{version} in production runs" not in story:
        raise RuntimeError(f"The release of {version} went wrong:\n{story}")
    return await asyncio.to_thread(_moved, chat.site), max(seen)


async def _watch(chat: Conversation[CrowdSite], seen: list[float]) -> None:
    while True:
        seen.append(megabytes(chat))
        await asyncio.sleep(LOOK_SECONDS)


def _moved(site: CrowdSite) -> float:
    """Read from the export how long the stage took that moves all hosts, of the newest release."""
    told = execute((sys.executable, "-m", "agents", "export", "parlour"), cwd=ROOT, env=site.environ())
    stages = json.loads(told)["pipelines"][-1]["stages"]
    return float(next(stage["seconds"] for stage in stages if stage["name"] == "deploy"))
