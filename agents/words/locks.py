"""What is known of changed files that name packages and that nobody reads line by line. Pure."""

import json
import tomllib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from agents.words.dependencies import declares_dependencies
from agents.words.kinds import folded
from guardrails.risks import risks

NOT_COMPARED = "packages not compared"
Packages = Mapping[str, frozenset[str]]
"""Name -> the versions of it that are locked."""


def lists_packages(path: str) -> bool:
    """Tell whether a file of this name is a lock file in a form that is understood here."""
    return _reader(path) is not None


def dependency_files(
    changed: Iterable[str],
    told: Collection[str],
    old: Mapping[str, bytes | None],
    new: Mapping[str, bytes | None],
) -> tuple[str, ...]:
    """Say of each changed file of dependencies what is known: `path: the lock file changed, 2 packages added`."""
    named = (path for path in sorted(set(changed)) if path not in told and _names_packages(path))
    return tuple(f"{path}: {_said(path, old.get(path), new.get(path))}" for path in named)


def _names_packages(path: str) -> bool:
    return lists_packages(path) or any(risk.startswith("dependencies change") for risk in risks([path]))


def _said(path: str, old: bytes | None, new: bytes | None) -> str:
    if declares_dependencies(path):
        return "changed; no difference was found in the packages it declares"
    what = "the lock file changed" if path in folded([path]) else "changed"
    before, after = _packages(path, old), _packages(path, new)
    if before is None or after is None or old is new is None:
        return f"{what}; {NOT_COMPARED}"
    return f"{what}, {', '.join(_counts(before, after)) or 'the same packages in the same versions'}"


def _counts(before: Packages, after: Packages) -> Iterator[str]:
    counts = {
        "added": len(after.keys() - before.keys()),
        "removed": len(before.keys() - after.keys()),
        "in other versions": sum(before[name] != after[name] for name in before.keys() & after.keys()),
    }
    yield from (f"{number} package{'s' * (number != 1)} {how}" for how, number in counts.items() if number)


def _packages(path: str, content: bytes | None) -> Packages | None:
    """Read what is locked; None where that is not understood."""
    reader = _reader(path)
    if content is None or reader is None:
        return {} if reader else None
    found: dict[str, frozenset[str]] = {}
    try:
        for name, version in reader(content.decode(errors="replace")):
            found[name] = found.get(name, frozenset()) | {version}
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
        return None
    return found


def _reader(path: str) -> Callable[[str], Iterator[tuple[str, str]]] | None:
    name = PurePosixPath(path).name
    if name in ("package-lock.json", "npm-shrinkwrap.json"):
        return _npm
    return _toml if name in ("uv.lock", "poetry.lock", "Cargo.lock") else None


def _npm(text: str) -> Iterator[tuple[str, str]]:
    document: dict[str, Any] = json.loads(text)
    if "packages" in document:
        for place, entry in document["packages"].items():
            if "node_modules/" in place:
                yield place.rpartition("node_modules/")[2], str(entry.get("version", ""))
    else:
        yield from _nested(document["dependencies"])


def _nested(dependencies: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, entry in dependencies.items():
        yield name, str(entry.get("version", ""))
        yield from _nested(entry.get("dependencies", {}))


def _toml(text: str) -> Iterator[tuple[str, str]]:
    yield from ((one["name"], str(one.get("version", ""))) for one in tomllib.loads(text).get("package", []))
