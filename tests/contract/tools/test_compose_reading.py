import os
from pathlib import PurePosixPath

import pytest

from guardrails.failures import outside_cause
from tools.compose_file import Mount, Port
from tools.compose_reading import read_compose
from tools.errors import Garbled, NotInstalled

HERE = PurePosixPath("/srv/observer")
pytestmark = pytest.mark.usefixtures("on_path")
FILE = b"""
services:
  observer:
    image: ghcr.io/acme/observer:${IMAGE_TAG:?IMAGE_TAG required}
    env_file: .env
    profiles: [rarely]
    environment: [KIS_API_KEY, "MODE=${MODE:-live}", "SECRET=${SECRET}", "COST=$$5"]
    volumes: ["${DATA:-./data}:/app/data", "logs:/app/logs:ro", "/scratch"]
    ports: ["127.0.0.1:${PORT:-8080}:80"]
    deploy:
      resources: {limits: {cpus: "1.0", memory: 512M}, reservations: {cpus: "0.5", memory: 256M}}
    healthcheck: {test: ["CMD", "true"], interval: 1m30s}
volumes: {logs: {}}
"""


async def test_a_file_is_read_with_the_values_given_and_nothing_of_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(os.environ, "SECRET", "of-this-machine")
    compose = await read_compose(FILE, project_directory=HERE, variables={"IMAGE_TAG": "v1.2.3"})
    observer = compose.services["observer"]
    assert observer.image == "ghcr.io/acme/observer:v1.2.3"
    assert observer.environment == {"KIS_API_KEY": None, "MODE": "live", "SECRET": "${SECRET}", "COST": "$5"}
    assert observer.env_files == ("/srv/observer/.env",)
    assert observer.mounts == (
        Mount("bind", "/srv/observer/data", "/app/data", create_host_path=True),
        Mount("volume", "logs", "/app/logs", read_only=True),
        Mount("anonymous", "", "/scratch"),
    )
    assert (observer.cpus, observer.memory, observer.memory_reserved) == (1.0, 512 * 1024**2, 256 * 1024**2)
    assert observer.healthcheck
    assert observer.healthcheck.interval == 90
    assert compose.volumes["logs"].name == "observer_logs"


async def test_p15_volumes_are_named_for_the_project_that_will_really_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "COMPOSE_PROJECT_NAME", "of-this-machine")
    content = b"""
name: other
services: {a: {image: x, volumes: ['plain:/a', 'fixed:/b', 'own:/c', 'given:/d']}}
volumes:
  plain: {}
  fixed: {name: other_fixed}
  own: {name: "${COMPOSE_PROJECT_NAME}_own"}
  given: {name: "${COMPOSE_PROJECT_NAME:-other}_given"}
"""
    compose = await read_compose(content, project_directory=HERE, project="real")
    names = {key: volume.name for key, volume in compose.volumes.items()}
    assert names == {"plain": "real_plain", "fixed": "other_fixed", "own": "real_own", "given": "real_given"}
    assert compose.name == "real"


async def test_a_tag_that_nobody_gave_stays_visible() -> None:
    compose = await read_compose(FILE, project_directory=HERE)
    assert compose.services["observer"].image == "ghcr.io/acme/observer:${IMAGE_TAG}"


@pytest.mark.parametrize(
    ("port", "expected"),
    [
        ("${APP_PORT:?say where}:8000", Port(8000, "${APP_PORT}")),
        ("${APP_PORT:-8080}:8000", Port(8000, "8080")),
        ("${BIND:?}:$APP_PORT:8000/udp", Port(8000, "${APP_PORT}", "${BIND}", "udp")),
        ("${APP_PORT}:${APP_PORT}", Port("${APP_PORT}", "${APP_PORT}")),
        ("${APP_PORT}-${LAST}:8000-8001", Port("8000-8001", "${APP_PORT}-${LAST}")),
        ("${ONLY_HERE:+127.0.0.1:}8080:8000", Port(8000, "8080", "127.0.0.1")),
        ("8080:${APP_PORT:-8000}", Port(8000, "8080")),
    ],
)
async def test_a_port_may_be_a_variable_that_only_the_host_knows(port: str, expected: Port) -> None:
    content = f'services:\n  a:\n    image: x\n    ports:\n      - "{port}"\n      - 22:22\n'
    compose = await read_compose(content.encode(), project_directory=HERE)
    assert compose.services["a"].ports == (expected, Port(22, "22"))


