"""A YAML file as plain values, and the line that every value stands on."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from config.yaml_bounds import beyond_bounds

Location = tuple[str | int, ...]
MERGE = "tag:yaml.org,2002:merge"
DEEPEST = 40


@dataclass(frozen=True, slots=True)
class Objection:
    """Something wrong at a location of a document."""

    line: int
    location: Location
    message: str


@dataclass(slots=True)
class Document:
    """Plain values, the line of each, and what was wrong with the YAML itself."""

    content: Any = None
    lines: dict[Location, int] = field(default_factory=dict)
    objections: list[Objection] = field(default_factory=list)

    def line_of(self, location: Location) -> int:
        """Tell the line of a location, or of the nearest section around it that is there."""
        known = (self.lines.get(location[:length]) for length in range(len(location), -1, -1))
        return next((line for line in known if line is not None), 1)

    def real(self, location: Location) -> Location:
        """Leave out of a location what only the model knows, such as the name of a union's member."""
        kept: list[str | int] = []
        value = self.content
        for part in location[:-1]:
            inside = value if isinstance(value, dict) else dict(enumerate(value)) if isinstance(value, list) else {}
            if part in inside:
                kept.append(part)
                value = inside[part]
        return (*kept, *location[-1:])


def read_document(text: bytes) -> Document:
    """Read one YAML document; everything wrong with it becomes an objection, never an exception."""
    document = Document()
    if why := beyond_bounds(text):
        document.objections.append(Objection(1, (), f"is not read: {why}"))
        return document
    yaml = YAML(typ="safe", pure=True)
    yaml.composer.warn_double_anchors = False  # a name may be given again, and then means the newer place
    try:
        root = yaml.compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        document.objections.append(Objection(mark.line + 1 if mark else 1, (), f"not YAML: {error.problem}"))
    except YAMLError as error:
        document.objections.append(Objection(1, (), f"not YAML: {str(error).splitlines()[0]}"))
    else:
        document.content = _Reader(document).value(root, ()) if root is not None else None
    return document


class _Reader:
    """Turn nodes into values, remembering lines."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._yaml = YAML(typ="safe", pure=True)

    def value(self, node: Node, location: Location) -> Any:
        self._document.lines.setdefault(location, node.start_mark.line + 1)
        if len(location) > DEEPEST:
            self._object(node, location, "nested too deeply")
            return None
        if isinstance(node, MappingNode):
            return self._mapping(node, location)
        if isinstance(node, SequenceNode):
            return [self.value(item, (*location, index)) for index, item in enumerate(node.value)]
        return self._scalar(node, location) if isinstance(node, ScalarNode) else None

    def _scalar(self, node: ScalarNode, location: Location) -> Any:
        try:
            return self._yaml.constructor.construct_object(node)
        except (YAMLError, AttributeError, KeyError, TypeError, ValueError):
            self._object(node, location, _unlike(node))
            return None

    def _mapping(self, node: MappingNode, location: Location) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        own: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if key_node.tag == MERGE:
                merged |= self._merged(value_node, location)
                continue
            key = str(key_node.value)
            here = (*location, key)
            if key in own:
                first = self._document.lines[here]
                self._object(key_node, here, f"this key is already on line {first}; keep one of them")
                continue
            self._document.lines[here] = key_node.start_mark.line + 1
            own[key] = self.value(value_node, here)
        return merged | own

    def _merged(self, node: Node, location: Location) -> dict[str, Any]:
        sources = list(_mappings(node))
        if not sources:
            self._object(node, location, "<< merges a mapping or a list of mappings")
        return {key: value for source in reversed(sources) for key, value in self._mapping(source, location).items()}

    def _object(self, node: Node, location: Location, message: str) -> None:
        self._document.objections.append(Objection(node.start_mark.line + 1, location, message))


def _unlike(node: ScalarNode) -> str:
    kind = str(node.tag).removeprefix("tag:yaml.org,2002:")
    if kind == "timestamp":
        return f"{node.value!r} is no day; write one such as 2026-12-31, or text in quotes"
    return f"{node.value!r} cannot be read as {kind}"


def _mappings(node: Node) -> Iterator[MappingNode]:
    candidates = node.value if isinstance(node, SequenceNode) else [node]
    yield from (candidate for candidate in candidates if isinstance(candidate, MappingNode))
