"""An engine whose disk is full in mid pull (P11, P13): told with the way out, and nothing of the image stays behind."""

import os
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import PurePosixPath

import pytest
from pydantic import SecretStr
from typing_extensions import override

from config.targets import HostSettings
from tests.stage.bridge import Bridge
from tests.stage.bulk import layer
from tests.stage.commands import execute
from tests.stage.engine import Engine
from tests.stage.oci import publish
from tests.stage.registry import Registry
from tests.stage.sshd import SshServer
from tests.stage.stage import Stage
from tools.carriage import Carriage
from tools.disk import free_bytes
from tools.errors import CommandFailed
from tools.host_images import HostImages
from tools.images import Images
from tools.registry import Login
from tools.registry import Registry as RegistryLine
from tools.relay import Relay
from tools.ssh import SshHost

ROOM_BYTES, IMAGE_BYTES = 48 * 1024**2, 40_000_000
"""The packed layer has room on that disk; the unpacked one beside it has not."""

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")


@pytest.fixture
def cramped(stage: Stage) -> Iterator[SshServer]:
    """A host whose engine has a disk of its own, hardly larger than an image."""
    place = stage.scratch("cramped")

    class Cramped(Engine):
        @override
        def _argv(self, network: Bridge) -> Sequence[str]:
            data = self.directory / "data"
            data.mkdir(parents=True)
            execute(["mount", "-t", "tmpfs", "-o", f"size={ROOM_BYTES}", "tmpfs", data])
            return super()._argv(network)

    with (
        Cramped(place / "engine", stage.toolset) as engine,
        SshServer(place / "ssh", stage.toolset, engine.env()) as ssh,
    ):
        yield ssh


@pytest.fixture
async def host(cramped: SshServer) -> AsyncIterator[SshHost]:
    settings = HostSettings(
        name="cramped",
        address="127.0.0.1",
        port=cramped.port,
        user=cramped.user,
        key=cramped.key,
        known_hosts=cramped.known_hosts,
    )
    reached = SshHost(settings)
    yield reached
    await reached.close()


async def test_a_disk_that_fills_up_in_mid_pull_is_told_and_gets_its_room_back(stage: Stage, host: SshHost) -> None:
    place = stage.scratch("too-big")
    with Registry(place / "registry", stage.toolset, login=True) as registry:
        user, password = registry.login or ("", "")
        logins = {registry.address: Login(user, SecretStr(password))}
        machine = execute(["dpkg", "--print-architecture"]).strip()
        digest = publish(registry, "acme/big:v1", [layer(place, "big", IMAGE_BYTES)], {"Cmd": ["x"]}, machine)
        line = RegistryLine(logins)
        relay = Relay(line)
        carriage = Carriage(host, relay, Images(stage.bot.env(), logins), line)
        images, repository = HostImages(host, carriage.bring), f"{registry.address}/acme/big"
        root = PurePosixPath((await images.stock()).root)
        before = await free_bytes(host, root)
        with pytest.raises(CommandFailed) as caught:
            await images.bring(f"{repository}@{digest}")
    assert "cramped has no room left for" in caught.value.happened
    assert "Free space on cramped" in caught.value.remedy
    assert await images.image(f"{repository}@{digest}") is None
    assert await images.listed(repository) == ()
    assert relay.port is None
    assert before - await free_bytes(host, root) < IMAGE_BYTES / 10
