"""`guard volumes SERVICE` without a file: the newest version's, from a copy that is nobody else's."""

import io
import subprocess
from pathlib import Path

import pytest

from agents.entrypoints.guard_volumes import guard_service
from config.service import Service
from config.shipmate import Configuration, Credentials, Shipmate
from tools.compose_file import ComposeFile, ComposeService


def sources(directory: Path) -> Path:
    """A repository with one version in it."""
    who = ("-c", "user.name=hana", "-c", "user.email=hana@example.com")
    directory.mkdir()
    (directory / "docker-compose.yml").write_text("services: {observer: {image: x}}\n")
    for words in (("init", "-q"), ("add", "."), (*who, "commit", "-qm", "Begin"), ("tag", "v1.0.0")):
        subprocess.run(("git", *words), cwd=directory, check=True)
    return directory


async def test_the_newest_file_is_read_and_the_bots_own_copy_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[bytes] = []

    async def compose(content: bytes, **_: object) -> ComposeFile:
        read.append(content)
        return ComposeFile("observer", {"observer": ComposeService("observer")})

    monkeypatch.setattr("agents.entrypoints.guard_volumes.read_compose", compose)
    service = Service.model_validate(
        {
            "service": "observer",
            "repository": {"url": str(sources(tmp_path / "sources"))},
            "components": {"observer": {"image": "registry.example.com/observer"}},
            "environments": {
                "production": {
                    "target": {"hosts": [{"name": "here"}], "directory": "/srv/observer"},
                    "health": {"probe": {"url": "http://127.0.0.1:8080/health"}},
                }
            },
        },
        context={"directory": tmp_path},
    )
    workspace = tmp_path / "work"
    shipmate = Shipmate.model_construct(workspace=workspace)
    configuration = Configuration.model_construct(
        path=tmp_path, shipmate=shipmate, services={"observer": service}, credentials=Credentials()
    )
    assert await guard_service(configuration, "observer", None, None, as_json=True, out=io.StringIO()) == 0
    assert read == [b"services: {observer: {image: x}}\n"]
    assert not workspace.exists()
