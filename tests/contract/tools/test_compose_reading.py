import os
from pathlib import PurePosixPath

import pytest

from tools.compose_file import Mount
from tools.compose_reading import read_compose
from tools.errors import Garbled, NotFound

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


async def test_a_tag_that_nobody_gave_stays_visible() -> None:
    compose = await read_compose(FILE, project_directory=HERE)
    assert compose.services["observer"].image == "ghcr.io/acme/observer:${IMAGE_TAG}"


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
    with pytest.raises(NotFound, match="Docker Compose is not installed"):
        await read_compose(FILE, project_directory=HERE)
