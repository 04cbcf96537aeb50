"""Single values of a YAML file, found by the parser and replaced in the text: every other byte stays as it is."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from config.yaml_bounds import beyond_bounds
from tools.errors import Garbled, NotFound

_PROPERTIES = re.compile(r"(?:[&!]\S*\s+)*")
_COLON = re.compile(r"[ \t]*:")
_VALUE = re.compile(r"[A-Za-z0-9_.:/@-]*")
_CERTAINLY_TEXT = re.compile(r"[A-Za-z_].*|.*/.*|\d+(?:\.\d+){2,}.*")
_NULL = "tag:yaml.org,2002:null"
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
"""What one version of YAML or another reads as something else than text."""


@dataclass(frozen=True, slots=True)
class Spot:
    """One value as it stands in the text, without its anchor."""

    start: int
    end: int
    value: str
    quote: str = ""


def read_tree(text: str, file: str) -> Node:
    """Parse one YAML document; raises `Garbled` with the line where it is none."""
    if why := beyond_bounds(text):
        raise _unreadable(file, f": {why}")
    try:
        yaml = YAML(typ="rt", pure=True)
        yaml.composer.warn_double_anchors = False  # a name may be given again, and then means the newer place
        root: Node | None = yaml.compose(text)
    except MarkedYAMLError as error:
        line = f" in line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise _unreadable(file, f"{line}: {error.problem or error.context}") from error
    except (YAMLError, RecursionError, ValueError) as error:
        raise _unreadable(file, f": {error}") from error
    if root is None:
        raise _unreadable(file, ": it is empty")
    return root


def node_at(root: Node, path: Sequence[str], file: str) -> tuple[Node, Node | None]:
    """Follow keys (and positions in lists) to a value; returns it and its key.

    Raises `NotFound` where the way ends, and where it leads through an alias or a merge: what stands there belongs
    to others too.
    """
    node, key = root, None
    for depth, part in enumerate(path):
        found = child(node, part)
        if found is None:
            raise _missing(node, path, depth, file)
        begins = found[0].end_mark.index if found[0] is not None else node.start_mark.index
        key, node = found
        if node.start_mark.index < begins:
            raise NotFound(
                f"{'.'.join(path[: depth + 1])} in {file} is an alias of another place.",
                standing="Nothing was written.",
                remedy=f"Write its own value there instead of *{node.anchor}, or name the place of the anchor.",
            )
    return node, key


def child(node: Node, part: str) -> tuple[Node | None, Node] | None:
    """Find what stands under a key or at a position of a list, and the key."""
    if isinstance(node, MappingNode):
        found = [(key, value) for key, value in node.value if isinstance(key, ScalarNode) and key.value == part]
        return found[-1] if found else None
    if isinstance(node, SequenceNode) and part.isdecimal() and int(part) < len(node.value):
        return None, node.value[int(part)]
    return None


def spot(text: str, node: Node, key: Node | None, where: str) -> Spot:
    """Find the text of a value on one line; raises `Garbled` where there is none that could be replaced."""
    start, end = node.start_mark.index, node.end_mark.index
    if not isinstance(node, ScalarNode) or node.style in ("|", ">"):
        raise _no_value(where)
    start += len(_PROPERTIES.match(text[start:end]).group())  # type: ignore[union-attr] # it matches anything
    if node.style in ("'", '"'):
        return Spot(start, end, node.value, node.style)
    if start < end:
        return Spot(start, end, "" if node.tag == _NULL else node.value)
    colon = _COLON.match(text, key.end_mark.index) if key is not None else None
    if colon is None or node.anchor:
        raise _no_value(where)
    return Spot(colon.end(), colon.end(), "")


def replaced(text: str, values: Mapping[Spot, str]) -> str:
    """Write values into their spots, quoted as before, and where they would no longer be read as text."""
    for place, value in sorted(values.items(), key=lambda item: item[0].start, reverse=True):
        text = text[: place.start] + _written(place, value) + text[place.end :]
    return text


def _written(place: Spot, value: str) -> str:
    if not _VALUE.fullmatch(value):
        raise Garbled(f"{value[:200]!r} cannot be written as a tag, an image or a digest.")
    plain = _CERTAINLY_TEXT.fullmatch(value) and value.lower() not in _WORDS
    quote = place.quote or ("" if plain else '"')
    blank = " " if place.start == place.end else ""
    return f"{blank}{quote}{value}{quote}"


def _unreadable(file: str, why: str) -> Garbled:
    return Garbled(
        f"{file} cannot be read as YAML{why}.",
        standing="Nothing was written.",
        remedy="Correct the file in the deployment repository, then release again.",
    )


def _missing(node: Node, path: Sequence[str], depth: int, file: str) -> NotFound:
    place, known = ".".join(path[: depth + 1]), ""
    if isinstance(node, MappingNode):
        keys = [str(key.value) for key, _ in node.value if isinstance(key, ScalarNode)]
        known = f" It has {', '.join(keys[:10])}." if keys else ""
        if "<<" in keys:
            known += " What comes by a merge (<<) belongs to others too, and is not changed."
    return NotFound(
        f"{file} has no {place}.{known}",
        standing="Nothing was written.",
        remedy=f"Add {'.'.join(path)} to {file}, or correct `target.images` of the environment.",
    )


def _no_value(where: str) -> Garbled:
    return Garbled(
        f"{where} is not a single value on one line.",
        standing="Nothing was written.",
        remedy="Let `target.images` of the environment lead to the tag itself, such as core.image.tag.",
    )
