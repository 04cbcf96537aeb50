"""Names of images, taken apart the way Docker does it."""

import ipaddress
import re
from dataclasses import dataclass

from tools.errors import Garbled

_REPOSITORY = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+|/)[a-z0-9]+)*")
_REGISTRY = re.compile(r"(?:[A-Za-z0-9.-]+|\[[0-9a-f:]+\])(?::[0-9]{1,5})?")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_HUB = "docker.io"
ID = "sha256:"
"""Begins what an engine calls an image without any name."""


@dataclass(frozen=True, slots=True)
class Reference:
    """One image: where it lies, what it is called, and which one of them."""

    registry: str
    repository: str
    tag: str | None = None
    digest: str | None = None

    @classmethod
    def parse(cls, text: str) -> "Reference":
        """Take a reference apart; raises `Garbled` for what is none."""
        rest, _, digest = text.partition("@")
        name, colon, tag = rest.rpartition(":")
        if not colon or "/" in tag:
            name, tag = rest, ""
        registry, _, repository = name.partition("/")
        if not (repository and _names_registry(registry)):
            registry, repository = _HUB, name if "/" in name else f"library/{name}"
        reference = cls(registry, repository, tag or None, digest or None)
        if not reference._is_valid():
            raise Garbled(
                f"{text[:200]!r} is no name of an image.",
                remedy="Write it like ghcr.io/acme/observer:v1.2.3, the repository in lower case.",
            )
        return reference

    @property
    def name(self) -> str:
        """The image without its tag and digest, as Docker shows it."""
        if self.registry == _HUB:
            return self.repository.removeprefix("library/")
        return f"{self.registry}/{self.repository}"

    @property
    def origin(self) -> str:
        """Where the registry's HTTP API is."""
        host = "registry-1.docker.io" if self.registry == _HUB else self.registry
        return f"{'http' if is_loopback(host) else 'https'}://{host}"

    def _is_valid(self) -> bool:
        return bool(
            _REGISTRY.fullmatch(self.registry)
            and _REPOSITORY.fullmatch(self.repository)
            and (self.tag is None or _TAG.fullmatch(self.tag))
            and (self.digest is None or _DIGEST.fullmatch(self.digest))
        )


def is_loopback(host: str) -> bool:
    """Tell whether a host, with or without a port, is this machine: Docker speaks plain HTTP to it."""
    bare = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    try:
        return ipaddress.ip_address(bare).is_loopback
    except ValueError:
        return bare == "localhost"


def _names_registry(first: str) -> bool:
    return "." in first or ":" in first or first == "localhost"
