"""Variables in places of a compose file that compose takes apart: written so that it can. Pure.

Compose cuts short ports and mounts at their colons. A variable that nobody gave a value fits into none of the pieces,
and one that is not filled in has colons of its own.
"""

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

import yaml

_HIGHEST_PORT = 65535
_RANGE = re.compile(r"\d+-\d+")
_REPLACED = re.compile(r"\$\{\w+:?\+")
"""What a variable only switches on may have colons that cut."""
_NAME = re.compile(r"\$\{?([A-Za-z_]\w*)", re.ASCII)
_CONDITION = re.compile(r"(?<!\$)((?:\$\$)*)\$\{([A-Za-z_]\w*):?[-?+](?:[^{}]|\$\{\w+\})*\}", re.ASCII)
_WORD = r"(?:\$\{(?:[^{}]|\$\{[^{}]*\})*\}|\[[^\]]*\]|[^:/\[\]{}])+"
_PORT = re.compile(
    rf"(?:(?:(?P<host_ip>{_WORD}):)?(?P<published>{_WORD})?:)?(?P<target>{_WORD})(?:/(?P<protocol>{_WORD}))?"
)


_MOUNT = re.compile(rf"(?P<source>(?=\$)(?:{_WORD}|/)+):(?P<target>/[^:]*)(?::(?P<options>[\w,]+))?")


@dataclass(frozen=True, slots=True)
class SpelledOut:
    """A compose file whose ports compose can read."""

    text: str
    targets: dict[int, str] = field(default_factory=dict)
    """Port that stands in the text -> the variable or range that it stands for: compose takes only a number there."""


def bare(text: str) -> str:
    """Take defaults, conditions and messages out of variables: `${DATA:-./data}` is `${DATA}` then."""
    shorter = _CONDITION.sub(r"\1${\2}", text)
    return shorter if shorter == text else bare(shorter)


def spelled_out(text: str, unknown: Collection[str]) -> SpelledOut:
    """Write short ports in their long form where they name one of the unknown variables; all else stays as it is."""
    written = SpelledOut(text)
    if not unknown:
        return written
    try:
        ports = _ports(yaml.compose(text, yaml.SafeLoader))
    except (yaml.YAMLError, ValueError):
        return written  # compose itself will say what is wrong
    for node in sorted(ports, key=lambda node: -node.start_mark.index):
        start, end = node.start_mark.index, node.end_mark.index
        concerned = _names(node.value, unknown) and not _REPLACED.search(node.value) and text[start] not in "&!"
        if concerned and (port := _PORT.fullmatch(node.value)):
            long, targets = _long(port, unknown, written)
            written = SpelledOut(f"{written.text[:start]}{long}{written.text[end:]}", written.targets | targets)
    return written


def mounts_spelled_out(text: str, unknown: Collection[str]) -> str:
    """Write short mounts in their long form whose source begins with an unknown variable: compose cannot tell its kind.

    They become binds of `PROJECT_DIRECTORY/${NAME}`, of which nobody could say that they exist.
    """
    if not unknown:
        return text
    try:
        nodes = list(_shorts(yaml.compose(text, yaml.SafeLoader), "volumes"))
    except (yaml.YAMLError, ValueError):
        return text  # compose itself will say what is wrong
    for node in sorted(nodes, key=lambda node: -node.start_mark.index):
        start, end = node.start_mark.index, node.end_mark.index
        mount = _MOUNT.fullmatch(node.value) if text[start] not in "&!" else None
        if mount and _names(mount["source"], unknown) and not _REPLACED.search(node.value):
            read_only = "true" if "ro" in (mount["options"] or "").split(",") else "false"
            said = f"source: {json.dumps(mount['source'])}, target: {json.dumps(mount['target'])}"
            text = f"{text[:start]}{{type: bind, {said}, read_only: {read_only}}}{text[end:]}"
    return text


def _long(port: re.Match[str], unknown: Collection[str], written: SpelledOut) -> tuple[str, dict[int, str]]:
    said = {name: value for name, value in port.groupdict().items() if value}
    targets = {}
    if _names(port["target"], unknown) or _RANGE.fullmatch(port["target"]):
        stand_in = _unused(written)
        targets = {stand_in: bare(port["target"])}
        said["target"] = str(stand_in)
    if "host_ip" in said:
        said["host_ip"] = said["host_ip"].strip("[]")
    return f"{{{', '.join(f'{name}: {_value(name, value)}' for name, value in said.items())}}}", targets


def _value(name: str, value: str) -> str:
    return value if name == "target" and value.isdecimal() else json.dumps(value, ensure_ascii=False)


def _unused(written: SpelledOut) -> int:
    return next(port for port in range(_HIGHEST_PORT, 0, -1) if str(port) not in written.text)


def _names(text: str, unknown: Collection[str]) -> bool:
    return not set(_NAME.findall(text)).isdisjoint(unknown)


def _ports(root: yaml.Node | None) -> Iterator[yaml.ScalarNode]:
    """Find the short ports of every service, and of what services are made of; each once."""
    yield from _shorts(root, "ports")


def _shorts(root: yaml.Node | None, wanted: str) -> Iterator[yaml.ScalarNode]:
    """Find the short entries of every list of this name."""
    waiting, seen = [root], set[int]()
    while waiting:
        node = waiting.pop()
        if node is None or id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting += node.value
        for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
            waiting.append(value)
            if key.value == wanted and isinstance(value, yaml.SequenceNode) and id(value) not in seen:
                yield from (one for one in value.value if isinstance(one, yaml.ScalarNode))
