"""What a change does to configuration: every kind of file, removals first, and never a value that may be a secret."""

import pytest

from agents.words.settings import LARGEST_BYTES, setting_changes
from tests.evaluation.shapes import COMPOSE, DOCKERFILE, MANIFEST

CANARY = "hunter" + "2hunter2"


def told(path: str, old: str | None, new: str | None) -> list[str]:
    changes, unread = setting_changes({path: old.encode() if old else None}, {path: new.encode() if new else None})
    assert unread == ()
    return [str(change) for change in changes]


COMPOSE_LINES = {
    ('    user: "1000:1000"\n', ""): "c-compose.yml api: user removed (1000:1000)",
    ("    cap_drop: [ALL]\n", ""): "c-compose.yml api: cap_drop ALL removed",
    ("      QUEUE_URL: ${QUEUE_URL:?}\n", ""): "c-compose.yml api: variable QUEUE_URL removed",
    ("LOG_LEVEL: info", "LOG_LEVEL: debug"): "c-compose.yml api: variable LOG_LEVEL changed (its value)",
    ("127.0.0.1:8080:8080", "8080:8080"): "c-compose.yml api: port 8080 changed (127.0.0.1:8080 -> 8080)",
    ("./data:/var/lib/api", "./other:/var/lib/api:ro"): (
        "c-compose.yml api: mount /var/lib/api changed (./data -> ./other, read only)"
    ),
    ("memory: 512M", "memory: 8G"): "c-compose.yml api: memory limit changed (512M -> 8G)",
    ("interval: 10s", "interval: 90s"): "c-compose.yml api: health check interval changed (10s -> 90s)",
    ("  api:\n", "  api2:\n"): "c-compose.yml: service api removed",
}


@pytest.mark.parametrize(("edit", "expected"), COMPOSE_LINES.items())
def test_a_change_of_a_compose_file_is_told(edit: tuple[str, str], expected: str) -> None:
    assert expected in told("c-compose.yml", COMPOSE, COMPOSE.replace(*edit))


def test_the_short_and_the_long_form_are_told_alike() -> None:
    long = COMPOSE.replace("- ./data:/var/lib/api", "- {type: bind, source: ./data, target: /var/lib/api}")
    assert told("compose.yml", COMPOSE, long) == ["compose.yml api: mount /var/lib/api changed (./data -> bind ./data)"]
    listed = COMPOSE.replace("      LOG_LEVEL: info\n      QUEUE_URL: ${QUEUE_URL:?}\n", "      - LOG_LEVEL=info\n")
    assert told("compose.yml", COMPOSE, listed) == ["compose.yml api: variable QUEUE_URL removed"]


def test_a_tag_is_the_release_itself() -> None:
    assert told("compose.yml", COMPOSE, COMPOSE.replace("${TAG:?}", "v2")) == []


DOCKERFILE_LINES = {
    ("USER api\n", ""): "Dockerfile: user removed (api)",
    ("HEALTHCHECK CMD", "HEALTHCHECK NONE #"): "Dockerfile: health check changed",
    ("HEALTHCHECK CMD curl -fsS http://127.0.0.1:8080/health", "HEALTHCHECK NONE"): "Dockerfile: health check removed",
    ("python:3.11-slim", "python:3.13"): "Dockerfile: base image of stage 1 changed (python:3.11-slim -> python:3.13)",
    ("COPY", "EXPOSE 80 81\nCOPY"): "Dockerfile: port 80 added",
    ("USER api", "USER api\nENV A=1 B=2"): "Dockerfile: variable B added",
}


@pytest.mark.parametrize(("edit", "expected"), DOCKERFILE_LINES.items())
def test_a_change_of_a_dockerfile_is_told(edit: tuple[str, str], expected: str) -> None:
    assert any(line.startswith(expected) for line in told("Dockerfile", DOCKERFILE, DOCKERFILE.replace(*edit)))


