"""Tags of images, made from a pattern."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from tools.errors import Garbled

STRATEGIES = {"semver": "{version}", "git-sha": "{sha:7}", "timestamp": "{time}"}
"""Patterns that have a name."""
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_SHA = re.compile(r"sha(?::([4-9]|[1-3][0-9]|40))?")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")


@dataclass(frozen=True, slots=True)
class Naming:
    """What a tag can be made of."""

    component: str
    environment: str
    version: str
    commit: str
    at: datetime


def image_tag(pattern: str, naming: Naming) -> str:
    """Make a tag: `core-stage-a1b2c3d4` from `{component}-stage-{sha:8}`, `v1.2.3` from `semver`.

    Times are UTC. Raises `Garbled` for an unknown placeholder and for what can be no tag.
    """
    tag = _PLACEHOLDER.sub(lambda found: _value(found.group(1), naming), STRATEGIES.get(pattern, pattern))
    if not _TAG.fullmatch(tag):
        raise Garbled(
            f"{tag[:200]!r}, made from {pattern!r}, cannot be the tag of an image.",
            standing="Nothing was built.",
            remedy="Use letters, digits, dots, dashes and underscores, 128 at most, or the tag strategy git-sha.",
        )
    return tag


def image_tags(patterns: Iterable[str], naming: Naming) -> tuple[str, ...]:
    """Make several tags, each once."""
    return tuple(dict.fromkeys(image_tag(pattern, naming) for pattern in patterns))


def _value(placeholder: str, naming: Naming) -> str:
    known = {
        "component": naming.component,
        "environment": naming.environment,
        "version": naming.version.replace("+", "_"),
        "time": naming.at.astimezone(UTC).strftime("%Y%m%d-%H%M%S"),
    }
    sha = _SHA.fullmatch(placeholder)
    if sha:
        return naming.commit[: int(sha.group(1) or 40)]
    if placeholder not in known:
        raise Garbled(
            f"A tag cannot be made of {{{placeholder}}}.",
            standing="Nothing was built.",
            remedy="Use {component}, {environment}, {version}, {sha}, {sha:8} or {time}.",
        )
    return known[placeholder]
