"""What `init` writes is built and run on a real engine, as somebody who is not root and may write almost nowhere."""

import http.client
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from agents.entrypoints.init.found import Found, Wishes
from agents.entrypoints.init.inspection import inspect
from agents.entrypoints.init.listing import origin_of, read_listing
from agents.entrypoints.init.texts import texts
from tests.contract.init.bases import nginx_base, node_base, python_base
from tests.stage.commands import StageError
from tests.stage.ports import free_port
from tests.stage.stage import Stage

PATIENCE_SECONDS = 60
PYTHON = {
    "requirements.txt": "greeting==1.0\n",
    ".python-version": "3.11\n",
    "main.py": """\
import os
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import greeting

NOTES = Path("data") / "notes"


class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/health":
            NOTES.write_text(greeting.WORD)
            answer = NOTES.read_text() + " " + os.environ["OWNER_NAME"]
        self.send_response(200 if self.path == "/health" else 404)
        self.end_headers()
        self.wfile.write(answer.encode() if self.path == "/health" else b"")


if __name__ == "__main__":
    HTTPServer(("0.0.0.0", PORT_NUMBER), Page).serve_forever()
""",
    ".env": "LOST=in the image\n",
}
STATIC = {
    "package.json": json.dumps(
        {
            "name": "front",
            "scripts": {"build": "mkdir -p dist/assets && cp src/* dist/assets && mv dist/assets/*.html dist"},
        }
    ),
    "package-lock.json": json.dumps({"name": "front", "lockfileVersion": 3, "packages": {}}),
    ".nvmrc": "22\n",
    "src/index.html": "<h1>front page</h1>\n",
    "src/app.js": "console.log(1)\n",
}


@dataclass
class Place:
    """A repository that was written to, and the engine that runs it."""

    stage: Stage
    directory: Path
    found: Found

    def compose(self, *words: str) -> str:
        command = (
            "--project-name",
            self.found.name,
            "--project-directory",
            self.directory,
            "--file",
            self.directory / "docker-compose.prod.yml",
        )
        return self.stage.bot.docker(
            "compose", *command, *words, variables={"IMAGE_TAG": "v1.0.0", "OWNER_NAME": "ana"}
        )

    @property
    def container(self) -> str:
        return self.compose("ps", "--quiet").strip()

    def inside(self, *words: str) -> str:
        return self.stage.bot.docker("exec", self.container, *words).strip()

    def healthy(self) -> bool:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            told = self.stage.bot.docker(
                "inspect", "--format", "{{.State.Health.Status}} {{.State.Status}}", self.container
            )
            if told.split() != ["starting", "running"]:
                return told.split() == ["healthy", "running"]
            time.sleep(0.1)
        return False

    def answer(self, path: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.found.components[0].published, timeout=5)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()


def written(stage: Stage, directory: Path, files: Mapping[str, str], wishes: Wishes, **bases: str) -> Place:
    """Lay a repository out, write to it, build its image and start it."""
    for path, text in files.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_text(text)
    found = inspect(read_listing(directory), origin_of(f"git@github.com:acme/{directory.name}.git", "main"), "", wishes)
    assert found.unknown == ()
    for path, text in texts(found).items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_text(text)
    arguments = [word for name, base in bases.items() for word in ("--build-arg", f"{name}={base}")]
    stage.bot.docker("build", "--quiet", *arguments, "--tag", f"{found.components[0].image}:v1.0.0", directory)
    place = Place(stage, directory, found)
    place.compose("up", "--detach")
    return place


@pytest.fixture(scope="module")
def python(stage: Stage) -> Iterator[Place]:
    port = free_port()
    files = {path: text.replace("PORT_NUMBER", str(port)) for path, text in PYTHON.items()}
    place = written(stage, stage.scratch("init-program"), files, Wishes(), PYTHON_IMAGE=python_base(stage))
    yield place
    place.compose("down", "--volumes")


@pytest.fixture(scope="module")
def static(stage: Stage) -> Iterator[Place]:
    bases = {"NODE_IMAGE": node_base(stage), "NGINX_IMAGE": nginx_base(stage)}
    place = written(stage, stage.scratch("init-site"), STATIC, Wishes(ports=(("", free_port()),)), **bases)
    yield place
    place.compose("down", "--volumes")


def test_a_python_program_becomes_healthy_and_answers_with_its_dependency(python: Place) -> None:
    assert python.healthy(), python.compose("logs")
    assert python.answer("/health") == (200, "hello ana")


def test_it_runs_as_its_own_user_and_can_write_only_what_is_kept(python: Place) -> None:
    assert python.inside("id", "-u") == "10001"
    python.inside("sh", "-c", "echo kept > /app/data/x && echo lost > /tmp/x")
    with pytest.raises(StageError, match="Read-only file system"):
        python.inside("sh", "-c", "echo stray > /app/x")


def test_neither_build_tools_nor_the_env_file_are_in_its_image(python: Place) -> None:
    assert {"main.py", "data"} <= set(python.inside("ls", "-A", "/app").split())
    assert not {".env", ".git", "Dockerfile"} & set(python.inside("ls", "-A", "/app").split())
    with pytest.raises(StageError, match="No module named pip"):
        python.inside("/opt/venv/bin/python", "-m", "pip", "--version")


def test_a_static_site_is_built_and_served_by_nginx(static: Place) -> None:
    assert static.healthy(), static.compose("logs")
    assert static.answer("/") == (200, "<h1>front page</h1>\n")
    assert static.answer("/a/route/of/the/application") == (200, "<h1>front page</h1>\n")
    assert static.answer("/assets/app.js") == (200, "console.log(1)\n")
    assert static.answer("/assets/gone.js")[0] == 404
    assert static.inside("id", "-u") == "101"