def test_what_an_earlier_stage_says_does_not_reach_the_image() -> None:
    staged = "FROM golang AS build\nUSER builder\n" + DOCKERFILE.replace("USER api\n", "")
    assert "Dockerfile: user removed (api)" in told("Dockerfile", DOCKERFILE, staged)


MANIFEST_LINES = {
    ("replicas: 3", "replicas: 1"): "k8s/api.yaml Deployment/api: replicas changed (3 -> 1)",
    ("livenessProbe", "lifeProbe"): "k8s/api.yaml Deployment/api: health check livenessProbe of api removed",
    ("memory: 512Mi", "cpu: 1"): "k8s/api.yaml Deployment/api: memory limit of api removed (512Mi)",
    ("runAsNonRoot: true", "runAsNonRoot: false"): (
        "k8s/api.yaml Deployment/api: security runAsNonRoot of api changed (True -> False)"
    ),
    ("kind: Deployment", "kind: StatefulSet"): "k8s/api.yaml: object Deployment/api removed",
}


@pytest.mark.parametrize(("edit", "expected"), MANIFEST_LINES.items())
def test_a_change_of_a_kubernetes_object_is_told(edit: tuple[str, str], expected: str) -> None:
    assert any(line.startswith(expected) for line in told("k8s/api.yaml", MANIFEST, MANIFEST.replace(*edit)))


OTHERS = [
    ("chart/values.yaml", "a: {b: 1, c: x}\n", "a: {b: 2}\n", ["key a.c removed", "key a.b changed (1 -> 2)"]),
    ("config/app.toml", "[http]\nport = 1\n", "[http]\nport = 2\n", ["key http.port changed (1 -> 2)"]),
    ("settings.json", '{"a": [1]}', '{"a": [1, 2]}', ["key a[1] added (2)"]),
    (".env.example", "A=1\nB=2\n", "A=3\n", ["variable B removed", "variable A changed (its value)"]),
    ("prod.env", "A=1\n", None, ["variable A removed"]),
]


@pytest.mark.parametrize(("path", "old", "new", "expected"), OTHERS, ids=[one[0] for one in OTHERS])
def test_keys_of_other_files_are_told(path: str, old: str, new: str | None, expected: list[str]) -> None:
    assert told(path, old, new) == [f"{path}: {line}" for line in expected]


@pytest.mark.parametrize("path", ["README.md", ".github/workflows/ci.yml", "tests/data.yaml", "src/data.json", "a.py"])
def test_what_configures_nothing_is_left_alone(path: str) -> None:
    assert told(path, "a: 1\n", "a: 2\n") == []


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("compose.yml", COMPOSE, COMPOSE.replace("info", CANARY)),
        ("values.yaml", f"api_key: {CANARY}\npassword: 1\n", "api_key: x\npassword: 77665544\n"),
        (".env", f"TOKEN={CANARY}\n", "TOKEN=\n"),
        ("Dockerfile", f"FROM a\nENV API_TOKEN={CANARY}\n", "FROM a\n"),
        ("compose.yml", COMPOSE, COMPOSE.replace("    user:", f"    command: run --password={CANARY}\n    user:")),
    ],
)
def test_p16_no_value_that_may_be_a_secret_is_shown(path: str, old: str, new: str) -> None:
    shown = "\n".join(told(path, old, new))
    assert shown
    assert CANARY not in shown
    assert "77665544" not in shown


BROKEN = {
    "no YAML": "a: [\n",
    "a template": "a: {{ .Values.a }}\n{{- if .b }}\n",
    "too large": "a: 1\n" * (LARGEST_BYTES // 4),
    "aliases that explode": "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
    + "".join(
        f"{c}: &{c} [*{p}, *{p}, *{p}, *{p}, *{p}, *{p}, *{p}, *{p}]\n"
        for p, c in zip("abcdefg", "bcdefgh", strict=True)
    ),
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_what_cannot_be_read_is_told_by_name(content: str) -> None:
    changes, unread = setting_changes({}, {"deploy/values.yaml": content.encode()})
    assert (changes, unread) == ((), ("deploy/values.yaml",))
