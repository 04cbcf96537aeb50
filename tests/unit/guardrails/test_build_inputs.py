"""What a component is built from: which Dockerfile, which ignore file, and which files are sent."""

from typing import Any

import pytest

from config.sources import Component, DockerfileRules
from guardrails.build_inputs import build_inputs_sound, ignore_file

RULES = {"ignore": [".env"], "weights": ["*.ckpt"], "user": "appuser"}
DOCKERFILE = b"FROM python:3.11-slim\nUSER appuser\n"


def rules_broken(files: dict[str, bytes], **component: Any) -> list[str]:
    judged = Component(image="acme/kodex", **{"rules": RULES, **component})
    verdict = build_inputs_sound(judged, files, {path: len(content) for path, content in files.items()})
    return [finding.rule for finding in verdict.findings]


def test_files_below_the_context_are_judged_as_its_ignore_file_sees_them() -> None:
    files = {
        "api/Dockerfile": DOCKERFILE,
        "api/.dockerignore": b".env\nmodels\n",
        "api/models/de.ckpt": b"x",
        "web/de.ckpt": b"x",
    }
    component = {"dockerfile": "api/Dockerfile", "context": "api"}
    assert rules_broken(files, **component) == []
    assert rules_broken(files | {"api/voices/de.ckpt": b"x"}, **component) == ["weights-in-context"]
    assert rules_broken(files, dockerfile="api/Dockerfile") == [
        "ignore-absent",
        "weights-in-context",
        "weights-in-context",
    ]


def test_an_ignore_file_beside_the_dockerfile_counts_more_than_that_of_the_context() -> None:
    files = {"Dockerfile": DOCKERFILE, ".dockerignore": b".env\n"}
    assert rules_broken(files) == []
    assert rules_broken(files | {"Dockerfile.dockerignore": b"docs\n"}) == ["ignore-missing"]
    judged = Component(image="x", dockerfile="docker/Dockerfile.gpu", context="app")
    assert ignore_file(judged, {"docker/Dockerfile.gpu.dockerignore": 1}) == "docker/Dockerfile.gpu.dockerignore"
    assert ignore_file(judged, {}) == "app/.dockerignore"


def test_build_arguments_choose_the_base_image() -> None:
    files = {"Dockerfile": b"ARG BASE=debian:12\nFROM $BASE\n"}
    wanted = {"rules": {"bases": ["python:3.11-slim"]}}
    assert rules_broken(files, **wanted) == ["base-image"]
    assert rules_broken(files, **wanted, build_args={"BASE": "python:3.11-slim"}) == []


@pytest.mark.parametrize("rules", [RULES, {}])
def test_a_dockerfile_that_is_not_there_is_refused_only_where_there_are_rules(rules: dict[str, Any]) -> None:
    assert rules_broken({"README.md": b""}, rules=rules) == ["dockerfile-absent"] * bool(rules)


def test_without_rules_nothing_is_asked_of_the_context() -> None:
    files = {"Dockerfile": DOCKERFILE, "big.ckpt": b"x", ".dockerignore": b"a[\n"}
    assert rules_broken(files, rules=DockerfileRules()) == []
