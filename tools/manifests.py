"""What an image is made of, by its manifest and its configuration. Pure."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tools.errors import Garbled

Chain = tuple[str, ...]
"""Layers from the lowest up, by the digests of their unpacked content: what an engine shares between images."""
_UNKNOWN = "unknown"
"""Operating system of an index's entries that are no images, such as attestations."""


@dataclass(frozen=True, slots=True)
class PlatformImage:
    """An image as it was built for one platform."""

    digest: str
    """Of its manifest."""
    config: str
    """Of its configuration: the image's id on engines that keep unpacked layers."""
    platform: str
    """`linux/amd64`, or with its variant `linux/arm/v7`."""
    layer_bytes: tuple[int, ...]
    """Packed, from the lowest layer up: what travels."""
    layers: Chain

    @property
    def total_bytes(self) -> int:
        """Sum what travels to a machine that has nothing of it."""
        return sum(self.layer_bytes)

    def lacking_bytes(self, chains: Iterable[Chain]) -> int:
        """Sum what travels to a machine that has images of these layers already; only a shared bottom counts."""
        return sum(self.layer_bytes[max((_shared(self.layers, chain) for chain in chains), default=0) :])


def platforms_in(index: Mapping[str, Any]) -> tuple[str, ...]:
    """Name the manifests of an index that are images; raises `Garbled`."""
    try:
        return tuple(
            str(entry["digest"]) for entry in index["manifests"] if (entry.get("platform") or {}).get("os") != _UNKNOWN
        )
    except (AttributeError, KeyError, TypeError) as error:
        raise _unreadable(error) from error


def named_in(manifest: Mapping[str, Any]) -> tuple[Collection[str], Mapping[str, int]]:
    """Tell what a manifest or index leads to: further manifests, and blobs with their sizes; raises `Garbled`."""
    try:
        if "manifests" in manifest:
            return [str(entry["digest"]) for entry in manifest["manifests"]], {}
        return [], {str(blob["digest"]): int(blob["size"]) for blob in (manifest["config"], *manifest["layers"])}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _unreadable(error) from error


def config_digest(manifest: Mapping[str, Any]) -> str:
    """Name the configuration of one platform's image; raises `Garbled`."""
    try:
        return str(manifest["config"]["digest"])
    except (KeyError, TypeError) as error:
        raise _unreadable(error) from error


def described(digest: str, manifest: Mapping[str, Any], config: bytes) -> PlatformImage:
    """Put together what manifest and configuration tell; raises `Garbled`."""
    try:
        known = json.loads(config)
        variant = f"/{known['variant']}" if known.get("variant") else ""
        return PlatformImage(
            digest,
            config_digest(manifest),
            f"{known['os']}/{known['architecture']}{variant}",
            tuple(int(layer["size"]) for layer in manifest["layers"]),
            tuple(map(str, known["rootfs"]["diff_ids"])),
        )
    except (ValueError, AttributeError, KeyError, TypeError, RecursionError) as error:
        raise _unreadable(error) from error


def chains_in(text: str) -> Iterator[Chain]:
    """Read one list of layers per line, as engines print them; raises `Garbled`."""
    for line in text.splitlines():
        try:
            yield tuple(map(str, json.loads(line) or ()))
        except (ValueError, TypeError, RecursionError) as error:
            raise _unreadable(error) from error


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    return next(
        (number for number, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


def _unreadable(error: Exception) -> Garbled:
    return Garbled(f"The description of an image could not be understood: {error!r}.")
