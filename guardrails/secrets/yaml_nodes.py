"""YAML as a tree with line numbers; templates in double braces are made harmless first."""

import re
from collections.abc import Iterator

import yaml

from guardrails.secrets.tree import DEEPEST, Branch, Items, Leaf, Node

_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CONTROL_LINE = re.compile(r"^(?P<indent>[ \t]*)\{\{[^\n]*\}\}[ \t]*(?=\n|$)", re.MULTILINE)
_EXPRESSION = re.compile(r"\{\{[^\n]*?\}\}")
_STAND_IN = "\ue000"


class Unparsed(Exception):
    """The text is not of the format that its name promises."""


def documents(text: str) -> Iterator[Node]:
    """Yield every document; raises `Unparsed` where the rest of the stream is broken."""
    safe = _disarmed(text)
    source = text.splitlines()
    try:
        for root in yaml.compose_all(safe, Loader=_Loader):
            if root is not None:
                yield _Builder(text, source, templated=safe is not text).node(root, 0)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise Unparsed(_reason(error)) from error


def _reason(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or type(error).__name__
    return f"{problem} in line {mark.line + 1}" if mark is not None else str(problem)


def _disarmed(text: str) -> str:
    """Replace template expressions by text of the same length, so that positions keep their meaning."""
    if "{{" not in text:
        return text
    text = _CONTROL_LINE.sub(lambda found: found["indent"] + "#" * (len(found[0]) - len(found["indent"])), text)
    return _EXPRESSION.sub(lambda found: _STAND_IN * len(found[0]), text)


class _Builder:
    def __init__(self, text: str, source: list[str], *, templated: bool) -> None:
        self._text = text
        self._source = source
        self._templated = templated
        self._built: dict[int, Node] = {}

    def node(self, node: yaml.Node, depth: int) -> Node:
        if id(node) not in self._built:
            self._built[id(node)] = self._build(node, depth)
        return self._built[id(node)]

    def _build(self, node: yaml.Node, depth: int) -> Node:
        if depth > DEEPEST:
            return Leaf("", node.start_mark.line + 1)
        self._built[id(node)] = Items(())  # an alias to its own ancestor ends here
        if isinstance(node, yaml.MappingNode):
            return Branch(
                tuple(
                    (self._key(key), key.start_mark.line + 1, self.node(child, depth + 1)) for key, child in node.value
                ),
            )
        if isinstance(node, yaml.SequenceNode):
            return Items(tuple(self.node(child, depth + 1) for child in node.value))
        return self._leaf(node)

    def _key(self, node: yaml.Node) -> str:
        return self._scalar(node) if isinstance(node, yaml.ScalarNode) else ""

    def _leaf(self, node: yaml.Node) -> Leaf:
        line = node.start_mark.line + 1
        tag = node.tag or ""
        if tag.startswith("!"):
            return Leaf(tag + " ", line)  # `!vault`, `!Ref`: resolved by whoever reads the file
        if isinstance(node, yaml.ScalarNode) and node.style in {"|", ">"}:
            body = self._source[line : node.end_mark.line + (node.end_mark.column > 0)]
            return Leaf(str(node.value), line + 1, block="\n".join(_dedented(body)))
        return Leaf(self._scalar(node), line)

    def _scalar(self, node: yaml.Node) -> str:
        if self._templated and _STAND_IN in str(node.value):
            raw = self._text[node.start_mark.index : node.end_mark.index]
            return raw[1:-1] if getattr(node, "style", None) in {"'", '"'} else raw
        return str(node.value)


def _dedented(body: list[str]) -> list[str]:
    indent = min((len(line) - len(line.lstrip()) for line in body if line.strip()), default=0)
    return [line[indent:] for line in body]
