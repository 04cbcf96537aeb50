"""What makes a plan another plan, told for people: the reason an approval is void."""

from collections.abc import Callable, Iterator, Mapping
from difflib import unified_diff
from itertools import islice
from typing import Any

from guardrails.plan import Plan, effective

_TITLES = {
    "ways_back": "Way back",
    "argocd": "ArgoCD",
    "environment_names": "Environment names",
    "compose_text": "Compose file",
    "env_file": "Env file",
    "rolling": "Rolling",
    "at_once": "Hosts at once",
    "share_percent": "Share of requests",
}
_KEYS = {
    "components": ("name",),
    "services": ("component",),
    "mounts": ("compose_service", "target"),
    "pins": ("component",),
    "settings": ("name",),
    "steps": ("component", "place"),
    "ways_back": ("place",),
}
_SHOWN = 80


def differences(old: Plan, new: Plan) -> tuple[str, ...]:
    """Say in one sentence per field what changed; empty exactly where both plans have one digest."""
    before, after = effective(old), effective(new)
    return tuple(
        sentence for field in before | after for sentence in _field(field, before.get(field), after.get(field))
    )


def _field(field: str, old: Any, new: Any) -> Iterator[str]:
    title = _TITLES.get(field, field.capitalize())
    if old == new:
        return
    if field == "compose_text":
        yield f"{title} changed: {_lines(old, new)}."
    elif field in _RECORDS and old and new:
        yield from _RECORDS[field](title, old, new)
    elif field in _KEYS:
        yield from _items(title, _KEYS[field], old or [], new or [])
    elif isinstance(old or new, list):
        yield f"{title} changed: {_members(old or [], new or [])}."
    else:
        yield f"{title} changed from {_shown(old)} to {_shown(new)}."


def _env_file(_: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """Tell names only: of the values nothing is known but that they are others."""
    if old["names"] != new["names"]:
        yield f"Env file: names changed: {_members(list(old['names']), list(new['names']))}."
    if old["mark"] != new["mark"]:
        yield "Env file: its content changed."
    if (old["path"], old["variable"]) != (new["path"], new["variable"]):
        yield f"Env file: it is now {new['path']}, from {new['variable']}."


def _items(title: str, keys: tuple[str, ...], old: list[Any], new: list[Any]) -> Iterator[str]:
    """Compare lists of records by their key; where keys do not tell the difference, its order did."""
    before, after = _by_key(old, keys), _by_key(new, keys)
    found = False
    for key in sorted(before | after):
        for sentence in _record(f"{title}, {key}", before.get(key, []), after.get(key, [])):
            found = True
            yield sentence
    if not found and new:
        yield f"{title} changed: the same {len(new)} in another order."


def _by_key(items: list[Any], keys: tuple[str, ...]) -> dict[str, list[Any]]:
    grouped: dict[str, list[Any]] = {}
    for item in items:
        grouped.setdefault(" on ".join(str(item[key]) for key in keys), []).append(item)
    return grouped


def _record(title: str, old: list[Any], new: list[Any]) -> Iterator[str]:
    if len(old) == len(new) == 1:
        yield from _values(title, old[0], new[0])
    elif not old:
        yield f"{title}: added."
    elif not new:
        yield f"{title}: removed."
    elif old != new:
        yield f"{title}: {len(old)} before, {len(new)} now, not the same."


def _values(title: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for name in old:
        before, after = old[name], new[name]
        if isinstance(before, Mapping) and isinstance(after, Mapping) and before.keys() == after.keys():
            yield from _values(f"{title}, {name}", before, after)
        elif before != after:
            yield f"{title}: {_value(name, before, after)}."


def _value(name: str, before: Any, after: Any) -> str:
    if name == "compose_text":
        return f"compose file changed: {_lines(before, after)}"
    return _MARKS.get(name) or f"{name.replace('_', ' ')} changed from {_shown(before)} to {_shown(after)}"


_MARKS = {"env_mark": "the env file on the host changed", "mark": "changed in the configuration"}
"""Marks say nothing to people but that something is another."""
_RECORDS: Mapping[str, Callable[[str, Mapping[str, Any], Mapping[str, Any]], Iterator[str]]] = {
    "env_file": _env_file,
    "rolling": _values,
}
"""Fields that are one record, and how their change is told."""


def _members(old: list[Any], new: list[Any]) -> str:
    added, removed = sorted(set(new) - set(old)), sorted(set(old) - set(new))
    parts = (("added", added), ("removed", removed))
    return "; ".join(f"{word} {', '.join(map(str, members))}" for word, members in parts if members)


def _lines(old: str | None, new: str | None) -> str:
    if old is None or new is None:
        return "there was none" if old is None else "there is none now"
    changed = islice(unified_diff(old.splitlines(), new.splitlines(), n=0, lineterm=""), 2, None)
    marks = [line[0] for line in changed]
    added, removed = marks.count("+"), marks.count("-")
    return f"{added} lines added, {removed} removed" if added or removed else "only its line ends"


def _shown(value: Any) -> str:
    """Show a value short enough for a card; a record or a file is named, not printed."""
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return str(value.get("image", "something"))
    text = " ".join(str(value).split()) or "empty"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