async def test_a_mount_whose_source_has_a_default_may_be_read_only() -> None:
    content = b"services: {a: {image: x, volumes: ['${DATA:-./data}:/app:ro']}}"
    compose = await read_compose(content, project_directory=HERE)
    assert compose.services["a"].mounts == (
        Mount("bind", "/srv/observer/data", "/app", read_only=True, create_host_path=True),
    )


async def test_p15_a_mount_whose_source_only_the_host_knows_is_read_as_one_or_as_it_is_given() -> None:
    content = b"""
services:
  a:
    image: x
    volumes: ['${DATA:?say: where}:/a', '${LOGS:?}/old:/b:ro', '$KEPT:/c', "${CACHE:-./cache}:/d"]
volumes: {state: {}}
"""
    unknown = (await read_compose(content, project_directory=HERE)).services["a"].mounts
    assert unknown == (
        Mount("bind", "/srv/observer/${DATA}", "/a"),
        Mount("bind", "/srv/observer/${LOGS}/old", "/b", read_only=True),
        Mount("bind", "/srv/observer/${KEPT}", "/c"),
        Mount("bind", "/srv/observer/cache", "/d", create_host_path=True),
    )
    values = {"DATA": "/mnt/data", "LOGS": "./logs", "KEPT": "state", "CACHE": "/mnt/cache"}
    known = (await read_compose(content, project_directory=HERE, variables=values)).services["a"].mounts
    assert [(mount.kind, mount.source) for mount in known] == [
        ("bind", "/mnt/data"),
        ("bind", "/srv/observer/logs/old"),
        ("volume", "state"),
        ("bind", "/mnt/cache"),
    ]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"services: {a: {imag: x}}", "services.a Additional property imag is not allowed"),
        (b"services: [", "is not YAML"),
        (b"", "empty compose file"),
        (b"services: {a: {image: x, depends_on: [b]}}", "depends on undefined service"),
        (b"services: {a: {extends: {file: /etc/passwd, service: a}}}", "takes parts from other files"),
        (b"services: {a: {image: x, label_file: /etc/passwd}}", "takes parts from other files"),
        (b"include: [/etc/passwd]\nservices: {a: {image: x}}", "takes parts from other files"),
        (b"services: {a: {image: x, volumes: [{type: npipe, source: a, target: b}]}}", "npipe"),
        (b"a: \xff", "is not YAML"),
    ],
)
async def test_a_file_that_cannot_be_used_is_refused_with_the_reason(content: bytes, complaint: str) -> None:
    with pytest.raises(Garbled, match=complaint):
        await read_compose(content, project_directory=HERE)


async def test_files_that_a_compose_file_points_to_are_never_opened() -> None:
    content = b"services: {a: {image: x, env_file: /proc/self/environ}}"
    compose = await read_compose(content, project_directory=HERE)
    assert (compose.services["a"].environment, compose.services["a"].env_files) == ({}, ("/proc/self/environ",))


async def test_a_file_that_speaks_of_what_docker_obeys_neither_sets_it_nor_sees_ours() -> None:
    names = ("PATH", "HOME", "DOCKER_CONFIG", "DOCKER_HOST", "COMPOSE_PROJECT_NAME")
    said = {name: f"${{{name}}}" for name in names} | {"SHOWN": "${HOME:-/root}"}
    listed = ", ".join(f'{name}: "{value}"' for name, value in said.items())
    content = f"services: {{a: {{image: x, environment: {{{listed}}}}}}}".encode()
    compose = await read_compose(content, project_directory=HERE)
    assert compose.services["a"].environment == said


async def test_without_compose_on_this_machine_that_is_what_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "DOCKER_CONFIG", "/nowhere")
    monkeypatch.setitem(os.environ, "PATH", "/nowhere")
    with pytest.raises(NotInstalled, match="Docker Compose is not installed") as raised:
        await read_compose(FILE, project_directory=HERE)
    assert outside_cause(raised.value.code, touched=False), "a version is not to blame for the bot's machine"
