"""JSON as a tree with line numbers; comments and trailing commas are tolerated, as the tools of the trade do."""

import json
import re
from bisect import bisect_right

from guardrails.secrets.nodes import DEEPEST, Growing, Leaf, Node, Unparsed

_TOKEN = re.compile(
    r"""(?P<blank>\s+|//[^\n]*|/\*.*?\*/)|(?P<text>"(?:[^"\\\n]|\\.)*")|(?P<mark>[\[\]{},:])|(?P<bare>[^\s\[\]{},:"]+)""",
    re.DOTALL,
)


def document(text: str) -> Node:
    """Read one document; raises `Unparsed`."""
    starts = [found.end() for found in re.finditer("\n", text)]
    stack = [Growing(mapping=False)]
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise Unparsed(f"not JSON in line {bisect_right(starts, at) + 1}")
        _take(stack, found, bisect_right(starts, at) + 1)
        at = found.end()
    if len(stack) != 1 or not stack[0].items:
        raise Unparsed("not JSON: brackets are left open" if len(stack) > 1 else "not JSON: empty")
    return stack[0].items[0] if len(stack[0].items) == 1 else stack[0].closed()


def _take(stack: list[Growing], found: re.Match[str], line: int) -> None:
    mark = found["mark"]
    if mark and mark in "{[":
        if len(stack) > DEEPEST:
            raise Unparsed(f"nested too deeply in line {line}")
        stack.append(Growing(mapping=mark == "{"))
    elif mark and mark in "}]":
        _close(stack, mark, line)
    elif found["text"] or found["bare"]:
        stack[-1].add(Leaf(_scalar(found), line))


def _close(stack: list[Growing], mark: str, line: int) -> None:
    if len(stack) == 1 or stack[-1].mapping != (mark == "}"):
        raise Unparsed(f"unexpected {mark} in line {line}")
    node = stack.pop().closed()
    stack[-1].add(node)


def _scalar(found: re.Match[str]) -> str:
    if not found["text"]:
        return found["bare"]
    try:
        return str(json.loads(found["text"], strict=False))
    except ValueError:
        return found["text"][1:-1]
