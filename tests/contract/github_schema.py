"""Holds questions to the GitHub emulator, and its answers, against GitHub's own description of its API.

`github_schema.json` is the part of `@octokit/openapi` (npm, MIT) that the emulator serves, without prose, and of the
answers without `required`: the emulator may leave fields out, but what it says must have GitHub's types and statuses.
A question must have all that GitHub requires, and nothing that it does not know. Made by
`python -m tests.contract.github_schema api.github.com.json LICENSE > tests/contract/github_schema.json`.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
import requests
from jsonschema import Draft202012Validator
from requests.adapters import HTTPAdapter

from tests.emulators.github.app_routes import ASKED
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
    served |= {(method, _shape(path)) for method, path in ASKED}
    operations: Json = {}
    questions: Json = {}
    for path, item in api["paths"].items():
        for method in ("get", "post", "put", "patch", "delete"):
            if method in item and (method.upper(), _shape(path)) in served:
                operations[f"{method.upper()} {path}"] = {
                    status: _slim(_schema_of(api, answer)) for status, answer in item[method]["responses"].items()
                }
                questions[f"{method.upper()} {path}"] = _question(api, item[method])
    components = {"schemas": _referred(api, operations)}
    return {"notice": notice, "operations": operations, "questions": questions, "components": components}


def objections(method: str, path: str, query: Mapping[str, str], body: Any) -> list[str]:
    """List where a question differs from what GitHub documents; nothing where the operation is not described."""
    name = _name(method, path)
    if name is None:
        return []
    question = _schema()["questions"][name]
    strange = [f"unknown parameter {key}" for key in query if key not in question["query"]]
    if body is not None and question["body"]:
        strange += [f"unknown field {key}" for key in body if key not in question["fields"]]
        errors = Draft202012Validator(question["body"] | {"components": _schema()["components"]}).iter_errors(body)
        strange += [f"{error.json_path}: {error.message[:200]}" for error in errors]
    return [f"{method} {path}: {one}" for one in strange]


@contextmanager
def conforming() -> Iterator[None]:
    """Hold every exchange of the real client against GitHub's description; objects at the end."""
    found: list[str] = []
    send = HTTPAdapter.send

    def checked(adapter: HTTPAdapter, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        address = urlsplit(str(request.url))
        path, asked = unquote(address.path), json.loads(request.body) if request.body else None
        found.extend(objections(str(request.method), path, dict(parse_qsl(address.query)), asked))
        response = send(adapter, request, **options)
        if _is_its_own(response):
            body = response.json() if response.content else None
            found.extend(violations(str(request.method), path, response.status_code, body))
        return response

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(HTTPAdapter, "send", checked)
        yield
    assert not found, "\n".join(found)


def _is_its_own(response: requests.Response) -> bool:
    """Leave out what a test made the emulator do: a web page, a failure."""
    is_json = "json" in response.headers.get("Content-Type", "") or not response.content
    return is_json and response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR


def violations(method: str, path: str, status: int, body: Any) -> list[str]:
    """List where an answer differs from what GitHub documents; nothing where the operation is not described."""
    name = _name(method, path)
    if name is None or status == 304:
        return []
    found = _schema()["operations"][name]
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


def _name(method: str, path: str) -> str | None:
    for name in sorted(_schema()["operations"], key=lambda name: -name.count("/")):
        verb, _, template = name.partition(" ")
        if verb == method and re.fullmatch(_PARAMETER.sub(_pattern, template), path):
            return str(name)
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


def _question(api: Json, operation: Json) -> Json:
    """Take what may be asked: the names in the query, and the body with all that it requires."""
    parameters = [
        api["components"]["parameters"][one["$ref"].rsplit("/", 1)[-1]] if "$ref" in one else one
        for one in operation.get("parameters", ())
    ]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    return {
        "query": [one["name"] for one in parameters if one["in"] == "query"],
        "fields": sorted({name for shape in _shapes(body) for name in shape.get("properties", {})}),
        "body": _slim(body, kept=frozenset({"required"})),
    }


def _shapes(body: Json) -> Iterator[Json]:
    """Yield a schema and its alternatives."""
    yield body
    for key in ("anyOf", "oneOf", "allOf"):
        for inner in body.get(key, ()):
            yield from _shapes(inner)


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


def _slim(value: Any, kept: frozenset[str] = frozenset()) -> Any:
    if isinstance(value, list):
        return [_slim(inner, kept) for inner in value]
    if not isinstance(value, dict):
        return value
    slim = {key: _slim(inner, kept) for key, inner in value.items() if key in kept or not _is_prose(key, inner)}
    if "properties" in value:
        slim["properties"] = {name: _slim(inner, kept) for name, inner in value["properties"].items()}
    if "oneOf" in slim:  # GitHub's own alternatives overlap
        slim["anyOf"] = slim.pop("oneOf")
    slim.pop("discriminator", None)
    return {"anyOf": [slim, {"type": "null"}]} if slim.pop("nullable", False) else slim


def _is_prose(key: str, value: Any) -> bool:
    return key.startswith("x-") or (key in PROSE and not (isinstance(value, dict) and "type" in value))


if __name__ == "__main__":
    whole, licence = (Path(name).read_text() for name in sys.argv[1:3])
    sys.stdout.write(json.dumps(extract(json.loads(whole), licence), separators=(",", ":"), sort_keys=True) + "\n")
