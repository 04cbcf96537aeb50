"""Holds answers of the GitHub emulator against GitHub's own description of its API.

`github_schema.json` is the part of `@octokit/openapi` (npm, MIT) that the emulator serves, without prose, requests
and `required`: the emulator may leave fields out, but what it says must have GitHub's types and statuses. Made by
`python -m tests.contract.github_schema api.github.com.json LICENSE > tests/contract/github_schema.json`.
"""

import json
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from tests.emulators.github.server import ROUTES

Json = dict[str, Any]

FILE = Path(__file__).with_suffix(".json")
PROSE = frozenset(
    {"description", "title", "example", "examples", "default", "format", "deprecated", "externalDocs", "required"}
)
WITH_SLASHES = ("path", "basehead", "ref", "branch", "tree_sha", "tag")
_PARAMETER = re.compile(r"\{([\w-]+)(?::[^}]*)?\}")


def extract(api: Json, notice: str) -> Json:
    """Take the operations that the emulator serves, and what they refer to, out of the whole description."""
    served = {(method, _shape("/repos/{owner}/{repo}" + path)) for method, path, _ in ROUTES}
    operations: Json = {}
    for path, item in api["paths"].items():
        for method in ("get", "post", "put", "patch", "delete"):
            if method in item and (method.upper(), _shape(path)) in served:
                operations[f"{method.upper()} {path}"] = {
                    status: _slim(_schema_of(api, answer)) for status, answer in item[method]["responses"].items()
                }
    return {"notice": notice, "operations": operations, "components": {"schemas": _referred(api, operations)}}


def violations(method: str, path: str, status: int, body: Any) -> list[str]:
    """List where an answer differs from what GitHub documents; nothing where the operation is not described."""
    found = _operation(method, path)
    if found is None or status == 304:
        return []
    documented = found.get(str(status))
    if documented is None:
        return [] if status in (401, 403, 404) else [f"{method} {path}: status {status} is not documented"]
    if not documented:
        return []
    schema = documented | {"components": _schema()["components"]}
    errors = Draft202012Validator(schema).iter_errors(body)
    return [f"{method} {path}: {error.json_path}: {error.message[:200]}" for error in errors]


@cache
def _schema() -> Json:
    schema: Json = json.loads(FILE.read_text())
    return schema


def _operation(method: str, path: str) -> Json | None:
    operations = sorted(_schema()["operations"].items(), key=lambda pair: -pair[0].count("/"))
    for name, answers in operations:
        verb, _, template = name.partition(" ")
        if verb == method and re.fullmatch(_PARAMETER.sub(_pattern, template), path):
            return dict(answers)
    return None


def _pattern(match: re.Match[str]) -> str:
    return ".+" if match.group(1) in WITH_SLASHES else "[^/]+"


def _shape(path: str) -> str:
    return _PARAMETER.sub("{}", path)


def _schema_of(api: Json, answer: Json) -> Json:
    if "$ref" in answer:
        answer = api["components"]["responses"][answer["$ref"].rsplit("/", 1)[-1]]
    content: Json = answer.get("content", {}).get("application/json", {})
    return dict(content.get("schema", {}))


def _referred(api: Json, operations: Json) -> Json:
    schemas: Json = {}
    waiting = list(_references(operations))
    while waiting:
        name = waiting.pop()
        if name not in schemas:
            schemas[name] = _slim(api["components"]["schemas"][name])
            waiting += _references(schemas[name])
    return schemas


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"].rsplit("/", 1)[-1]
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


def _slim(value: Any) -> Any:
    if isinstance(value, list):
        return [_slim(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    kept = {key: _slim(inner) for key, inner in value.items() if not _is_prose(key, inner)}
    if "properties" in value:
        kept["properties"] = {name: _slim(inner) for name, inner in value["properties"].items()}
    if "oneOf" in kept:  # GitHub's own alternatives overlap
        kept["anyOf"] = kept.pop("oneOf")
    return {"anyOf": [kept, {"type": "null"}]} if kept.pop("nullable", False) else kept


def _is_prose(key: str, value: Any) -> bool:
    return key.startswith("x-") or (key in PROSE and not (isinstance(value, dict) and "type" in value))


if __name__ == "__main__":
    whole, licence = (Path(name).read_text() for name in sys.argv[1:3])
    sys.stdout.write(json.dumps(extract(json.loads(whole), licence), separators=(",", ":"), sort_keys=True) + "\n")
