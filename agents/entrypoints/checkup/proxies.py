"""The reverse proxy of one server: whether it is set up, and whether requests go to something that runs."""

from agents.entrypoints.checkup.check import Check, State, missing, ok, optional, settled, unknown
from agents.entrypoints.checkup.place import Place
from agents.entrypoints.checkup.services import Subject
from config.rollout import ReverseProxy
from tools.clock import SystemClock
from tools.proxies import kinds
from tools.proxies.host_setup import HostSetup
from tools.proxies.port import Backend
from tools.proxies.setting_up import described


async def proxy_checks(place: Place, subject: Subject, environment: str, *, works: bool) -> tuple[Check, ...]:
    """Look at the proxy of a server whose instances stand next to each other; nothing where none do."""
    settings = place.target.proxy
    if settings is None or not place.target.rolls:
        return ()
    name = place.name("proxy")
    if not works:
        return (unknown(name, "not looked at, since docker does not work there"),)
    setup = await settled(name, _set_up(place, subject, environment, settings), subject.limit)
    if setup.state is not State.OK:
        return (setup,)
    routes = [
        await settled(place.name(f"requests for {route}"), _route(place, subject, settings, route), subject.limit)
        for route in settings.routes
    ]
    return (setup, *routes)


async def _set_up(place: Place, subject: Subject, environment: str, settings: ReverseProxy) -> Check:
    setup = HostSetup(place.host, settings, subject.service.project(place.target), SystemClock())
    todo, _ = await setup.look()
    if todo.nothing:
        return ok(place.name("proxy"), f"{settings.kind} is set up")
    needed = "; ".join(described(todo, settings))
    remedy = f"./shipmate host setup {subject.service.service} {environment}"
    return missing(place.name("proxy"), f"the host is not as its proxy needs it. Still to do: {needed}", remedy)


async def _route(place: Place, subject: Subject, settings: ReverseProxy, route: str) -> Check:
    service = subject.service
    services = {component: service.compose_service(component) for component in settings.routes}
    behind = kinds.Place(place.target.directory, service.project(place.target), services)
    backends = await kinds.proxy_of(settings, place.host, behind, SystemClock()).backends(route)
    names = tuple(one.name for one in backends)
    form = ("docker", "inspect", "--type", "container", "--format", "{{.State.Running}} {{.ID}}", *names)
    running = (await place.host.run(form)).stdout if names else ""
    return judged_route(place.name(f"requests for {route}"), backends, running, place, service.service)


def judged_route(name: str, backends: tuple[Backend, ...], running: str, place: Place, service: str) -> Check:
    """Tell whether requests go to instances that run; `running` is what the engine says of them."""
    if not backends:
        return optional(name, "go to nobody yet", f"The next release puts an instance there: /deploy {service} VERSION")
    alive = {line.split()[-1][:12] for line in running.splitlines() if line.startswith("true ")}
    dead = [one.name for one in backends if one.name not in alive]
    if dead:
        how = place.there(f"docker start {' '.join(dead)}; or /deploy rollback {service}")
        return missing(name, f"go to {', '.join(dead)}, which does not run", how)
    return ok(name, f"go to {', '.join(f'{one.name} at {one.address}:{one.port}' for one in backends)}")
