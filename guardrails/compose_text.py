"""How a compose file is written, where reading it through compose would already have filled in the answer."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from guardrails.verdict import Finding, Level, Verdict

_TAGGED = re.compile(r"(?P<image>.+)[:@]\$\{(?P<variable>\w+)(?P<form>:?[?+-]?)[^{}]*\}", re.ASCII)
_DEMANDED = re.compile(r"(?<!\$)(?:\$\$)*\$\{(\w+):?\?", re.ASCII)
_DEFAULTED = re.compile(r"\$\{\w+:?-(?P<default>[^{}]*)\}", re.ASCII)


def text_sound(compose_text: str, service: str, *, image: str, tag_variable: str) -> Verdict:
    """Demand `image: <image>:${TAG:?message}`, and that no bind climbs out of the project's directory."""
    try:
        document = yaml.safe_load(compose_text)
        section = document["services"][service]
        written, volumes = str(section.get("image") or ""), section.get("volumes") or []
    except (yaml.YAMLError, KeyError, TypeError, AttributeError):
        return _unreadable(service)
    return Verdict.of((*_tag(service, written, image, tag_variable), *_climbing(service, volumes)))


def demanded(compose_text: str) -> frozenset[str]:
    """Name the variables without which compose refuses the file: `${NAME:?message}`. Comments demand nothing."""
    try:
        document = yaml.safe_load(compose_text)
    except yaml.YAMLError:
        return frozenset()
    return frozenset(_DEMANDED.findall(json.dumps(document, default=str)))


def _unreadable(service: str) -> Verdict:
    message = f"The compose file cannot be read, or has no service {service}."
    remedy = "Check it with `docker compose config`."
    return Verdict.of([Finding(rule="compose-unreadable", subject=service, message=message, remedy=remedy)])


def _tag(service: str, written: str, image: str, variable: str) -> Iterator[Finding]:
    """Object to an image that could start without the release's tag, or that is another image."""
    match = _TAGGED.fullmatch(written)
    remedy = f"Write `image: {image}:${{{variable}:?{variable} required}}`."
    if match is None or match["variable"] != variable:
        message = f"`{written or 'no image'}` does not take its tag from {variable} alone."
        yield Finding(rule="image-tag-fixed", subject=service, message=message, remedy=remedy)
    elif match["form"] != ":?":
        message = f"`{written}` would also start without {variable}, and then as something else."
        yield Finding(rule="image-tag-optional", subject=service, message=message, remedy=remedy)
    elif (name := _DEFAULTED.sub(r"\g<default>", match["image"])) != image:
        level = Level.WARNING if "$" in match["image"] else Level.BLOCKING
        message = f"The file runs {name} unless told otherwise, but the release builds {image}."
        yield Finding(rule="image-differs", subject=service, message=message, remedy=remedy, level=level)


def _climbing(service: str, volumes: list[Any]) -> Iterator[Finding]:
    for entry in volumes:
        source = entry.get("source") if isinstance(entry, Mapping) else str(entry).partition(":")[0]
        if ".." in str(source or "").split("/"):
            yield Finding(
                rule="bind-climbs-out",
                subject=f"{service}: {source}",
                message=f"{source} leaves the project's directory by `..`, so it means another place on every host.",
                remedy="Keep the data below the project's directory, or write an absolute path.",
            )
