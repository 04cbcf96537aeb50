from collections.abc import Callable
from datetime import timedelta

from tests.contract.tools.web import Site
from tools.containers import Containers
from tools.hosts import Host
from tools.inspection import ContainerMount, PathChange

Make = Callable[..., Site]
ABSENT = "0" * 64


async def test_a_service_that_never_ran_has_no_container(host: Host) -> None:
    assert await Containers(host).find("nothing", "web") is None


async def test_a_container_that_is_gone_is_none_with_an_empty_log(host: Host) -> None:
    assert await Containers(host).inspect(ABSENT) is None
    assert await Containers(host).logs(ABSENT) == ""


async def test_a_running_container_is_described_without_any_value_of_its_environment(host: Host, site: Make) -> None:
    environment, check = {"API_KEY": "hidden=1", "EMPTY": ""}, {"test": "true"}
    place = site(environment=environment, user="1000:1000", healthcheck=check, command=["sleep", "999"])
    await place.start(host)
    found = await Containers(host).find(place.project, "web")
    assert found
    assert (found.running, found.restarts, found.user) == (True, 0, "1000:1000")
    assert found.image == f"{place.image}:v1"
    assert found.environment_names == ("API_KEY", "EMPTY", "GREETING", "PATH")
    assert found.healthcheck_test == ("CMD-SHELL", "true")
    assert "hidden" not in repr(found)
    assert "a-value-nobody-should-see" not in repr(found)
    assert found.started_at
    assert found.created_at
    assert found.started_at >= found.created_at


async def test_every_kind_of_mount_is_seen_as_it_really_is(host: Host, site: Make) -> None:
    long_form = {"type": "tmpfs", "target": "/long"}
    place = site(volumes=["./data:/data:ro", "kept:/kept", "/anon", long_form], tmpfs=["/short"])
    await place.start(host)
    found = await Containers(host).find(place.project, "web")
    assert found
    by_target = {mount.target: mount for mount in found.mounts}
    assert by_target["/data"] == ContainerMount("bind", str(place.directory / "data"), "/data", read_only=True)
    assert by_target["/kept"] == ContainerMount("volume", f"{place.project}_kept", "/kept", driver="local")
    assert by_target["/anon"].kind == "anonymous"
    assert (by_target["/short"].kind, by_target["/long"].kind) == ("tmpfs", "tmpfs")


async def test_what_is_written_outside_the_mounts_is_listed(host: Host, site: Make) -> None:
    place = site(command=["sh", "-c", "mkdir /lost && echo x > /lost/file && echo x > /data/kept && sleep 999"])
    await place.start(host)
    found = await Containers(host).find(place.project, "web")
    assert found
    changes = await Containers(host).changes(found.id)
    assert PathChange("/lost/file", "added") in changes
    assert not any(change.path == "/data/kept" for change in changes)


async def test_the_newest_running_container_of_several_is_found(host: Host, site: Make) -> None:
    place = site(ports=[], deploy={"replicas": 2})
    await place.start(host)
    ids = place.containers()
    assert len(ids) == 2
    first = await Containers(host).find(place.project, "web")
    assert first
    place.stage.server.docker("stop", "--time", "0", first.id)
    second = await Containers(host).find(place.project, "web")
    assert second
    assert (second.running, second.id != first.id) == (True, True)


async def test_a_log_has_both_streams_in_order_and_is_bounded(host: Host, site: Make) -> None:
    place = site(
        command=["sh", "-c", "for i in 1 2 3; do echo out$$i; sleep 0.1; echo err$$i >&2; sleep 0.1; done; sleep 999"]
    )
    await place.start(host)
    containers = Containers(host)
    found = await containers.find(place.project, "web")
    assert found
    while "err3" not in await containers.logs(found.id):
        continue
    assert (await containers.logs(found.id, tail=3)).split() == ["err2", "out3", "err3"]
    assert "out1" in await containers.logs(found.id, since=found.created_at)
    assert await containers.logs(found.id, since=await containers.now()) == ""


async def test_the_clock_of_a_container_agrees_with_its_host(host: Host, site: Make) -> None:
    place = site()
    await place.start(host)
    assert await Containers(host).clock_drift(place.containers()[0]) == timedelta()


async def test_without_a_program_that_tells_the_time_the_clock_is_unknown(host: Host, site: Make) -> None:
    place = site(command=["sh", "-c", "rm /bin/date; sleep 999"])
    await place.start(host)
    containers = Containers(host)
    while PathChange("/bin/date", "deleted") not in await containers.changes(place.containers()[0]):
        continue
    assert await containers.clock_drift(place.containers()[0]) is None
