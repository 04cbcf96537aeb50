"""P13 for hosts, by real cuts: nothing hangs past its limit, what stood there stands, the text says what to do."""

import asyncio
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path, PurePosixPath

import pytest

from config.contracts import Startup
from config.targets import HostSettings
from guardrails.startup import Started, started_well
from tests.contract.tools.web import Site
from tests.stage.commands import execute
from tests.stage.sshd import SshServer
from tests.stage.stage import Stage
from tools.compose import Compose
from tools.containers import Containers
from tools.errors import CommandFailed, NotFound, TimedOut
from tools.fitting import require_fit
from tools.hosts import Host
from tools.local import LocalHost
from tools.ssh import SshHost

Make = Callable[..., Site]
only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")


@contextmanager
def small_disk(place: Path) -> Iterator[Path]:
    """Put a disk of 64 KB in place of a directory."""
    place.mkdir(parents=True)
    execute(("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", place))
    try:
        yield place
    finally:
        execute(("umount", "--lazy", place))


def fill(file: Path) -> None:
    """Write until there is no room left."""
    with file.open("wb", buffering=0) as ballast, suppress(OSError):
        while ballast.write(bytes(1024)):
            pass


@only_root
async def test_a_disk_that_is_full_keeps_every_file_as_it_was_and_says_so(host: Host, directory: Path) -> None:
    with small_disk(directory / "service") as place:
        compose = Compose(host, PurePosixPath(place), PurePosixPath("compose.yml"), "full")
        await compose.install(b"services: {}\n", fence=1)
        fill(place / "ballast")
        with pytest.raises(CommandFailed, match="No space left on device") as caught:
            await compose.install(b"#" * 20_000, fence=2)
        assert caught.value.remedy.startswith("Free space on that disk")
        assert await compose.installed() == b"services: {}\n"
        (place / "ballast").unlink()
        await compose.install(b"#" * 20_000, fence=3)
        assert await compose.installed() == b"#" * 20_000


async def test_a_port_that_a_stranger_has_taken_is_named(host: Host, site: Make) -> None:
    place = site()
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", place.port))
        stranger.listen()
        with pytest.raises(CommandFailed, match=rf"127\.0\.0\.1:{place.port}.* already (in use|allocated)") as caught:
            await place.start(host)
    assert "holds the port" in caught.value.remedy
    await place.start(host)
    found = await Containers(host).find(place.project, "web")
    assert found
    assert found.running


async def test_a_compose_file_that_somebody_broke_stops_the_start_and_not_the_service(host: Host, site: Make) -> None:
    place = site()
    await place.start(host, "v1")
    before = place.containers()
    await place.compose(host).install(b"services: [not, a, mapping]\n", place.fence)
    with pytest.raises(CommandFailed, match="Starting web v2"):
        await place.compose(host).up("web", "IMAGE_TAG", "v2", place.fence)
    assert place.containers() == before
    found = await Containers(host).find(place.project, "web")
    assert found
    assert found.running


async def test_an_image_of_a_foreign_platform_is_told_before_it_is_started(
    host: Host, stage: Stage, image: str, directory: Path
) -> None:
    archive, foreign = directory / "foreign.tar", f"{image.rpartition('/')[0]}/foreign"
    execute(("tar", "--create", "--file", archive, "--files-from", "/dev/null"))
    stage.server.docker("import", "--platform", "linux/s390x", archive, f"{foreign}:v1")
    stage.server.docker("push", "--quiet", f"{foreign}:v1")
    listed = stage.server.docker("image", "inspect", "--format", "{{index .RepoDigests 0}}", f"{foreign}:v1").strip()
    with pytest.raises(NotFound, match=r"was built for linux/s390x, and .* runs linux/") as caught:
        await require_fit(host, listed)
    assert "to `platforms` of the component" in caught.value.remedy
    await require_fit(host, f"{image}@{listed.partition('@')[2]}")


async def test_a_wrong_clock_of_the_host_is_seen(stage: Stage, directory: Path) -> None:
    (directory / "date").write_text('#!/bin/sh\nexec /bin/date --date "+1 hour" "$@"\n')
    (directory / "date").chmod(0o755)
    env = stage.server.env()
    there = Containers(LocalHost("late", {**env, "PATH": f"{directory}:{env['PATH']}"}))
    here = Containers(LocalHost("here", env))
    drift = (await there.now()) - (await here.now())
    started = Started("observer", healthy=True, log="", clock_drift=timedelta(), missing_paths=(), host_drift=drift)
    (finding,) = started_well(started, Startup()).findings
    assert "s ahead of the bot's" in finding.message
    assert timedelta(minutes=59) < drift < timedelta(minutes=61)


async def test_a_host_that_answers_and_hangs_at_every_command_is_left_at_the_limit(
    settings: HostSettings, stage: Stage, tmp_path: Path
) -> None:
    with SshServer(tmp_path / "sshd", stage.toolset, {}) as server:
        host, begun = _hanging(server, settings), time.monotonic()
        with pytest.raises(TimedOut, match="did not end within 1 s") as caught:
            await host.run(("docker", "ps"), timeout=timedelta(seconds=1))
        assert time.monotonic() - begun < 60
        async with asyncio.timeout(60):
            await host.close()
    assert caught.value.standing == "It may still be running there."


def _hanging(server: SshServer, settings: HostSettings) -> SshHost:
    """Let the server run something endless in place of every command."""
    key = server.key.with_suffix(".pub")
    key.write_text(f'command="sleep 120" {key.read_text()}')
    changed = {"port": server.port, "key": server.key, "known_hosts": server.known_hosts}
    return SshHost(settings.model_copy(update=changed))
