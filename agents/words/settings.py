"""What a change does to configuration: removals first, names of variables and keys, few values. Pure."""

import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

import yaml

from agents.words.containers import Hidden, Line, compose_lines, dockerfile_lines, object_lines
from agents.words.differences import Difference, Sort
from agents.words.discreet import written_out
from config.yaml_bounds import beyond_bounds
from guardrails.secrets.names import Suspicion, suspicion

LARGEST_BYTES = 500_000
MOST_KEYS = 20_000
"""A file of aliases can stand for more than fits into memory."""
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_ELSEWHERE = re.compile(
    r"(?:^|/)(?:\.github|tests?|__tests__|fixtures|node_modules|vendor)/|(?:^|/)(?:pnpm-lock|mkdocs)\."
)
_CONFIGURES = re.compile(
    r"(?:^|/)(?:conf|config|settings|deploy|charts?|helm|k8s)/|(?:^|/)(?:config|settings|appsettings)[^/]*$"
)
_COMPOSE = re.compile(r"(?:^|/)[^/]*compose[^/]*\.ya?ml$")
_DOCKERFILE = re.compile(r"(?:^|/)(?:Dockerfile[^/]*|[^/]*\.[Dd]ockerfile|Containerfile[^/]*)$")
_ENV = re.compile(r"(?:^|/)\.env(?:\.[\w.-]+)?$|(?:^|/)[\w.-]*\.env(?:\.[\w-]+)?$")
_NAME = re.compile(r"^[^\S\n]*(?:export[^\S\n]+)?([A-Za-z_]\w*)[^\S\n]*=(.*)$", re.MULTILINE)
HEALTH = "health check"
Reader = Callable[[str], Iterator[Line]]


def configures(path: str) -> bool:
    """Tell whether a file of this name is configuration in a form that is understood here."""
    return _reader(path) is not None


def setting_changes(
    old: Mapping[str, bytes | None], new: Mapping[str, bytes | None]
) -> tuple[tuple[Difference, ...], tuple[str, ...]]:
    """Compare configuration files (path -> content, None where absent): what differs, and which could not be read."""
    found: list[Difference] = []
    unread: list[str] = []
    for path in sorted(old.keys() | new.keys()):
        before, after = _lines(path, old.get(path)), _lines(path, new.get(path))
        if before is None or after is None:
            unread.append(path)
        else:
            found += _compared(path, before, after)
    return tuple(sorted(set(found))), tuple(unread)


def _lines(path: str, content: bytes | None) -> dict[tuple[str, str], "str | Hidden"] | None:
    reader = _reader(path)
    if content is None or reader is None:
        return {}
    if len(content) > LARGEST_BYTES:
        return None
    try:
        return {(where, subject): value for where, subject, value in _bounded(reader(content.decode(errors="replace")))}
    except (yaml.YAMLError, ValueError, TypeError, AttributeError, RecursionError):
        return None


def _bounded(lines: Iterator[Line]) -> Iterator[Line]:
    for number, line in enumerate(lines):
        if number >= MOST_KEYS:
            raise ValueError("too many keys")
        yield line


def _compared(
    path: str, old: Mapping[tuple[str, str], "str | Hidden"], new: Mapping[tuple[str, str], "str | Hidden"]
) -> Iterator[Difference]:
    old, new = _gathered(old, new), _gathered(new, old)
    for where, subject in old.keys() - new.keys():
        yield Difference(Sort.REMOVED, f"{path} {where}".strip(), subject, _shown(old[where, subject]))
    for where, subject in new.keys() - old.keys():
        yield Difference(Sort.ADDED, f"{path} {where}".strip(), subject, _shown(new[where, subject]))
    for where, subject in old.keys() & new.keys():
        before, after = old[where, subject], new[where, subject]
        if before != after:
            hidden = isinstance(before, Hidden) or isinstance(after, Hidden)
            detail = "its value" if hidden else f"{_shown(before)} -> {_shown(after)}"
            yield Difference(Sort.CHANGED, f"{path} {where}".strip(), subject, detail)


def _gathered(
    these: Mapping[tuple[str, str], "str | Hidden"], others: Mapping[tuple[str, str], "str | Hidden"]
) -> Mapping[tuple[str, str], "str | Hidden"]:
    """Make one line of a health check that is there on one side only."""
    whole = {where for where, subject in these if subject == HEALTH} - {w for w, subject in others if subject == HEALTH}
    gathered = dict(these)
    for where, subject in these:
        if where in whole and subject.startswith(f"{HEALTH} "):
            detail = f"{subject.removeprefix(HEALTH).strip()} {gathered.pop((where, subject))}"
            gathered[where, HEALTH] = f"{gathered[where, HEALTH]}, {detail}"
    return gathered


def _shown(value: "str | Hidden") -> str:
    if isinstance(value, Hidden):
        return ""
    return "not shown: a secret is written out" if value and written_out(value) else value


def _reader(path: str) -> Reader | None:
    if _DOCKERFILE.search(path):
        return dockerfile_lines
    if _ENV.search(path):
        return _env
    if _COMPOSE.search(path):
        return _yaml
    if _ELSEWHERE.search(path):
        return None
    suffix = PurePosixPath(path).suffix
    if suffix in (".yml", ".yaml"):
        return _yaml
    return {".toml": _toml, ".json": _json}.get(suffix) if _CONFIGURES.search(path) else None


def _yaml(text: str) -> Iterator[Line]:
    if why := beyond_bounds(text):
        raise ValueError(why)
    documents = list(yaml.load_all(text, Loader=_LOADER))
    first = next((one for one in documents if isinstance(one, dict)), {})
    if isinstance(first.get("services"), dict) and "kind" not in first:
        yield from compose_lines(first)
    elif any(isinstance(one, dict) and "kind" in one and "apiVersion" in one for one in documents):
        yield from object_lines(documents)
    else:
        for document in documents:
            yield from _keys(document, "")


def _env(text: str) -> Iterator[Line]:
    yield from (("", f"variable {name}", Hidden(value.strip())) for name, value in _NAME.findall(text))


def _toml(text: str) -> Iterator[Line]:
    yield from _keys(tomllib.loads(text), "")


def _json(text: str) -> Iterator[Line]:
    yield from _keys(json.loads(text), "")


def _keys(value: Any, path: str) -> Iterator[Line]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _keys(inner, f"{path}.{key}".lstrip("."))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            name = inner.get("name", number) if isinstance(inner, dict) else number
            yield from _keys(inner, f"{path}[{name}]")
    elif path:
        harmless = isinstance(value, (bool, int, float)) and suspicion(path.rpartition(".")[2]) is Suspicion.NONE
        yield "", f"key {path}", str(value) if harmless else Hidden(str(value))
