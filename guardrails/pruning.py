"""Which images of a host nobody needs any more. Whatever is not surely useless stays."""

from collections.abc import Collection, Iterable

from tools.host_images import HostImage


def useless(images: Iterable[HostImage], repository: str, used: Collection[str], needed: Collection[str]) -> list[str]:
    """Name what may go of one repository: tags, then digests.

    `used` are the ids of images that containers were made from, running or not. `needed` are names, by tag or by
    digest, of what runs or ran before, anywhere, and of what a release under way will run. An image that carries one
    of them stays with all its names.
    """
    found = [image for image in images if image.id not in used and not _is_needed(image, needed)]
    tags = {tag for image in found for tag in image.tags if tag.rpartition(":")[0] == repository}
    digests = {digest for image in found for digest in image.digests if digest.partition("@")[0] == repository}
    return [*sorted(tags), *sorted(digests)]


def _is_needed(image: HostImage, needed: Collection[str]) -> bool:
    return any(name in needed for name in (*image.tags, *image.exact))
