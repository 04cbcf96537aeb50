"""P15 a compose file is judged as the host will read it, and nobody is told the values that make the difference."""

from pathlib import PurePosixPath
from types import SimpleNamespace
from typing import Any, cast

import pytest

from agents.destinations.compose.composed import Composed
from agents.destinations.compose.judgement import judge
from agents.destinations.compose.on_host import OnHost, on_hosts
from agents.destinations.compose.remounted import remounted
from agents.destinations.compose.survey import Found, Surveyed
from agents.toolbox import Toolbox
from agents.wanted import Wanted
from config.service import Service
from guardrails.plan_targets import Running
from tools.compose_reading import read_compose
from tools.hosts import Host
from tools.inspection import Container, ContainerMount

FILE = """
services:
  observer:
    image: ghcr.io/acme/observer:${IMAGE_TAG:?}
    volumes: ["${DATA:?}:/app/data", "${LOGS:-./logs}:/app/logs"]
"""
IMAGES: Any = {"observer": {"about": {"user": "qts"}}}
pytestmark = pytest.mark.usefixtures("on_path")


def answering(value: object) -> Any:
    async def answer(*_: object) -> object:
        return value

    return answer


def service(directory: PurePosixPath) -> Service:
    return Service.model_validate(
        {
            "service": "observer",
            "repository": {"url": "https://git.example/observer.git"},
            "components": {"observer": {"image": "ghcr.io/acme/observer"}},
            "environments": {
                "production": {
                    "target": {"hosts": [{"name": "alpha"}], "directory": str(directory)},
                    "health": {"probe": {"url": "http://127.0.0.1:8080/health"}},
                    "paths": {"persist": ["/app/data"]},
                }
            },
        }
    )


async def read(host: Host, directory: PurePosixPath) -> tuple[Toolbox, Composed, dict[str, OnHost]]:
    """Read the file as a host would that has an env file."""
    settings = service(directory)
    tools = SimpleNamespace(
        service=settings,
        environment=settings.environments["production"],
        given_env=None,
        repository=SimpleNamespace(read=answering(FILE.encode())),
        servers={"alpha": SimpleNamespace(name="alpha", host=host)},
    )
    compose = await read_compose(FILE.encode(), project_directory=directory)
    wanted = Composed("v1", "4f1c", FILE, compose, IMAGES)
    return cast("Toolbox", tools), wanted, await on_hosts(cast("Toolbox", tools), wanted, [Surveyed("alpha")])


def running(data: str) -> Surveyed:
    mounts = (ContainerMount("bind", data, "/app/data"), ContainerMount("bind", "/mnt/logs", "/app/logs"))
    container = Container("c0ffee", "observer-1", "x:v0", "sha256:1", "running", mounts=mounts, user="qts")
    before = Running(
        image="x", image_id="sha256:1", digest=None, tag="v0", compose_text=None, container_id="c0ffee", env_mark=None
    )
    return Surveyed("alpha", variable_names=(), components={"observer": Found(container, before, image_kept=True)})


async def test_p15_what_the_env_file_says_decides_and_is_not_told(far: Host, directory: PurePosixPath) -> None:
    here = PurePosixPath(directory)
    await far.write(here / ".env", b"DATA=/mnt/hidden-place\nLOGS=/mnt/logs\nIMAGE_TAG=v9\nOTHER=x\n")
    tools, wanted, there = await read(far, here)
    assert there["alpha"].values == {"DATA": "/mnt/hidden-place", "LOGS": "/mnt/logs"}
    kept = judge(tools, wanted, [running("/mnt/hidden-place")], there)
    assert not [finding for finding in kept.findings if "backing" in finding.rule]
    moved = judge(tools, wanted, [running("/mnt/before")], there)
    assert [(f.rule, f.subject) for f in moved.findings if f.rule == "backing-kept"] == [
        ("backing-kept", "observer-1: /app/data")
    ]
    assert "would lie on bind ${DATA}, without the data" in str(moved.findings)
    assert "hidden-place" not in str((kept, moved))


async def test_p15_an_env_file_that_changed_while_people_thought_is_noticed(
    far: Host, directory: PurePosixPath
) -> None:
    here, wanted = PurePosixPath(directory), Wanted("v1", "4f1c", IMAGES)
    await far.write(here / ".env", b"DATA=/mnt/before\nLOGS=/mnt/logs\n")
    tools, _, _ = await read(far, here)
    assert not (await remounted(tools, wanted, FILE, [running("/mnt/before")])).blocks
    await far.write(here / ".env", b"DATA=/mnt/hidden-place\nLOGS=/mnt/logs\n")
    moved = await remounted(tools, wanted, FILE, [running("/mnt/before")])
    assert [finding.rule for finding in moved.findings] == ["backing-kept"]
    assert "hidden-place" not in str(moved)
    assert not (await remounted(tools, wanted, "services: {observer: {}}", [running("/mnt/before")])).findings


async def test_without_a_value_the_variable_stays_one(far: Host, directory: PurePosixPath) -> None:
    tools, wanted, there = await read(far, PurePosixPath(directory))
    assert there == {"alpha": OnHost(wanted, {})}
    assert judge(tools, wanted, [running("/mnt/before")], there).blocks
