"""Well-known complaints of commands are told with what to do about them (P13)."""

from datetime import timedelta

import pytest

from tools.complaints import remedy_for
from tools.errors import CommandFailed, ToolError, Unreachable
from tools.hosts import Completed


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        ("cat: write error: No space left on device", "Free space on that disk"),
        ("Bind for 127.0.0.1:80 failed: port is already allocated", "`docker ps`"),
        ("listen tcp4 127.0.0.1:80: bind: address already in use", "`ss -ltnp`"),
        ("Cannot connect to the Docker daemon at unix:///var/run/docker.sock.", "Start the engine"),
        ("exec /bin/app: exec format error", "`platforms`"),
        ("something else", ""),
    ],
)
def test_a_known_complaint_has_a_remedy(said: str, remedy: str) -> None:
    assert remedy in remedy_for(said)
    assert bool(remedy_for(said)) is bool(remedy)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (
            "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
            Unreachable,
        ),
        ("error during connect: Post http://docker/v1.41/containers/create: EOF", Unreachable),
        ("no such service: web", CommandFailed),
    ],
)
def test_an_engine_that_restarts_is_away_and_no_failed_command(said: str, kind: type[ToolError]) -> None:
    with pytest.raises(ToolError) as caught:
        Completed(("docker", "ps"), 1, "", said, timedelta()).require("Looking on web-1")
    assert type(caught.value) is kind


def test_a_failed_command_carries_it() -> None:
    failed = Completed(("true",), 1, "", "write: No space left on device\n", timedelta())
    with pytest.raises(CommandFailed) as caught:
        failed.require("Writing .env on web-1")
    assert caught.value.next_step.startswith("Free space")
