"""Where each component of a service is asked."""

from config.contracts import ComponentChecks, Health, Probe
from config.service import Environment
from config.targets import ComposeTarget, HostSettings

WEB, API, PAGE = (Probe(url=f"http://127.0.0.1:{port}/health") for port in (80, 81, 82))


def environment(**components: ComponentChecks) -> Environment:
    target = ComposeTarget(hosts=(HostSettings(name="alpha"),), directory="/srv")
    return Environment(target=target, health=Health(probe=WEB), smoke=(PAGE,), components=components)


def test_a_component_that_is_not_named_is_asked_as_the_environment_says() -> None:
    asked = environment()
    assert asked.health_of("web").probe == WEB
    assert asked.requests_of("web") == asked.requests == (WEB, PAGE)


def test_a_component_is_asked_at_its_own_endpoints_and_at_those_it_leaves_to_the_environment() -> None:
    asked = environment(api=ComponentChecks(health=Health(probe=API)), web=ComponentChecks(smoke=()))
    assert asked.requests_of("api") == (API, PAGE)
    assert asked.requests_of("web") == (WEB,)
    assert asked.requests == (WEB, PAGE, API)
