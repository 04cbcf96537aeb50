"""Programs that must be there, on the bot's machine and on servers: what their answers mean."""

import re
from collections.abc import Callable

from agents.entrypoints.checkup.check import Check, missing, ok
from tools.hosts import Argv, Completed, Host

NOT_STARTED = 127
COMPOSE_MAJOR = 2
_DOCKER = "install Docker: https://docs.docker.com/engine/install/"
_PLUGINS = "apt-get install {package} (from Docker's own packages)"
_SHOWN = 200

GIT: Argv = ("git", "--version")
DOCKER: Argv = ("docker", "--version")
COMPOSE: Argv = ("docker", "compose", "version", "--short")
BUILDX: Argv = ("docker", "buildx", "version")
ENGINE: Argv = ("docker", "version", "--format", "{{.Server.Version}}")
FLOCK: Argv = ("flock", "--version")


def version_in(text: str) -> str:
    """Find the version in what a program says of itself; empty where there is none."""
    found = re.search(r"\bv?(\d+(?:\.\d+)+[\w.+~-]*)", text)
    return found[1] if found else ""


def complaint(ended: Completed) -> str:
    """Quote what a program complained of: the first line that is no mere warning."""
    lines = [line.strip() for line in (ended.stderr.strip() or ended.stdout.strip()).splitlines()]
    telling = [line for line in lines if line and not line.startswith("WARNING")]
    return telling[0][:_SHOWN] if telling else f"exit code {ended.exit_code}"


def judged_program(name: str, ended: Completed, place: str, how: str) -> Check:
    """Tell whether a program is there, and which version."""
    if ended.ok:
        return ok(name, version_in(ended.stdout) or "there")
    return missing(name, f"not installed ({complaint(ended)})", f"{place}{how}")


def judged_compose(name: str, ended: Completed, place: str) -> Check:
    """Tell whether Compose is there as a plugin of the docker command, in its second version or later."""
    how = f"{place}{_PLUGINS.format(package='docker-compose-plugin')}"
    version = version_in(ended.stdout)
    if not ended.ok or not version:
        return missing(name, f"the Compose plugin is not installed ({complaint(ended)})", how)
    if int(version.partition(".")[0]) < COMPOSE_MAJOR:
        return missing(name, f"{version} is too old", how)
    return ok(name, version)


def judged_engine(name: str, ended: Completed, place: str, user: str, address: str = "") -> Check:
    """Tell whether an engine answers; `address` is what DOCKER_HOST says."""
    where = f" at {address}" if address else ""
    if ended.ok and version_in(ended.stdout):
        return ok(name, f"{version_in(ended.stdout)}{where}")
    if ended.exit_code == NOT_STARTED:
        return missing(name, "docker is not installed", f"{place}{_DOCKER}")
    said = complaint(ended)
    if "permission denied" in said.lower():
        how = f"{place}sudo usermod -aG docker {user}, then log in again"
        return missing(name, f"{user} may not use the engine{where} ({said})", how)
    how = f"{place}sudo systemctl start docker" + (", or correct DOCKER_HOST" if address else "")
    return missing(name, f"no engine answers{where} ({said})", how)


async def program(host: Host, name: str, argv: Argv, judge: Callable[[str, Completed], Check]) -> Check:
    """Run a program on a host and judge what it says."""
    return judge(name, await host.run(argv))


def installing(package: str) -> str:
    """Say how a program comes to a machine."""
    return {"docker": _DOCKER}.get(package, f"apt-get install {package}")
