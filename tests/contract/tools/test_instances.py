"""P9: two versions of a service stand next to each other on a real engine, each at an address of its own."""

import json
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

import pytest

from config.contracts import Probe
from tests.contract.tools.web import Site
from tests.stage.stage import Stage
from tools.errors import CommandFailed, Superseded
from tools.health import Standing, probe
from tools.hosts import Host
from tools.inspection import Container
from tools.instances import Instances, Wanted, made_from
from tools.local import LocalHost
from tools.proxies.port import NETWORK

Make = Callable[..., Site]
ROUTED = {"ports": [], "restart": "unless-stopped"}


@pytest.fixture(scope="module", autouse=True)
def network(stage: Stage) -> Iterator[None]:
    """The network that instances have their addresses in, from the range of the stage's own engine."""
    had = stage.server.docker("network", "ls", "--quiet", "--filter", f"name=^{NETWORK}$").strip()
    if not had:
        made = stage.server.docker("network", "create", "--label", "probe", "probe").strip()
        subnet = stage.server.docker("network", "inspect", "--format", "{{(index .IPAM.Config 0).Subnet}}", made)
        stage.server.docker("network", "rm", made)
        stage.server.docker("network", "create", "--subnet", subnet.strip(), NETWORK)
    yield
    if not had:
        stage.server.docker("network", "rm", NETWORK)


@pytest.fixture
def host(stage: Stage) -> Host:
    """One way to the engine is enough: what differs between the two is proved in `test_hosts.py`."""
    return LocalHost("here", stage.server.env())


def instances(place: Site, host: Host) -> Instances:
    return Instances(host, place.directory, place.file, place.project)


def wanted(place: Site, tag: str) -> Wanted:
    image = place.stage.server.docker("image", "inspect", "--format", "{{.Id}}", f"{place.image}:{tag}").strip()
    return Wanted("web", "IMAGE_TAG", tag, image, place.content.decode())


async def stand(place: Site, host: Host, tag: str, *, stopped: bool = False) -> Container:
    return await instances(place, host).stand(wanted(place, tag), place.fence, stopped=stopped)


async def installed(place: Site, host: Host) -> Site:
    await place.compose(host).prepare([PurePosixPath("data")], place.fence)
    await place.compose(host).install(place.content, place.fence)
    return place


async def test_a_new_version_stands_beside_the_old_one_and_is_asked_at_its_own_address(host: Host, site: Make) -> None:
    place = await installed(site(**ROUTED), host)
    old, new = await stand(place, host, "v1"), await stand(place, host, "v2")
    assert (old.labels["version"], new.labels["version"]) == ("v1", "v2")
    assert [one.id for one in await instances(place, host).all("web")] == [new.id, old.id]
    assert old.addresses[NETWORK] != new.addresses[NETWORK]
    for one in (old, new):
        assert made_from(one, place.content.decode())
        answer = await probe(host, Probe(url=place.url), Standing(one.id, one.addresses[NETWORK], 8080))
        assert (answer.status, answer.body) == (200, "fine\n")


async def test_an_instance_that_stands_already_is_taken_as_it_is_and_another_configuration_is_another_instance(
    host: Host, site: Make
) -> None:
    place = await installed(site(**ROUTED), host)
    first = await stand(place, host, "v1")
    again = await stand(place, host, "v1")
    assert again == first
    place.content = json.dumps(json.loads(place.content) | {"x-note": "another file"}).encode()
    await installed(place, host)
    other = await stand(place, host, "v1")
    assert other.id != first.id
    assert len(place.containers()) == 2


async def test_a_stopped_instance_keeps_its_address_and_only_the_way_back_takes_it_up_again(
    host: Host, site: Make
) -> None:
    place = await installed(site(**ROUTED), host)
    old = await stand(place, host, "v1")
    await instances(place, host).stop(old.id, place.fence)
    new = await stand(place, host, "v2")
    assert new.addresses[NETWORK] != old.addresses[NETWORK]
    back = await stand(place, host, "v1", stopped=True)
    assert (back.id, back.running, back.addresses) == (old.id, True, old.addresses)
    await instances(place, host).stop(old.id, place.fence)
    fresh = await stand(place, host, "v1")
    assert fresh.id not in {old.id, new.id}
    assert {one.id: one.running for one in await instances(place, host).all("web")}[old.id] is False


async def test_an_instance_whose_address_was_taken_meanwhile_starts_at_another_one(host: Host, site: Make) -> None:
    place = await installed(site(**ROUTED), host)
    old, new = await stand(place, host, "v1"), await stand(place, host, "v2")
    await instances(place, host).stop(old.id, place.fence)
    for words in (("disconnect", NETWORK, new.id), ("connect", "--ip", old.addresses[NETWORK], NETWORK, new.id)):
        (await host.run(("docker", "network", *words))).require("Taking its address")
    back = await instances(place, host).start(old.id, place.fence)
    assert back.running
    assert back.addresses[NETWORK] not in {"", old.addresses[NETWORK]}


async def test_what_a_killed_compose_had_made_is_made_again_and_nothing_else_is_touched(host: Host, site: Make) -> None:
    place = await installed(site(**ROUTED), host)
    old = await stand(place, host, "v1")
    labels = [f"--label={name}={value}" for name, value in old.labels.items()]
    half = await host.run(("docker", "create", "--name", f"{place.project}-web-9", *labels, f"{place.image}:v2"))
    unfinished = half.require("Leaving a container behind").stdout.strip()
    new = await stand(place, host, "v2")
    assert new.running
    assert set(place.containers()) == {old.id, new.id}
    assert unfinished not in place.containers()


async def test_a_service_that_ran_before_gets_an_address_while_it_runs(host: Host, site: Make) -> None:
    place = site()
    await place.start(host, "v1")
    (before,) = await instances(place, host).all("web")
    for _ in range(2):
        after = await instances(place, host).connect(before.id, place.fence)
    assert (after.id, after.started_at) == (before.id, before.started_at)
    answer = await probe(host, Probe(url=place.url), Standing(after.id, after.addresses[NETWORK], 8080))
    assert answer.status == 200


async def test_an_older_run_starts_stops_and_removes_nothing(host: Host, site: Make) -> None:
    place = await installed(site(**ROUTED), host)
    place.fence = 7
    old = await stand(place, host, "v1")
    late = instances(place, host)
    for effect in (
        late.stand(wanted(place, "v2"), 6, stopped=False),
        late.stop(old.id, 6),
        late.start(old.id, 6),
        late.remove([old.id], 6),
        late.connect(old.id, 6),
    ):
        with pytest.raises(Superseded, match="fence is at 7, this run has 6"):
            await effect
    assert [one.id for one in await late.all("web") if one.running] == [old.id]


async def test_removing_takes_stopped_instances_only_and_may_be_repeated(host: Host, site: Make) -> None:
    place = await installed(site(**ROUTED), host)
    old, new = await stand(place, host, "v1"), await stand(place, host, "v2")
    here = instances(place, host)
    with pytest.raises(CommandFailed, match="Removing former instances"):
        await here.remove([old.id], place.fence)
    await here.stop(old.id, place.fence)
    for _ in range(2):
        await here.remove([old.id], place.fence)
    assert place.containers() == [new.id]
