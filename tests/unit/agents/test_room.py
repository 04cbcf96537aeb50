"""What a release writes to each host, measured before anybody approves, and whether the host can run it (P11)."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import PurePosixPath
from types import SimpleNamespace
from typing import Any

from agents.destinations.compose.room import rooms
from agents.destinations.compose.survey import Surveyed
from guardrails.room import ARRIVING, UNPACKED
from tools.errors import Unreachable
from tools.host_images import Stock
from tools.hosts import Completed
from tools.manifests import PlatformImage

ROOT, DIRECTORY = PurePosixPath("/var/lib/docker"), PurePosixPath("/srv/app")
AMD = PlatformImage("sha256:m", "sha256:c", "linux/amd64", (1000, 10), ("base", "app"))
ARM = PlatformImage("sha256:n", "sha256:d", "linux/arm64/v8", (900, 9), ("arm-base", "arm-app"))
IMAGES = {"api": {"image": "ghcr.io/acme/api", "tag": "v1", "digest": "sha256:1", "size_bytes": 1010}}


@dataclass
class Machine:
    """A host with an engine and one or two disks."""

    name: str = "web1"
    platform: str = "linux/amd64"
    emulated: frozenset[str] = frozenset()
    chains: tuple[tuple[str, ...], ...] = ()
    mounts: tuple[str, str] = ("/", "/")
    away: bool = False
    host: Any = field(init=False)
    images: Any = field(init=False)

    def __post_init__(self) -> None:
        self.host = self.images = self

    async def stock(self) -> Stock:
        if self.away:
            raise Unreachable("web1 is away.")
        return Stock(ROOT, self.platform, self.chains, self.emulated)

    async def run(self, argv: tuple[str, ...]) -> Completed:
        lines = [f"dev 100 50 5000 50% {mount}" for mount in self.mounts]
        return Completed(argv, 0, "\n".join(lines), "", timedelta())


class Shop:
    """A registry with one image."""

    def __init__(self, *built: PlatformImage) -> None:
        self._built = built

    async def platforms(self, _image: str, _digest: str) -> tuple[PlatformImage, ...]:
        if not self._built:
            raise Unreachable("ghcr.io cannot be reached.")
        return self._built


async def room_on(machine: Machine, *built: PlatformImage, archive: int = 3) -> Any:
    target = SimpleNamespace(directory=DIRECTORY, archive=archive)
    environment = SimpleNamespace(compose=target)
    tools: Any = SimpleNamespace(environment=environment, registry=Shop(*built), servers={machine.name: machine})
    return (await rooms(tools, IMAGES, [Surveyed(machine.name)])).get(machine.name)


async def test_only_layers_that_the_host_lacks_need_room_and_the_archive_needs_all() -> None:
    (disk,) = (await room_on(Machine(chains=(("base", "old"),)), AMD)).disks
    assert disk.places == ("/srv/app", "/var/lib/docker")
    assert (disk.free_bytes, disk.images_bytes, disk.archive_bytes) == (5000 * 1024, 10 * ARRIVING, 1010 * UNPACKED)


async def test_each_disk_carries_its_own_part() -> None:
    archives, engine = (await room_on(Machine(mounts=("/srv", "/")), AMD)).disks
    assert (archives.places, archives.images_bytes, archives.archive_bytes) == (("/srv/app",), 0, 1010 * UNPACKED)
    assert (engine.places, engine.images_bytes, engine.archive_bytes) == (("/var/lib/docker",), 1010 * ARRIVING, 0)


async def test_the_hosts_own_platform_counts() -> None:
    room = await room_on(Machine(platform="linux/arm64"), AMD, ARM, archive=0)
    assert room.disks[0].images_bytes == 909 * ARRIVING
    assert room.unfit == ()


async def test_an_image_for_another_platform_is_named_with_what_it_was_built_for_and_what_the_host_is() -> None:
    assert (await room_on(Machine(), ARM)).unfit == (
        "ghcr.io/acme/api:v1 was built for linux/arm64/v8, and web1 is linux/amd64",
    )


async def test_a_host_that_emulates_the_platform_can_run_it() -> None:
    assert (await room_on(Machine(emulated=frozenset({"qemu-aarch64"})), ARM)).unfit == ()


async def test_where_the_registry_tells_nothing_the_whole_image_is_expected() -> None:
    room = await room_on(Machine(chains=(("base", "app"),)))
    assert (room.disks[0].images_bytes, room.unfit) == (1010 * ARRIVING, ())


async def test_a_host_that_does_not_tell_has_no_room() -> None:
    assert await room_on(Machine(away=True), AMD) is None
