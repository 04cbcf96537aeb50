"""The same without Shipmate: what a person would type, over a fresh ssh connection."""

import asyncio
import shlex
import subprocess
import time

from tests.bench.listener import Listener
from tests.stage.observer.site import ObserverSite

WITHIN = 60.0


async def by_hand(site: ObserverSite, version: str, *, pull: bool) -> float:
    """Start a version by hand; returns the seconds until it answered."""
    compose = f"docker compose --project-name observer --project-directory {shlex.quote(str(site.server_directory))}"
    file = shlex.quote(str(site.server_directory / "docker-compose.server.yml"))
    line = f"env IMAGE_TAG={version} {compose} --file {file} up --detach --no-deps observer"
    if pull:
        line = f"docker pull --quiet {site.image}:{version} && {line}"
    return await asyncio.to_thread(_timed, site, version, line)


def _timed(site: ObserverSite, version: str, line: str) -> float:
    with Listener(site.port, version.removeprefix("v")) as ear:
        begun = time.perf_counter()
        subprocess.run(site.stage.ssh.command(line), check=True, capture_output=True, timeout=WITHIN)
        return ear.heard(WITHIN) - begun


def forget(site: ObserverSite, version: str) -> None:
    """Take a version's image off the server, so that it has to be shipped again."""
    found = site.stage.server.docker("image", "ls", "--quiet", "--no-trunc", f"{site.image}:{version}").split()
    if found:
        site.stage.server.docker("image", "rm", "--force", *found)
