"""What must hold for what a service is made of: its repository, suites and components."""

import re
from collections.abc import Iterator

from config.contradiction import Contradiction
from config.document import Location
from config.nearest import did_you_mean
from config.service import Service
from config.sources import Component, Suite
from config.targets import ComposeTarget

IMAGE = r"[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?::[0-9]+)?(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*"
TAGGED = IMAGE + r"(?::[\w][\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?"
CLONEABLE = re.compile(r"(https?|ssh|git)://[^\s/]+/\S+|file:///.+|([\w.-]+@)?[\w.-]+:(?!//)\S+|/.*", re.ASCII)
"""Addresses, the short form of ssh (`git@github.com:acme/observer.git`), and absolute paths."""

STRATEGIES = frozenset({"semver", "git-sha", "timestamp"})
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
KNOWN = re.compile(r"component|environment|version|time|sha(:([4-9]|[1-3][0-9]|40))?")
PLATFORMS = frozenset(
    {
        *(f"linux/{name}" for name in ("386", "loong64", "mips64", "mips64le", "ppc64le", "riscv64", "s390x")),
        *("linux/amd64", "linux/amd64/v2", "linux/amd64/v3", "linux/amd64/v4"),
        *("linux/arm", "linux/arm/v5", "linux/arm/v6", "linux/arm/v7", "linux/arm64", "linux/arm64/v8"),
        *("windows/amd64", "windows/arm64", "freebsd/amd64", "freebsd/arm64"),
    }
)


def code_contradictions(service: Service) -> Iterator[Contradiction]:
    """Find what cannot be cloned, run, built or tagged."""
    if not CLONEABLE.fullmatch(service.repository.url):
        message = "is nothing git can clone; write an https or ssh address, or a path that starts with / or ./"
        yield Contradiction(("repository", "url"), message)
    yield from _suites(service)
    on_servers = any(isinstance(one.target, ComposeTarget) for one in service.environments.values())
    for name, component in service.components.items():
        at = ("components", name)
        yield from _images(at, component)
        yield from _tags(at, component)
        yield from _built(at, component)
        if component.fallback is not None and on_servers:
            message = "helps only with gitops targets: a compose file names the first registry; take it out"
            yield Contradiction((*at, "fallback"), message)


def _suites(service: Service) -> Iterator[Contradiction]:
    for name, suite in service.suites.items():
        if not suite.command and suite.check is None:
            yield Contradiction(("suites", name, "command"), "is required where no `check` names the evidence")
        if suite.image is not None and not re.fullmatch(TAGGED, suite.image, re.ASCII):
            message = "is not an image reference; write one such as python:3.11-slim"
            yield Contradiction(("suites", name, "image"), message)
        yield from _allowed(("suites", name, "advisories", "allowed"), suite)


def _allowed(at: Location, suite: Suite) -> Iterator[Contradiction]:
    """Find exceptions for one and the same advisory, of which only one could count."""
    first: dict[str, int] = {}
    for index, one in enumerate(suite.advisories.allowed):
        owner = first.setdefault(one.id.casefold(), index)
        if owner != index:
            yield Contradiction((*at, index, "id"), f"is the advisory of allowed[{owner}] already; keep one")


def _images(at: Location, component: Component) -> Iterator[Contradiction]:
    for key, image in (("image", component.image), ("fallback", component.fallback)):
        if image is not None and not re.fullmatch(IMAGE, image, re.ASCII):
            message = "must be an image repository without a tag, such as ghcr.io/acme/observer"
            yield Contradiction((*at, key), message)


def _tags(at: Location, component: Component) -> Iterator[Contradiction]:
    if component.tag not in STRATEGIES and not PLACEHOLDER.search(component.tag):
        message = "always names the same tag; use semver, git-sha, timestamp, or a pattern such as {component}-{sha:8}"
        yield Contradiction((*at, "tag"), message)
    for key, pattern in (("tag", component.tag), *(("further_tags", one) for one in component.further_tags)):
        for found in PLACEHOLDER.findall(pattern):
            if not KNOWN.fullmatch(found):
                message = (
                    f"'{found}' is unknown; use {{component}}, {{environment}}, {{version}}, {{sha:8}} or {{time}}"
                )
                yield Contradiction((*at, key), message)


def _built(at: Location, component: Component) -> Iterator[Contradiction]:
    if not component.platforms:
        yield Contradiction((*at, "platforms"), "is empty; name at least one, such as linux/amd64")
    for index, platform in enumerate(component.platforms):
        if platform not in PLATFORMS:
            message = f"'{platform}' is no platform{did_you_mean(platform, PLATFORMS)}"
            yield Contradiction((*at, "platforms", index), message)
    user = (component.rules.user or "").partition(":")[0]
    if user == "root" or re.fullmatch("0+", user):
        message = "is root, which no service may run as; name another user, such as app or 10001"
        yield Contradiction((*at, "rules", "user"), message)
