"""An image on its way to a real engine over real SSH (P11): only what changed travels, and it is known on arrival."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import pytest
from pydantic import SecretStr
from typing_extensions import override

from config.targets import HostSettings, Shipping
from tests.stage.bulk import layer
from tests.stage.commands import execute
from tests.stage.oci import Layer, publish, publish_index
from tests.stage.ports import listens
from tests.stage.registry import Registry
from tests.stage.sshd import SshServer
from tests.stage.stage import Stage
from tools.carriage import Carriage
from tools.containers import Containers
from tools.errors import Denied, NotFound, Unreachable
from tools.host_images import HostImages, mark_of
from tools.images import Images
from tools.registry import Login
from tools.registry import Registry as RegistryLine
from tools.relay import Relay
from tools.ssh import SshHost

BIG_BYTES, SMALL_BYTES = 30_000_000, 300_000


@dataclass(frozen=True, slots=True)
class Yard:
    """A registry that lets in the bot alone, and the layers of its images."""

    registry: Registry
    big: Layer
    small: tuple[Layer, ...]
    machine: str

    def publish(self, name: str, *layers: Layer, machine: str = "") -> str:
        """Put in an image; returns `repository@digest`."""
        digest = publish(self.registry, f"{name}:v1", layers, {"Cmd": ["x"]}, machine or self.machine)
        return f"{self.registry.address}/{name}@{digest}"

    def line(self) -> RegistryLine:
        """Speak to the registry as the bot."""
        return RegistryLine(self.logins)

    @property
    def logins(self) -> dict[str, Login]:
        """What the bot knows and the host does not."""
        user, password = self.registry.login or ("", "")
        return {self.registry.address: Login(user, SecretStr(password))}


@pytest.fixture(scope="module")
def yard(stage: Stage) -> Iterator[Yard]:
    place = stage.scratch("yard")
    big = layer(place, "big", BIG_BYTES)
    small = tuple(layer(place, f"small{number}", SMALL_BYTES) for number in range(6))
    machine = execute(["dpkg", "--print-architecture"]).strip()
    with Registry(place / "registry", stage.toolset, login=True) as registry:
        yield Yard(registry, big, small, machine)


@dataclass(frozen=True, slots=True)
class Dock:
    """One host with every way to it."""

    images: HostImages
    relay: Relay
    stage: Stage

    def names(self, reference: str) -> list[str]:
        """List what the host calls the images of a repository."""
        form = "{{.Repository}}:{{.Tag}}@{{.Digest}}"
        listed = self.stage.server.docker("image", "ls", "--all", "--digests", "--format", form)
        return sorted(line for line in listed.split() if "/image" in line or reference.partition("@")[0] in line)


def dock(stage: Stage, yard: Yard, host: SshHost, shipping: Shipping = "auto") -> Dock:
    relay = Relay(yard.line())
    carriage = Carriage(host, relay, Images(stage.bot.env(), yard.logins), yard.line(), shipping)
    return Dock(HostImages(host, carriage.bring), relay, stage)


@pytest.fixture
async def forbidding(stage: Stage, settings: HostSettings) -> AsyncIterator[SshHost]:
    """The same host behind an sshd that lets nobody tunnel."""

    class Forbidding(SshServer):
        @override
        def _settings(self) -> list[str]:
            return [*super()._settings(), "AllowTcpForwarding no"]

    with Forbidding(stage.scratch("forbidding"), stage.toolset, stage.server.env()) as server:
        host = SshHost(
            settings.model_copy(update={"port": server.port, "key": server.key, "known_hosts": server.known_hosts})
        )
        yield host
        await host.close()


async def test_a_small_change_to_a_big_image_sends_about_the_changed_layer(
    stage: Stage, yard: Yard, far: SshHost
) -> None:
    """At most 1.1 times the changed layer, manifest and configuration included."""
    here = dock(stage, yard, far)
    first = await here.images.bring(yard.publish("acme/big", yard.big, yard.small[0]))
    assert (first.way, first.why.startswith(f"{far.name} may not pull")) == ("tunnel", True)
    assert (first.sent_bytes or 0) > BIG_BYTES
    changed = await here.images.bring(yard.publish("acme/big", yard.big, yard.small[1]))
    assert yard.small[1].size_bytes < (changed.sent_bytes or 0) <= 1.1 * yard.small[1].size_bytes


async def test_what_came_through_the_tunnel_is_known_by_its_real_name_and_digest_and_by_no_other(
    stage: Stage, yard: Yard, far: SshHost
) -> None:
    here, reference = dock(stage, yard, far), yard.publish("acme/known", yard.small[2])
    repository, _, digest = reference.partition("@")
    await here.images.bring(reference)
    found = await here.images.image(reference)
    assert found is not None
    assert found.digest_of(repository) == digest
    assert [name.partition("@")[0] for name in here.names(reference)] == [mark_of(reference)]
    without_registry = HostImages(far)
    named = await without_registry.ensure(repository, digest, "v7")
    assert (named.id, named.digest_of(repository)) == (found.id, digest)
    assert [one.id for one in await without_registry.listed(repository)] == [found.id]
    assert here.relay.port is None


async def test_several_at_once_share_one_relay_and_each_gets_its_image(stage: Stage, yard: Yard, far: SshHost) -> None:
    here, reference = dock(stage, yard, far), yard.publish("acme/several", yard.small[3])
    came = await asyncio.gather(*(here.images.bring(reference) for _ in range(3)))
    assert {one.way for one in came} == {"tunnel"}
    assert await here.images.image(reference) is not None
    assert here.relay.port is None


async def test_of_several_platforms_the_host_gets_its_own_and_another_is_refused_before_anything_moves(
    stage: Stage, yard: Yard, far: SshHost
) -> None:
    yard.publish("acme/one", yard.small[4])
    publish_index(yard.registry, "acme/many:v1", "acme/one:v1", ["arm64", "amd64"])
    publish_index(yard.registry, "acme/foreign:v1", "acme/one:v1", ["s390x"])
    here, line = dock(stage, yard, far), yard.line()
    many = f"{yard.registry.address}/acme/many@{await line.digest(f'{yard.registry.address}/acme/many', 'v1')}"
    foreign = f"{yard.registry.address}/acme/foreign@{await line.digest(f'{yard.registry.address}/acme/foreign', 'v1')}"
    assert (await here.images.bring(many)).way == "tunnel"
    assert await here.images.image(many) is not None
    with pytest.raises(NotFound, match="was not built for the platform of there"):
        await here.images.bring(foreign)
    assert here.names(foreign) == []
    built = await line.platforms(*many.split("@"))
    assert sorted(one.platform for one in built) == ["linux/amd64", "linux/arm64"]
    assert await here.images.platform() in {one.platform for one in built}


async def test_where_nobody_may_tunnel_a_copy_is_sent_and_known_the_same_way(
    stage: Stage, yard: Yard, forbidding: SshHost
) -> None:
    here, reference = dock(stage, yard, forbidding), yard.publish("acme/copied", yard.small[5])
    came = await here.images.bring(reference)
    assert (came.way, "lets nobody tunnel" in came.why) == ("copy", True)
    assert yard.small[5].size_bytes < (came.sent_bytes or 0) < 1.2 * yard.small[5].size_bytes
    repository, _, digest = reference.partition("@")
    assert (await HostImages(forbidding).ensure(repository, digest, "v1")).digest_of(repository) == digest
    with pytest.raises(Denied, match="lets nobody tunnel"):
        await dock(stage, yard, forbidding, "tunnel").images.bring(yard.publish("acme/copied", yard.small[0]))


async def test_a_copy_needs_no_registry_where_the_bot_has_the_image(stage: Stage, yard: Yard, far: SshHost) -> None:
    with Registry(stage.scratch("gone"), stage.toolset) as registry:
        gone = Yard(registry, yard.big, yard.small, yard.machine)
        reference = gone.publish("acme/gone", yard.small[0])
        await Images(stage.bot.env()).pull(reference)
    here = dock(stage, gone, far)
    came = await here.images.bring(reference)
    assert came.way == "copy"
    assert await here.images.image(reference) is not None


async def test_an_image_that_nobody_has_is_told_with_every_way_and_leaves_nothing(
    stage: Stage, yard: Yard, far: SshHost
) -> None:
    with Registry(stage.scratch("empty"), stage.toolset) as registry:
        gone = Yard(registry, yard.big, yard.small, yard.machine)
    here, reference = dock(stage, gone, far), f"{gone.registry.address}/acme/lost@sha256:{'0' * 64}"
    with pytest.raises(Unreachable, match=r"pulling: .*; through the tunnel: .*; as a copy: "):
        await here.images.bring(reference)
    assert here.names(reference) == []
    assert here.relay.port is None


async def test_when_the_connection_is_cut_its_listener_is_gone_and_the_next_attempt_works(
    stage: Stage, yard: Yard, far: SshHost, settings: HostSettings
) -> None:
    cut = SshHost(settings)
    async with (
        Relay(yard.line()).lend(f"{yard.registry.address}/x", f"sha256:{'0' * 64}") as lent,
        cut.tunnel_back(lent.port) as port,
    ):
        assert listens(port)
        await cut.close()
        await _until_refused(port)
    assert (await dock(stage, yard, cut).images.bring(yard.publish("acme/cut", yard.small[1]))).way == "tunnel"
    await cut.close()
    assert await Containers(far).free_bytes(await Containers(far).root()) > 0


async def _until_refused(port: int) -> None:
    async with asyncio.timeout(60):
        while await asyncio.to_thread(listens, port):  # noqa: ASYNC110 - nobody tells when sshd has closed it
            await asyncio.sleep(0.05)
