"""Images for several platforms: one image for each, and one index that stands for all of them. Pure."""

import json
import platform as machine
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

INDEX = "application/vnd.oci.image.index.v1+json"
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm"}
"""What the kernel calls a machine -> what images call it."""


@dataclass(frozen=True, slots=True)
class Member:
    """One platform's image, as it lies in a registry."""

    platform: str
    """`linux/arm64`, or with its variant `linux/arm/v7`."""
    digest: str
    media_type: str
    size_bytes: int


def variant(reference: str, platform: str) -> str:
    """Name one platform's image: `ghcr.io/acme/app:v1.2.3-linux-arm64`."""
    return f"{reference}-{platform.replace('/', '-')}"


def matches(platform: str, described: Any) -> bool:
    """Tell whether an entry of an index is for a platform; the index may name a variant where we do not."""
    found = described if isinstance(described, dict) else {}
    system, _, rest = platform.partition("/")
    architecture, _, model = rest.partition("/")
    same = (found.get("os"), found.get("architecture")) == (system, architecture)
    return same and (not model or found.get("variant") == model)


def fits(built_for: str, machine_is: str) -> bool:
    """Tell whether an image runs on a machine; where one of the two names no variant, any will do."""
    built, wanted = built_for.split("/"), machine_is.split("/")
    return built[:2] == wanted[:2] and (built[2:] == wanted[2:] or not (built[2:] and wanted[2:]))


def own_first(platforms: Sequence[str], kernel: str | None = None) -> tuple[str, ...]:
    """Put the platform of this machine in front, where it is among them: it is the one that can be looked at alive."""
    own = _ARCHITECTURES.get(kernel or machine.machine(), "")
    return tuple(sorted(platforms, key=lambda name: name != f"linux/{own}"))


def index(members: Sequence[Member]) -> bytes:
    """Write the index over several platforms; the same members give the same bytes, whatever their order."""
    document = {
        "schemaVersion": 2,
        "mediaType": INDEX,
        "manifests": [_entry(member) for member in sorted(members, key=lambda one: one.platform)],
    }
    return json.dumps(document, separators=(",", ":")).encode()


def _entry(member: Member) -> dict[str, Any]:
    system, _, rest = member.platform.partition("/")
    architecture, _, model = rest.partition("/")
    return {
        "mediaType": member.media_type,
        "digest": member.digest,
        "size": member.size_bytes,
        "platform": {"architecture": architecture, "os": system, **({"variant": model} if model else {})},
    }
