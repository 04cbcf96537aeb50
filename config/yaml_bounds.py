"""How much a YAML text may ask of whoever reads it: depth and aliases, measured before anything is built of it. Pure.

Readers of YAML call themselves for each level: a few kilobytes of brackets take them minutes, or the whole process
where they are written in C. A few lines of aliases stand for more values than there is memory.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

DEEPEST = 100
MOST_VALUES = 200_000
LARGEST_CHARACTERS = 2_000_000
_BEGINS = frozenset({"MappingStartEvent", "SequenceStartEvent"})
_ENDS = frozenset({"MappingEndEvent", "SequenceEndEvent"})
_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def beyond_bounds(text: str | bytes) -> str:
    """Say why a text must not be read as YAML; empty where it may be tried. Whether it *is* YAML its reader tells."""
    if len(text) > LARGEST_CHARACTERS:
        return f"it has more than {LARGEST_CHARACTERS} characters"
    try:
        return _measured(yaml.parse(text, Loader=_LOADER))
    except (yaml.YAMLError, ValueError):
        # Another reader may understand what comes after this place: the grammars of the three differ.
        return _measured(_events(text)) or _measured(_newer_events(text))


def plain_values(text: str | bytes) -> Any:
    """Read one YAML document into plain values; raises `yaml.YAMLError`, also for what is beyond the bounds."""
    if why := beyond_bounds(text):
        raise yaml.YAMLError(why)
    try:
        return yaml.load(text, Loader=_LOADER)  # noqa: S506 - it is a safe loader, whichever there is
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:  # a date that is none, ...
        raise yaml.YAMLError(str(error)) from error


def _events(text: str | bytes) -> Iterator[Any]:
    try:
        yield from yaml.parse(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, ValueError):
        return


def _newer_events(text: str | bytes) -> Iterator[Any]:
    try:
        yield from YAML(typ="safe", pure=True).parse(text)
    except (YAMLError, ValueError):
        return


def _measured(events: Iterable[Any]) -> str:
    measure = _Measure()
    return next((why for event in events if (why := measure.after(event))), "")


class _Measure:
    """Follows events: how deep they go, and how many values they stand for with every alias written out."""

    def __init__(self) -> None:
        self._sizes = [0]
        self._open: list[str | None] = []
        self._anchors: dict[str | None, int] = {}

    def after(self, event: Any) -> str:
        """Take one event, and say whether that was one too many."""
        kind, anchor = type(event).__name__, getattr(event, "anchor", None)
        if kind in _BEGINS:
            self._sizes.append(1)
            self._open.append(anchor)
        elif kind in _ENDS:
            self._take(self._sizes.pop(), self._open.pop())
        elif kind == "ScalarEvent":
            self._take(1, anchor)
        elif kind == "AliasEvent":
            self._take(self._anchors.get(anchor, MOST_VALUES), None)
        return self._beyond()

    def _take(self, size: int, name: str | None) -> None:
        self._sizes[-1] += size
        if name is not None:
            self._anchors[name] = size

    def _beyond(self) -> str:
        if len(self._open) > DEEPEST:
            return f"it is nested more than {DEEPEST} levels deep"
        if self._sizes[-1] > MOST_VALUES:
            return f"it holds more than {MOST_VALUES} values, aliases written out"
        return ""
