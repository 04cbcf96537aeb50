"""What the hosts run: against what was recorded, and where nothing was."""

from collections.abc import Iterable, Mapping

from agents.destinations.compose.survey import Found, Surveyed, survey, survey_running
from agents.toolbox import Toolbox
from tools.history.deployments import ADOPTED, Deployment


async def recognised(tools: Toolbox) -> tuple[str, str | None]:
    """Return version and commit of what runs; a service deployed before Shipmate came has its image's tag for a name.

    An empty version and None where nothing is recognised.
    """
    for host in await survey(tools):
        for found in (host.components or {}).values():
            tag = found.running.tag if found.running else None
            commit = await tools.repository.resolve(tag) if tag else None
            if tag and commit:
                return tag, commit
    return "", None


async def astray(tools: Toolbox) -> Mapping[str, str]:
    """Name, for each component that a host does not run as it was recorded, the first such host.

    Of what was never recorded only a container that runs is asked for; a host that cannot be seen counts as astray.
    """
    deployed = await tools.deployed()
    lost: dict[str, str] = {}
    for host in await survey_running(tools):
        for name in tools.service.components:
            if not _runs_well((host.components or {}).get(name), deployed.get(name)):
                lost.setdefault(name, host.name)
    return lost


def _runs_well(found: Found | None, recorded: Deployment | None) -> bool:
    if found is None or found.running is None or not found.container or not found.container.running:
        return False
    return recorded is None or recorded.runs(found.running.digest)


async def adopt(tools: Toolbox, version: str, commit: str, surveyed: Iterable[Surveyed]) -> None:
    """Write down what ran before Shipmate came, so that there is something to go back to."""
    deployed = await tools.deployed()
    for host in surveyed:
        for name, found in (host.components or {}).items():
            running = found.running
            if name not in deployed and running and running.digest and running.tag == version:
                known = {"release": "", "version": version, "commit": commit, "size_bytes": None}
                known |= {"image": running.image, "tag": running.tag, "digest": running.digest}
                await tools.store.deployments.succeed(
                    tools.service.service, tools.environment_name, name, ADOPTED, known
                )
