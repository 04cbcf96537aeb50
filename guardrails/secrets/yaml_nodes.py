"""YAML as trees with line numbers, built from events; templates in double braces are made harmless first."""

import re
from collections.abc import Iterator

import yaml

from guardrails.secrets.nodes import DEEPEST, Growing, Items, Leaf, Node, Unparsed

_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CONTROL_LINE = re.compile(r"^(?P<indent>[ \t]*)\{\{[^\n]*\}\}[ \t]*(?=\n|$)", re.MULTILINE)
_EXPRESSION = re.compile(r"\{\{[^\n]{0,500}?\}\}")
_STAND_IN = "\ue000"


def documents(text: str) -> Iterator[Node]:
    """Yield every document; raises `Unparsed` where the rest of the stream is broken."""
    safe = _disarmed(text)
    builder = _Builder(text, templated=safe is not text)
    try:
        for event in yaml.parse(safe, Loader=_Loader):
            builder.take(event)
            if isinstance(event, yaml.DocumentEndEvent):
                yield from builder.finished()
    except (yaml.YAMLError, ValueError) as error:
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
    def __init__(self, text: str, *, templated: bool) -> None:
        self._text = text
        self._source = text.splitlines()
        self._templated = templated
        self._stack = [Growing(mapping=False)]
        self._anchors: dict[str, Node] = {}

    def take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.ScalarEvent):
            self._add(self._leaf(event), event.anchor)
        elif isinstance(event, yaml.AliasEvent):
            self._add(self._anchors.get(event.anchor or "", Items(())), None)  # an alias to its own ancestor ends here
        elif isinstance(event, yaml.CollectionStartEvent):
            if len(self._stack) > DEEPEST:
                raise Unparsed("nested too deeply")
            self._stack.append(Growing(mapping=isinstance(event, yaml.MappingStartEvent), anchor=event.anchor))
        elif isinstance(event, yaml.CollectionEndEvent):
            closed = self._stack.pop()
            self._add(closed.closed(), closed.anchor)

    def finished(self) -> Iterator[Node]:
        roots = self._stack[0].items
        self._stack, self._anchors = [Growing(mapping=False)], {}
        yield from roots

    def _add(self, node: Node, anchor: str | None) -> None:
        if anchor:
            self._anchors[anchor] = node
        self._stack[-1].add(node)

    def _leaf(self, event: yaml.ScalarEvent) -> Leaf:
        start, end = event.start_mark, event.end_mark
        if start is None or end is None:
            return Leaf(event.value, 1)
        line = start.line + 1
        if event.tag and event.tag.startswith("!"):
            return Leaf(event.tag + " ", line)  # `!vault`, `!Ref`: resolved by whoever reads the file
        if event.style in {"|", ">"}:
            body = self._source[line : end.line + (end.column > 0)]
            return Leaf(event.value, line + 1, block="\n".join(_dedented(body)))
        if self._templated and _STAND_IN in event.value:
            raw = self._text[start.index : end.index]
            return Leaf(raw[1:-1] if event.style in {"'", '"'} else raw, line)
        return Leaf(event.value, line)


def _dedented(body: list[str]) -> list[str]:
    indent = min((len(line) - len(line.lstrip()) for line in body if line.strip()), default=0)
    return [line[indent:] for line in body]
