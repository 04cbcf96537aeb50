"""The machine the bot runs on: programs, engine, secret scanner, and the places it writes to."""

import asyncio
import getpass
import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from agents.entrypoints.checkup import toolset
from agents.entrypoints.checkup.check import Check, missing, ok, settled
from agents.entrypoints.figures import count
from agents.entrypoints.wiring import Databases
from config.shipmate import Configuration
from tools.hosts import Argv, Completed
from tools.local import LocalHost
from tools.ownership import owner_of
from tools.scanner import Scanner

_HERE = "On this machine: "
_SAMPLE = (("doctor", b"nothing to see here\n"),)


async def machine_checks(
    configuration: Configuration, environ: Mapping[str, str], limit: timedelta
) -> tuple[Check, ...]:
    """Look at this machine; nothing is changed but the scanner's own cache."""
    host = LocalHost("this machine", environ)
    programs: Mapping[str, Argv] = {
        "git": toolset.GIT,
        "docker": toolset.DOCKER,
        "compose": toolset.COMPOSE,
        "buildx": toolset.BUILDX,
        "engine": toolset.ENGINE,
    }
    address = environ.get("DOCKER_HOST", "")

    def judge(name: str, ended: Completed) -> Check:
        return judged(name, ended, address)

    waiting = [settled(name, toolset.program(host, name, argv, judge), limit) for name, argv in programs.items()]
    waiting += [
        settled("secret scanner", _scanner(configuration), limit),
        settled("database", _database(configuration), limit),
        settled("workspace", _workspace(configuration), limit),
    ]
    return (_loaded(configuration), *await asyncio.gather(*waiting))


def judged(name: str, ended: Completed, address: str) -> Check:
    """Tell what a program of this machine said."""
    if name == "compose":
        return toolset.judged_compose(name, ended, _HERE)
    if name == "engine":
        return toolset.judged_engine(name, ended, _HERE, own_user(), address)
    package = {"buildx": "docker-buildx-plugin (from Docker's own packages)"}.get(name, name)
    return toolset.judged_program(name, ended, _HERE, toolset.installing(package))


def judged_place(name: str, path: Path, aside: str = "") -> Check:
    """Tell whether a directory can be written to, or made."""
    existing = next(place for place in (path, *path.parents) if place.exists())
    if existing.is_dir() and os.access(existing, os.W_OK | os.X_OK):
        return ok(name, f"{path}{aside}")
    how = f"{_HERE}sudo install -d -m 700 -o {own_user()} {path}"
    return missing(name, f"{own_user()} may not write to {existing}", how)


def _loaded(configuration: Configuration) -> Check:
    services = configuration.services.values()
    environments = sum(len(service.environments) for service in services)
    counted = f"{count(len(services), 'service')}, {count(environments, 'environment')}"
    return ok("configuration", f"{counted} ({configuration.path})")


async def _scanner(configuration: Configuration) -> Check:
    await Scanner(configuration.shipmate.workspace / "scanner").scan(_SAMPLE)
    return ok("secret scanner", "its rules are loaded")


async def _database(configuration: Configuration) -> Check:
    databases = Databases.of(configuration)
    owner = owner_of(databases.lock)
    aside = f", owned by the running bot (process {owner})" if owner else ", no bot is running"
    return judged_place("database", databases.lock.parent, aside)


async def _workspace(configuration: Configuration) -> Check:
    return judged_place("workspace", configuration.shipmate.workspace)


def own_user() -> str:
    """Name whoever runs the bot, or their number."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without an account
        return str(os.getuid())
