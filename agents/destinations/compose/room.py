"""What of a release would travel to each host, whether its disks have room for that, and whether it can run it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from agents.destinations.compose.survey import Surveyed
from agents.toolbox import Server, Toolbox
from agents.wanted import Images
from guardrails.room import Disk, archive_bytes, images_bytes
from tools.disk import Free, disks_of
from tools.errors import ToolError
from tools.fitting import Fit
from tools.host_images import Stock
from tools.manifests import PlatformImage
from tools.platforms import fits
from tools.tasks import side_by_side


@dataclass(frozen=True, slots=True)
class Room:
    """One host: its disks, and the images that were not built for it."""

    disks: tuple[Disk, ...] = ()
    unfit: tuple[str, ...] = ()
    """Half a sentence for each."""


async def rooms(tools: Toolbox, images: Images, surveyed: Sequence[Surveyed]) -> Mapping[str, Room]:
    """Measure every host that was reached; one that does not tell has no entry."""
    built = {name: await _built(tools, image["image"], image["digest"]) for name, image in images.items()}
    reached = [tools.servers[host.name] for host in surveyed if host.reachable]
    found = await side_by_side(reached, lambda server: _measured(tools, server, images, built))
    return {server.name: room for server, room in zip(reached, found, strict=True) if room}


async def _built(tools: Toolbox, image: str, digest: str) -> tuple[PlatformImage, ...]:
    """Tell what an image is made of; nothing where its registry does not, which is told of where it is looked for."""
    try:
        return await tools.registry.platforms(image, digest)
    except ToolError:
        return ()


async def _measured(
    tools: Toolbox, server: Server, images: Images, built: Mapping[str, tuple[PlatformImage, ...]]
) -> Room | None:
    target = tools.environment.compose
    try:
        stock = await server.images.stock()
        disks = await disks_of(server.host, (target.directory, stock.root))
    except ToolError:
        return None
    chosen = {name: _for(stock, built[name]) for name in images}
    packed = {
        name: image.total_bytes if image else images[name].get("size_bytes") or 0 for name, image in chosen.items()
    }
    lacking = [image.lacking_bytes(stock.chains) if image else packed[name] for name, image in chosen.items()]
    needs = {stock.root: images_bytes(lacking), target.directory: archive_bytes(packed.values(), target.archive)}
    unfit = [_unfit(server.name, stock, images[name], built[name]) for name, image in chosen.items() if image is None]
    return Room(tuple(_disk(disk, stock.root, target.directory, needs) for disk in disks), tuple(filter(None, unfit)))


def _disk(disk: Free, root: PurePosixPath, directory: PurePosixPath, needs: Mapping[PurePosixPath, int]) -> Disk:
    return Disk(
        tuple(map(str, disk.paths)),
        disk.free_bytes,
        needs[root] if root in disk.paths else 0,
        needs[directory] if directory in disk.paths else 0,
    )


def _unfit(host: str, stock: Stock, image: Mapping[str, Any], built: Sequence[PlatformImage]) -> str:
    """Name an image that was built, but not for the host; one that nobody could describe is told of elsewhere."""
    offered = ", ".join(one.platform for one in built)
    return offered and f"{image['image']}:{image['tag']} was built for {offered}, and {host} is {stock.platform}"


def _for(stock: Stock, built: Sequence[PlatformImage]) -> PlatformImage | None:
    """Choose what the host's engine would: its own platform, or else one that it can run all the same."""
    own = (one for one in built if fits(one.platform, stock.platform))
    return next(own, None) or next((one for one in built if _runs(stock, one)), None)


def _runs(stock: Stock, image: PlatformImage) -> bool:
    system, architecture, *_ = image.platform.split("/")
    return Fit(stock.platform, f"{system}/{architecture}", stock.emulated).runs
