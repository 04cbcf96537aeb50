"""The written health checks, run as a container runs them: they fail when the program fails."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
import yaml

from agents.entrypoints.init.composition import compose_file
from agents.entrypoints.init.found import Health
from tests.stage.ports import free_port
from tests.unit.entrypoints.init.samples import FLASK, found_in


class Program(HTTPServer):
    """Answers every question with one status."""

    status = 200


class Page(BaseHTTPRequestHandler):
    server: Program

    def do_GET(self) -> None:
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the library's
        """Say nothing."""


@pytest.fixture
def program() -> Iterator[Program]:
    with Program(("127.0.0.1", 0), Page) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def checked(port: int, health: Health) -> int:
    """Run the health check of the compose file; returns its exit code."""
    found = found_in(FLASK)
    component = replace(found.components[0], port=port, health=health)
    document = yaml.safe_load(compose_file(replace(found, components=(component,))))
    kind, interpreter, *words = document["services"]["sample"]["healthcheck"]["test"]
    assert (kind, interpreter) == ("CMD", "python")
    return subprocess.run((sys.executable, *words), capture_output=True, check=False).returncode


@pytest.mark.parametrize(("status", "code"), [(200, 0), (204, 0), (404, 1), (500, 1), (503, 1)])
def test_a_route_for_health_must_answer_well(program: Program, status: int, code: int) -> None:
    program.status = status
    assert checked(program.server_port, Health("/healthz", "app.py:9")) == code


@pytest.mark.parametrize(("status", "code"), [(200, 0), (302, 0), (404, 0), (500, 1), (503, 1)])
def test_without_such_a_route_any_answer_does_that_is_no_failure(program: Program, status: int, code: int) -> None:
    program.status = status
    assert checked(program.server_port, Health("/")) == code


@pytest.mark.parametrize("place", ["", "app.py:9"])
def test_silence_is_not_healthy(place: str) -> None:
    assert checked(free_port(), Health("/", place)) == 1
