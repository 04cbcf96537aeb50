"""Which container of a component takes its requests: of several, the one that the proxy sends them to."""

from agents.toolbox import Server, Toolbox
from config.rollout import Route
from tools.health import Standing
from tools.inspection import Container
from tools.instances import Instances
from tools.proxies.port import NETWORK, Backend, Proxy


def route_to(tools: Toolbox, component: str) -> Route | None:
    """Return how requests reach a component through the proxy; None where it is recreated instead."""
    target = tools.environment.compose
    return target.proxy.routes.get(component) if target.rolls and target.proxy else None


def beside(server: Server) -> tuple[Instances, Proxy]:
    """Return what moves requests on a host; who asks for it has seen that the component has a route."""
    if server.instances is None or server.proxy is None:
        raise TypeError(f"{server.name} was set up without a proxy")
    return server.instances, server.proxy


async def serving(tools: Toolbox, server: Server, component: str) -> Container | None:
    """Return the container that takes a component's requests: warm, failed and stopped ones beside it do not count.

    Where the proxy knows of none it is the newest that runs, or else the newest that ran: None where there is none.
    """
    service = tools.service.compose_service(component)
    if route_to(tools, component) and server.instances and server.proxy:
        backends = await server.proxy.backends(component)
        names = [one.name for one in sorted(backends, key=lambda one: -one.weight)]
        there = {one.id[:12]: one for one in await server.instances.all(service)} if names else {}
        if found := next((there[name] for name in names if name in there), None):
            return found
    return await server.containers.find(tools.service.project(tools.environment.compose), service)


def backend(container: Container, route: Route) -> Backend:
    """Describe an instance to the proxy."""
    return Backend(container.id[:12], container.addresses[NETWORK], route.port)


def standing(container: Container, route: Route) -> Standing:
    """Tell where an instance is asked past the proxy."""
    return Standing(container.id, container.addresses[NETWORK], route.port)
