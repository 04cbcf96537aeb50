"""Whether a host's disks have room for what a release writes there: images, their archives, and what must stay free."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

UNPACKED = 3
"""Times its packed size, which a manifest tells, that a layer takes on the disk; only unpacking would tell exactly."""
ARRIVING = 1 + UNPACKED
"""While it arrives the packed layer lies beside the unpacked one."""


@dataclass(frozen=True, slots=True)
class Disk:
    """One disk of a host, and what will be written to it."""

    places: tuple[str, ...]
    """Directories on it that matter here."""
    free_bytes: int
    images_bytes: int = 0
    """For images that the host lacks."""
    archive_bytes: int = 0
    """For the archives of the images."""

    def needed_bytes(self, minimum: int) -> int:
        """Tell what must be free now, so that the minimum is still free afterwards."""
        return minimum + self.images_bytes + self.archive_bytes

    def has_room(self, minimum: int) -> bool:
        """Tell whether more than that is free."""
        return self.free_bytes > self.needed_bytes(minimum)

    def told(self, minimum: int) -> str:
        """Say how much is free where, how much is needed and what for."""
        parts = {"images": self.images_bytes, "archives": self.archive_bytes}
        what = ", ".join(f"{gib(size)} for {name}" for name, size in parts.items() if size)
        needed = f"more than {gib(self.needed_bytes(minimum))} needed"
        why = f" ({what}, {gib(minimum)} to stay free)" if what else ""
        where = f" in {' and '.join(self.places)}" if self.places else ""
        return f"{gib(self.free_bytes)} free{where}, {needed}{why}"


def images_bytes(lacking: Iterable[int]) -> int:
    """Estimate what images take on an engine's disk, by the packed bytes of each that the host lacks."""
    return ARRIVING * sum(lacking)


def archive_bytes(packed: Iterable[int], keep: int) -> int:
    """Estimate what the archives of images take, which hold each of them whole and unpacked."""
    return UNPACKED * sum(packed) if keep else 0


def fault_of(disks: Sequence[Disk], minimum: int) -> str:
    """Tell the disks without room; nothing where all have it."""
    return "; ".join(disk.told(minimum) for disk in disks if not disk.has_room(minimum))


def gib(size_bytes: int) -> str:
    """Write a size as disks have them."""
    return f"{size_bytes / 1024**3:.2f} GiB"
