"""The commands in a file of any kind, each in one piece: continued, folded and listed word by word."""

import re
from collections.abc import Iterator

import yaml

from config.yaml_bounds import beyond_bounds

_COMMENT = re.compile(r"(?:#|//|\*|<!--|REM\s|::)", re.IGNORECASE)
_WORD_OF_LIST = re.compile(
    r"""(?:-\s+)?(?:["'][^"'\s]*["']|[^"'\s,]*[^"'\s,:]),?|(?:["'][^"'\s]*["']\s*,\s*)+(?:["'][^"'\s]*["'],?)?"""
)
_LIST_BEGINS = re.compile(r"""[\[(]\s*(?:["'][^"'\s]*["']\s*,?\s*)*$""")
_MOST_WORDS = 24
_LONGEST, _OVERLAP = 2000, 400
"""Longer lines, which no person wrote, are looked at in pieces."""


def command_lines(path: str, text: str) -> Iterator[tuple[int, str]]:
    """Yield what may be a command, with the number of its first line; comments are left out.

    The same words may come twice, as a line and as a part of something longer.
    """
    for number, line in _lines(text):
        yield from ((number, line[begin : begin + _LONGEST]) for begin in range(0, len(line), _LONGEST - _OVERLAP))
    yield from _lists(text)
    if path.endswith((".yml", ".yaml")):
        yield from _folded(text)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Join continued lines of a shell, a Makefile, a Dockerfile or PowerShell."""
    held, start = "", 1
    for number, line in enumerate(text.splitlines(), start=1):
        start = start if held else number
        held = f"{held} {line.strip()}".strip()
        if held.endswith(("\\", " `", " ^")):
            held = held[:-1].rstrip()
            continue
        if held and not _COMMENT.match(held):
            yield start, held
        held = ""
    if held:
        yield start, held


def _lists(text: str) -> Iterator[tuple[int, str]]:
    """Join the words of a list with one or some on each line."""
    words, start = list[str](), 1
    for number, line in enumerate(text.splitlines(), start=1):
        plain = line.strip()
        begins = _LIST_BEGINS.search(plain) if len(plain) < _OVERLAP else None
        short = 0 < len(plain) < _OVERLAP and len(words) < _MOST_WORDS
        if short and not begins and _WORD_OF_LIST.fullmatch(plain.rstrip("])};, ")):
            start = start if words else number
            words.append(plain.removeprefix("- "))
            continue
        if len(words) > 1:
            yield start, " ".join(words)
        words, start = ([begins.group()] if begins else []), number
    if len(words) > 1:
        yield start, " ".join(words)


def _folded(text: str) -> Iterator[tuple[int, str]]:
    """Yield the texts of a YAML file that stand on several lines and mean one."""
    if beyond_bounds(text):
        return
    try:
        root = yaml.compose(text, yaml.SafeLoader)
    except (yaml.YAMLError, ValueError):
        return
    for node in _scalars(root):
        if node.style != "|" and node.end_mark.line > node.start_mark.line:
            yield from ((node.start_mark.line + 1, line) for line in str(node.value).splitlines())


def _scalars(root: yaml.Node | None) -> Iterator[yaml.ScalarNode]:
    """Find every text once, however often an anchor repeats it."""
    waiting, seen = [root], set[int]()
    while waiting:
        node = waiting.pop()
        if node is None or id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.ScalarNode):
            yield node
        elif isinstance(node, yaml.SequenceNode):
            waiting += node.value
        elif isinstance(node, yaml.MappingNode):
            waiting += [part for pair in node.value for part in pair]
