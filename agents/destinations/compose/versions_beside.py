"""Whether two versions may stand next to each other, and what people should know of that before they approve it."""

from collections.abc import Iterator, Sequence

from agents.destinations.compose.composed import Composed
from agents.destinations.compose.serving import route_to
from agents.destinations.compose.survey import Surveyed
from agents.toolbox import Toolbox
from guardrails.beside import port_free, stands_beside
from guardrails.verdict import Verdict
from tools.inspection import Container
from tools.proxies.port import NETWORK


def judge_beside(tools: Toolbox, wanted: Composed, surveyed: Sequence[Surveyed]) -> Verdict:
    """Judge every component that requests reach through the proxy."""
    verdict = Verdict()
    for name in tools.service.components:
        part, route = wanted.compose.services.get(tools.service.compose_service(name)), route_to(tools, name)
        if part and route:
            verdict += stands_beside(part)
            for host, container in _by_hand(surveyed, name):
                verdict += port_free(container.name, host, route.listen, container.published)
    return verdict


def first_time(tools: Toolbox, surveyed: Sequence[Surveyed]) -> tuple[str, ...]:
    """Tell what becomes of containers that were started without the proxy."""
    return tuple(
        f"{container.name} on {host} was started without the proxy: who asks it past that, at port "
        f"{', '.join(map(str, container.published)) or '(none)'}, is answered by the old version until it is stopped"
        for name in tools.service.components
        if route_to(tools, name)
        for host, container in _by_hand(surveyed, name)
    )


def _by_hand(surveyed: Sequence[Surveyed], component: str) -> Iterator[tuple[str, Container]]:
    for host in surveyed:
        found = (host.components or {}).get(component)
        container = found.in_service if found else None
        if container and container.running and NETWORK not in container.addresses:
            yield host.name, container
