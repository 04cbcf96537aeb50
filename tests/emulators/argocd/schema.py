"""Holds questions to the ArgoCD emulator, and its answers, against ArgoCD's own description of its API.

`swagger.json` is the part of argoproj/argo-cd's `assets/swagger.json` (Apache-2.0) that the emulator serves, without
prose. Nothing that it does not describe may be asked or answered. Made by
`python -m tests.emulators.argocd.schema swagger.json VERSION > tests/emulators/argocd/swagger.json`.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft4Validator

Json = dict[str, Any]

FILE = Path(__file__).with_name("swagger.json")
NOTICE = "From argoproj/argo-cd {version}, assets/swagger.json, cut down; Copyright The Argo Authors, Apache-2.0"
SERVED = (
    ("get", "/api/v1/applications/{name}"),
    ("post", "/api/v1/applications/{name}/sync"),
    ("delete", "/api/v1/applications/{name}/operation"),
    ("get", "/api/v1/applications/{applicationName}/resource-tree"),
)
_PROSE = frozenset({"description", "title", "format", "summary", "tags", "operationId"})


def extract(api: Json, version: str) -> Json:
    """Take what the emulator serves, and what that refers to, out of the whole description."""
    operations = {f"{method.upper()} {path}": _operation(api["paths"][path][method]) for method, path in SERVED}
    definitions: Json = {}
    waiting = list(_references(operations))
    while waiting:
        name = waiting.pop()
        if name not in definitions:
            definitions[name] = _closed(_plain(_whole(api["definitions"], name)))
            waiting += _references(definitions[name])
    return {"notice": NOTICE.format(version=version), "operations": operations, "definitions": definitions}


def objections(method: str, path: str, query: Mapping[str, str], body: Any) -> list[str]:
    """List where a question differs from what ArgoCD documents."""
    operation = _operation_of(method, path)
    if operation is None:
        return [f"{method} {path} is no operation that is described"]
    strange = [f"unknown parameter {name}" for name in query if name not in operation["query"]]
    if operation["body"]:
        strange += _differences(operation["body"], body)
    elif body is not None:
        strange.append("takes no body")
    return [f"{method} {path}: {one}" for one in strange]


def violations(method: str, path: str, status: int, body: Any) -> list[str]:
    """List where an answer differs from what ArgoCD documents."""
    operation = _operation_of(method, path)
    answers = operation["answers"] if operation else {"default": {"$ref": "#/definitions/runtimeError"}}
    return [f"{method} {path}: {one}" for one in _differences(answers.get(str(status), answers["default"]), body)]


def _differences(schema: Json, body: Any) -> Iterator[str]:
    validator = Draft4Validator(schema | {"definitions": _schema()["definitions"]})
    for error in validator.iter_errors(body):
        yield f"{error.json_path}: {error.message[:200]}"


def _operation_of(method: str, path: str) -> Json | None:
    for name, operation in _schema()["operations"].items():
        verb, _, template = name.partition(" ")
        if verb == method and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
            found: Json = operation
            return found
    return None


@cache
def _schema() -> Json:
    schema: Json = json.loads(FILE.read_text())
    return schema


def _operation(operation: Json) -> Json:
    parameters = operation.get("parameters", ())
    body = next((one["schema"] for one in parameters if one["in"] == "body"), None)
    answers = {status: _plain(answer.get("schema", {})) for status, answer in operation["responses"].items()}
    return {"query": [one["name"] for one in parameters if one["in"] == "query"], "body": body, "answers": answers}


def _plain(value: Any) -> Any:
    """Leave prose out; a property that is called like prose stays."""
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    plain = {
        key: _plain(inner)
        for key, inner in value.items()
        if key != "properties" and not key.startswith("x-") and not (key in _PROSE and isinstance(inner, str | list))
    }
    if "properties" in value:
        plain["properties"] = {name: _plain(inner) for name, inner in value["properties"].items()}
    return plain


def _whole(definitions: Json, name: str) -> Json:
    """Put the properties that a definition takes over from others beside its own."""
    definition: Json = dict(definitions[name])
    for part in definition.pop("allOf", ()):
        inherited = _whole(definitions, part["$ref"].rsplit("/", 1)[-1])
        definition["properties"] = inherited.get("properties", {}) | definition.get("properties", {})
    return definition


def _closed(definition: Json) -> Json:
    """Let an object have the properties that are described, and no others."""
    return definition | {"additionalProperties": False} if "properties" in definition else definition


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"].rsplit("/", 1)[-1]
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


if __name__ == "__main__":
    whole, version = Path(sys.argv[1]).read_text(), sys.argv[2]
    sys.stdout.write(json.dumps(extract(json.loads(whole), version), separators=(",", ":"), sort_keys=True) + "\n")
