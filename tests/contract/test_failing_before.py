"""P18 the baseline, measured: what ran before is asked as its users ask it, and looked at as the engine knows it."""

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiohttp import web

from agents.destinations.compose.before import found_failing
from agents.destinations.compose.survey import Found, Surveyed
from agents.toolbox import Toolbox
from config.contracts import Probe
from guardrails.plan_targets import Running
from tests.emulators.loopback import Loopback
from tools.inspection import Container
from tools.local import LocalHost

RUNNING = Running("observer", "sha256:" + "1" * 64, None, "v1.2.2", None, "c0ffee")


async def well(_: web.Request) -> web.Response:
    return web.Response(text="ok")


def application() -> web.Application:
    made = web.Application()
    made.router.add_get("/health", well)
    made.router.add_get("/price", well)
    return made


@pytest.fixture
async def service() -> AsyncIterator[Loopback]:
    one = Loopback(application)
    await one.up()
    yield one
    await one.down()


def tools(service: Loopback) -> Toolbox:
    health = Probe.model_validate({"url": f"{service.url}/health", "within": "2s"})
    price = Probe.model_validate({"url": f"{service.url}/price", "within": "2s"})
    environment = SimpleNamespace(requests=(health, price))
    server = SimpleNamespace(host=LocalHost("web-1"), name="web-1")
    return cast("Toolbox", SimpleNamespace(environment=environment, servers={"web-1": server}))


def seen(running: Running | None = RUNNING, **changes: Any) -> tuple[Surveyed, ...]:
    plain = {"id": "c0ffee", "name": "observer-1", "image": "observer:v1.2.2", "image_id": "x", "status": "running"}
    container = Container(**cast("Any", plain | changes))
    return (Surveyed("web-1", components={"observer": Found(container, running, image_kept=True)}),)


async def test_p18_a_service_that_is_well_has_nothing_against_it(service: Loopback) -> None:
    assert await found_failing(tools(service), seen(health="healthy")) == []


async def test_p18_a_5xx_before_the_deploy_and_a_sick_container_are_remembered(service: Loopback) -> None:
    service.faults.fail(503, path="/price")
    found = await found_failing(tools(service), seen(health="unhealthy", restarts=7))
    assert found == [
        "observer@web-1 was unhealthy",
        "observer@web-1 had restarted 7 times",
        f"GET {service.url}/price answered 503 instead of 200 on web-1",
    ]


async def test_p18_a_service_that_does_not_answer_at_all_was_failing(service: Loopback) -> None:
    await service.down()
    found = await found_failing(tools(service), seen(status="exited"))
    assert found[0] == "observer@web-1 was exited"
    assert len(found) == 3


async def test_p18_before_a_first_deploy_there_is_nothing_to_be_failing(service: Loopback) -> None:
    await service.down()
    assert await found_failing(tools(service), seen(None, status="exited")) == []
    assert await found_failing(tools(service), (Surveyed("web-1", fault="away"),)) == []
