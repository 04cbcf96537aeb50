import asyncio
from collections.abc import Callable
from pathlib import PurePosixPath

import pytest

from tests.contract.tools.web import Site, until
from tools.containers import Containers
from tools.errors import CommandFailed, Superseded
from tools.hosts import Host

Make = Callable[..., Site]


async def test_installing_keeps_the_file_before_and_may_be_repeated(host: Host, site: Make) -> None:
    compose = site().compose(host)
    assert await compose.installed() is None
    for content in (b"one", b"two", b"two"):
        await compose.install(content, fence=1)
    assert await compose.installed() == b"two"
    assert await host.read(compose.previous) == b"one"


async def test_an_older_run_installs_nothing(host: Host, site: Make) -> None:
    compose = site().compose(host)
    await compose.install(b"newer", fence=5)
    with pytest.raises(Superseded, match="A newer run holds this target"):
        await compose.install(b"older", fence=4)
    assert await compose.installed() == b"newer"


async def test_directories_are_made_and_may_exist_already(host: Host, site: Make) -> None:
    place = site()
    for _ in range(2):
        await place.compose(host).prepare([PurePosixPath("data"), PurePosixPath("a b/c")], fence=1)
    assert (await host.run(("test", "-d", str(place.directory / "a b/c")))).ok


async def test_a_missing_env_file_is_named_and_a_present_one_is_not(host: Host, site: Make) -> None:
    place = site()
    compose, env_file = place.compose(host), PurePosixPath(".env")
    assert await compose.lacks(env_file) == place.directory / ".env"
    await compose.prepare([], fence=1)
    await host.write(place.directory / ".env", b"A=1\n", 0o600)
    assert await compose.lacks(env_file) is None
    assert await compose.lacks(None) is None


async def test_whoever_must_stop_in_mid_start_leaves_the_service_running(host: Host, site: Make) -> None:
    place, containers = site(), Containers(host)
    await place.start(host, "v1")
    (before,) = place.containers()
    starting = asyncio.create_task(place.compose(host).up("web", "IMAGE_TAG", "v2", fence=2))
    await until(lambda: set(place.containers()) - {before})
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    after = await containers.find(place.project, "web")
    assert after
    assert (after.labels["version"], after.running) == ("v2", True)


async def test_up_removes_what_a_killed_compose_had_made_and_keeps_what_runs(host: Host, site: Make) -> None:
    place, containers = site(), Containers(host)
    await place.start(host, "v1")
    running = await containers.find(place.project, "web")
    assert running
    labels = [f"--label={name}={value}" for name, value in running.labels.items()]
    unfinished = ("--name", f"{running.id[:12]}_{running.name}", *labels, f"{place.image}:v2")
    (await host.run(("docker", "create", *unfinished))).require("Leaving a container behind")
    await place.compose(host).up("web", "IMAGE_TAG", "v1", fence=2)
    assert place.containers() == [running.id]


async def test_up_moves_the_service_to_a_tag_and_does_nothing_when_repeated(host: Host, site: Make) -> None:
    place, containers = site(), Containers(host)
    await place.start(host, "v1")
    first = await containers.find(place.project, "web")
    await place.compose(host).up("web", "IMAGE_TAG", "v2", fence=2)
    second = await containers.find(place.project, "web")
    await place.compose(host).up("web", "IMAGE_TAG", "v2", fence=2)
    third = await containers.find(place.project, "web")
    assert first
    assert second
    assert third
    assert (first.labels["version"], second.labels["version"]) == ("v1", "v2")
    assert first.id != second.id == third.id


async def test_an_older_run_moves_nothing(host: Host, site: Make) -> None:
    place, containers = site(), Containers(host)
    place.fence = 7
    await place.start(host, "v1")
    with pytest.raises(Superseded, match="fence is at 7, this run has 6"):
        await place.compose(host).up("web", "IMAGE_TAG", "v2", fence=6)
    found = await containers.find(place.project, "web")
    assert found
    assert found.labels["version"] == "v1"


async def test_an_image_that_is_not_on_the_host_is_not_fetched_in_passing(host: Host, site: Make) -> None:
    place = site()
    await place.start(host, "v1")
    with pytest.raises(CommandFailed, match=r"Starting web v9 on \w+ failed"):
        await place.compose(host).up("web", "IMAGE_TAG", "v9", fence=1)
    assert len(place.containers()) == 1


async def test_stopping_keeps_the_container_to_be_looked_at(host: Host, site: Make) -> None:
    place, containers = site(), Containers(host)
    await place.start(host)
    await place.compose(host).stop("web", "IMAGE_TAG", "v1", fence=1)
    found = await containers.find(place.project, "web")
    assert found
    assert found.status == "exited"
    assert "started" in await containers.logs(found.id)
