"""Which adapter serves the target of a release."""

from agents.destinations.compose.adapter import ComposeDestination
from agents.destinations.gitops.adapter import GitopsDestination
from agents.destinations.port import Destination
from agents.toolbox import Toolbox
from config.targets import GitopsTarget


def destination_of(tools: Toolbox) -> Destination:
    """Choose the adapter by the target that the environment declares."""
    if isinstance(tools.environment.target, GitopsTarget):
        return GitopsDestination(tools)
    return ComposeDestination(tools)
