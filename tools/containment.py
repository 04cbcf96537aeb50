"""A container for code under test: no network, no privileges, bounded, and known by name so that it can be ended."""

import os
from collections.abc import Mapping
from pathlib import Path

from config.sources import Suite
from tools.errors import CommandFailed, NotFound, NotInstalled, Unreachable
from tools.hosts import Argv, Completed
from tools.process import NOT_STARTED, run

_REFUSED = 125
"""Exit code of `docker run` when the engine could not start the container."""


def contained(container: str, suite: Suite, sources: Path) -> Argv:
    """Build the command that runs a suite in its image on the given sources."""
    return (
        *("docker", "run", "--rm", "--init", "--sig-proxy=false", "--name", container),
        *("--network", "none", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
        *("--cpus", str(min(2, os.cpu_count() or 1)), "--memory", "2g", "--pids-limit", "1024"),
        *("--mount", f"type=bind,source={sources},target=/src", "--workdir", "/src"),
        *("--tmpfs", "/tmp:exec,mode=1777", "--env", "HOME=/tmp", "--env", "CI=true"),  # noqa: S108 - in the container
        *("--user", f"{os.getuid()}:{os.getgid()}", suite.image or ""),
        *suite.command,
    )


def started(completed: Completed, image: str) -> Completed:
    """Return what came, or raise why the engine could not start the container at all."""
    if completed.exit_code == NOT_STARTED and completed.stderr == "docker: not found":
        raise NotInstalled("The docker command line is not installed on the bot's machine.")
    if completed.exit_code != _REFUSED or "docker: " not in completed.stderr:
        return completed
    complaint = completed.stderr.strip()[-500:]
    if "Cannot connect" in complaint:
        raise Unreachable("The Docker engine does not answer.", remedy="Start it, then try again.")
    if "Unable to find image" in complaint:
        raise NotFound(f"There is no image {image} to run the suite in.", remedy=f"docker pull {image}")
    raise CommandFailed(f"The container of the suite could not be started: {complaint}")


async def words_so_far(container: str, environment: Mapping[str, str]) -> str:
    """Give the last lines that a running container printed."""
    logs = await run(("docker", "logs", "--tail", "40", container), env=environment)
    return f"{logs.stdout}\n{logs.stderr}"


async def ended(container: str, environment: Mapping[str, str]) -> None:
    """End and remove a container; one that is not there is fine."""
    await run(("docker", "rm", "--force", "--volumes", container), env=environment)
