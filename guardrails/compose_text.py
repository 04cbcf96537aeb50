"""How a compose file is written, where reading it through compose would already have filled in the answer."""

import json
import re
from collections.abc import Iterable, Iterator

import yaml

from config.yaml_bounds import plain_values
from guardrails.mount_text import mounts_written, section_of, target_of
from guardrails.verdict import Finding, Level, Verdict

_TAGGED = re.compile(r"(?P<image>.+)[:@]\$\{(?P<variable>\w+)(?P<form>:?[?+-]?)[^{}]*\}", re.ASCII)
_USED = re.compile(r"(?<!\$)(?:\$\$)*\$\{?([A-Za-z_]\w*)", re.ASCII)
_DEMANDED = re.compile(r"(?<!\$)(?:\$\$)*\$\{(\w+):?\?", re.ASCII)
_DEFAULTED = re.compile(r"\$\{\w+:?-(?P<default>[^{}]*)\}", re.ASCII)


def text_sound(compose_text: str, service: str, *, image: str, tag_variable: str) -> Verdict:
    """Demand `image: <image>:${TAG:?message}`, and mounts that mean the same everywhere and with every version."""
    try:
        document = plain_values(compose_text)
        written = str(section_of(document, service).get("image") or "")
        mounts = mounts_written(document, service, tag_variable)
    except (yaml.YAMLError, KeyError, TypeError, AttributeError):
        return _unreadable(service)
    return Verdict.of(_tag(service, written, image, tag_variable)) + mounts


def mounts_sound(compose_text: str, services: Iterable[str], tag_variable: str) -> Verdict:
    """Demand of the mounts alone what `text_sound` demands of them."""
    try:
        document = plain_values(compose_text)
        judged = [mounts_written(document, name, tag_variable) for name in services if name in document["services"]]
    except (yaml.YAMLError, KeyError, TypeError, AttributeError):
        return Verdict()
    return sum(judged, start=Verdict())


def targets_written(compose_text: str, service: str) -> tuple[str, ...]:
    """List the places in a container that a compose file mounts something at; none where it cannot be read."""
    try:
        volumes = section_of(plain_values(compose_text), service)["volumes"]
    except (yaml.YAMLError, KeyError, TypeError, AttributeError):
        return ()
    return tuple(target for target in map(target_of, volumes) if target.startswith("/"))


def mount_variables(compose_text: str, service: str) -> frozenset[str]:
    """Name the variables that the mounts of a service and the volumes of the file are made of."""
    try:
        document = plain_values(compose_text)
        mounts = json.dumps([section_of(document, service)["volumes"], document.get("volumes")], default=str)
    except (yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError):
        return frozenset()
    return frozenset(_USED.findall(mounts))


def demanded(compose_text: str) -> frozenset[str]:
    """Name the variables without which compose refuses the file: `${NAME:?message}`. Comments demand nothing."""
    try:
        document = plain_values(compose_text)
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
