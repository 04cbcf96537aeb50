"""P9 a deploy nobody notices: requests move between instances behind real proxies, one body for all kinds."""

import asyncio
from dataclasses import replace

import pytest

from tests.contract.tools.proxies.conftest import KINDS
from tests.contract.tools.proxies.fleet import LIMIT, ROUTE, Fleet
from tests.contract.tools.proxies.parts import HaProxyPart, Part
from tests.contract.tools.web import until
from tests.stage.load import Load, Order, Report
from tests.stage.parlour.image import Behaviour
from tools.errors import Denied, NotFound, Superseded
from tools.proxies.haproxy import CONTAINER, HOME
from tools.proxies.port import Backend

QUICK = Behaviour(start_seconds=0.1, ending="exit")


async def two_instances(fleet: Fleet) -> tuple[Backend, Backend]:
    """Start an old and a new version, and wait until both are well."""
    one, two = (fleet.start(version, QUICK) for version in ("v1", "v2"))
    await until(lambda: fleet.healthy(one) and fleet.healthy(two))
    return one, two


def lost(part: Part, report: Report) -> list[str]:
    """List failures that such a proxy must not show.

    nginx and Caddy end connections when they take a new configuration: now and then a request is on its way just then.
    """
    at_the_reload = ("closed before the answer", "no answer came", "ConnectionResetError")
    excused = () if part.keeps_every_request else at_the_reload
    return [one for one in report.failures if not any(words in one for words in excused)]


@pytest.mark.parametrize("part", KINDS, indirect=True)
async def test_p9_no_request_is_lost_on_the_way_to_the_new_version_and_back(part: Part, fleet: Fleet) -> None:
    old, new = await two_instances(fleet)
    assert part.kind == "labels" or await part.proxy.backends(ROUTE) == ()
    await part.proxy.point(ROUTE, [old], 1)
    assert await part.proxy.backends(ROUTE) == (old,)
    with Load(part.directory, Order(part.port, rate=50, slow=0.03)) as load:
        await asyncio.to_thread(load.heard, "v1")
        await part.proxy.point(ROUTE, [new], 2)
        await asyncio.to_thread(load.heard, "v2")
        assert await part.proxy.drained(ROUTE, old, LIMIT)
        await part.proxy.point(ROUTE, [old], 3)
        await asyncio.to_thread(load.heard, "v1")
        with pytest.raises(Superseded):
            await part.proxy.point(ROUTE, [new], 2)
        assert await part.proxy.drained(ROUTE, new, LIMIT)
        await asyncio.to_thread(fleet.stage.server.docker, "stop", new.name)
        await asyncio.to_thread(load.counted, 40)
    report = load.report("v1")
    assert lost(part, report) == [], report.line()
    assert report.failed <= (0 if part.keeps_every_request else report.requests / 10)
    assert report.requests > 40
    assert await part.proxy.backends(ROUTE) == (old,)
    assert await part.another().backends(ROUTE) == (old,)
    await part.restart()
    with Load(part.directory, Order(part.port, rate=50)) as load:
        await asyncio.to_thread(load.heard, "v1")
    assert {one.version for one in load.samples() if not one.failure} == {"v1"}


@pytest.mark.parametrize("part", ["haproxy", "nginx", "caddy"], indirect=True)
async def test_p9_shares_are_kept_and_a_proxy_that_refuses_goes_on_as_before(part: Part, fleet: Fleet) -> None:
    old, new = await two_instances(fleet)
    await part.proxy.point(ROUTE, [replace(old, weight=90), replace(new, weight=30)], 1)
    with Load(part.directory, Order(part.port, rate=100)) as load:
        await asyncio.to_thread(load.counted, 220)
        with pytest.raises(Denied, match="refused"):
            await part.proxy.point(ROUTE, [Backend("nonsense", "nowhere\n}\n", 8000)], 2)
        await asyncio.to_thread(load.counted, 20)
    versions = [one.version for one in load.samples()]
    assert 0.15 < versions.count("v2") / len(versions) < 0.35
    assert lost(part, load.report()) == []
    assert [one.weight for one in await part.proxy.backends(ROUTE)] == [90, 30]


@pytest.mark.parametrize("part", ["haproxy"], indirect=True)
async def test_several_services_share_the_proxy_and_its_files_are_what_runs(part: HaProxyPart, fleet: Fleet) -> None:
    old, new = await two_instances(fleet)
    assert await part.set_up() == ()
    await part.proxy.point(ROUTE, [old], 1)
    before = part.stage.server.docker("inspect", "--format", "{{.Id}}", CONTAINER)
    other = HaProxyPart(part.stage, part.host, part.directory / "other", f"{part.project}-other")
    steps = await other.set_up()
    assert any("requests find nobody" in step for step in steps)
    assert part.stage.server.docker("inspect", "--format", "{{.Id}}", CONTAINER) != before
    await asyncio.gather(part.proxy.point(ROUTE, [new], 2), other.proxy.point(ROUTE, [old], 1))
    assert (await part.proxy.backends(ROUTE), await other.proxy.backends(ROUTE)) == ((new,), (old,))
    with Load(part.directory, Order(part.port, rate=50)) as load:
        await asyncio.to_thread(load.counted, 30)
    traffic = (await part.proxy.traffic(ROUTE))[new.name]
    assert traffic.requests >= 30
    assert traffic.errors == 0
    assert traffic.latency is not None
    file = part.stage.server.docker("exec", CONTAINER, "cat", f"{HOME}/{part.project}.{ROUTE}.cfg")
    assert [line for line in file.splitlines() if "server " in line] == [
        f"    server {new.name} {new.address}:{new.port} weight 100"
    ]
    with pytest.raises(NotFound, match="host setup"):
        await part.proxy.point("elsewhere", [new], 3)
