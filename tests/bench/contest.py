"""Deploys under a constant load: Shipmate's strategies beside what people use instead, the same program in one run."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.bench.table import Table, middle
from tests.bench.ways import Fleet, Spot, Way, ansible, plain, pyinfra
from tests.stage.conversation import HANA, Conversation
from tests.stage.load import Load, Order
from tests.stage.parlour.image import Behaviour, publish_parlour
from tests.stage.parlour.site import FILE, ParlourSite
from tests.stage.places import ROOT

COLUMNS = ("new first s", "old gone s", "returned s", "failed", "of", "gap ms", "p99 ms")
FAILED, ALL_NEW = COLUMNS.index("failed"), COLUMNS.index("old gone s")
SETTLE_SECONDS = 2.0
"""How long the load goes on before and after."""
Row = tuple[float | None, ...]
PEERS = ("ansible==12.3.0", "pyinfra==3.10.0")
"""Packages on the index, installed into a directory of their own, never needed by anything else."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One deploy under load, as its users saw it."""

    began: float
    returned: float
    row: Row


def seen(site: ParlourSite) -> Order:
    """Ask 200 times a second: half over fresh connections, a fifth with a body, some that take a second."""
    return Order(site.port, slow=0.005)


async def watched(site: ParlourSite, version: str, deploy: Callable[[], object]) -> Measured:
    """Carry out one blocking deploy under load."""
    with Load(site.directory / "load", seen(site)) as load:
        await asyncio.sleep(SETTLE_SECONDS)
        began = time.perf_counter()
        await asyncio.to_thread(deploy)
        returned = time.perf_counter()
        await asyncio.to_thread(load.heard, version)
        await asyncio.sleep(SETTLE_SECONDS)
    return _measured(load, version, began, returned)


async def released(chat: Conversation[ParlourSite], version: str, *, good: bool = True) -> Measured:
    """Let the bot release a version under load; it is approved at once, and the clock runs from the click."""
    card = await chat.asks(f"/deploy parlour {version}")
    await chat.shows(card, "[Approve]")
    with Load(chat.site.directory / "load", seen(chat.site)) as load:
        await asyncio.sleep(SETTLE_SECONDS)
        began = time.perf_counter()
        chat.slack.clicks(HANA, "Approve", card)
        story = await chat.end(card)
        returned = time.perf_counter()
        await asyncio.sleep(SETTLE_SECONDS)
    if (f"{version} in production runs" in story) is not good:
        raise RuntimeError(f"The release of {version} went otherwise than meant:\n{story}")
    return _measured(load, version if good else "", began, returned)


def _measured(load: Load, version: str, began: float, returned: float) -> Measured:
    told = load.report(version, since=began - SETTLE_SECONDS / 2)
    ends = (told.first_new, told.last_old) if version else (None, None)
    first, last = (None if moment is None else moment - began for moment in ends)
    row = (first, last, returned - began, told.failed, told.requests, told.gap * 1000, told.p99 * 1000)
    return Measured(began, returned, row)


def fleet(site: ParlourSite) -> Fleet:
    """Show the site's server to other tools."""
    scratch = site.directory / "peers"
    scratch.mkdir(exist_ok=True)
    spot = Spot("parlour-1", site.server_directory, "parlour", {"PARLOUR_PORT": str(site.port)}, site.stage.ssh)
    return Fleet((spot,), "parlour", FILE, scratch)


def peers(*, install: bool) -> Mapping[str, Way]:
    """Tell the tools to compare with; with `install` get those that are missing, as far as that works."""
    directory = ROOT / ".shipmate" / "peers"
    programs = {"ansible": directory / "bin" / "ansible-playbook", "pyinfra": directory / "bin" / "pyinfra"}
    if install and not all(program.exists() for program in programs.values()):
        subprocess.run((sys.executable, "-m", "venv", str(directory)), check=True)
        subprocess.run((str(directory / "bin" / "pip"), "install", "-q", *PEERS), check=False)
    ways = {"ansible": ansible, "pyinfra": pyinfra}
    there = {name: partial(ways[name], program=program) for name, program in programs.items() if program.exists()}
    return {"docker compose over ssh": plain, **there}


def prepare_peers(site: ParlourSite, names: Sequence[str], rounds: int) -> None:
    """Put the versions that other tools deploy into the registry, and onto the server: nobody's pull is measured."""
    for name in names:
        for number in range(rounds):
            image = publish_parlour(site.stage.registry, _scratch(site), peer_version(name, number), site.behaviour)
            site.stage.server.docker("pull", "--quiet", image)


def peer_version(name: str, number: int) -> str:
    """Name a version that a tool deploys."""
    return f"{name.partition(' ')[0]}-{number}"


def table(rows: Mapping[str, Sequence[Row]], behaviour: Behaviour) -> Table:
    """Show the medians."""
    title = f"200 requests/s, start {behaviour.start_seconds:g} s, SIGTERM: {behaviour.ending}"
    return Table(title, COLUMNS, {name: middle(each) for name, each in rows.items()}, drawn=COLUMNS[FAILED])


def _scratch(site: ParlourSite) -> Path:
    place = site.directory / "images"
    place.mkdir(exist_ok=True)
    return place
