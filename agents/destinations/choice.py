"""Which adapter serves the target of a release."""

from agents.destinations.compose.adapter import ComposeDestination
from agents.destinations.port import Destination
from agents.toolbox import Toolbox


def destination_of(tools: Toolbox) -> Destination:
    """Choose the adapter by the target that the environment declares."""
    return ComposeDestination(tools)
