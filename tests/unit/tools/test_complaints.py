"""Well-known complaints of commands are told with what to do about them (P13)."""

from datetime import timedelta

import pytest

from tools.complaints import remedy_for, shortly
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


def test_what_compose_says_is_told_without_its_progress_and_with_short_ids() -> None:
    identity = "0123456789ab" + "c" * 52
    said = (
        " Container observer-1  Recreate\n Container observer-1  Recreated\n Container observer-1  Starting\n"
        f"Error response from daemon: driver failed on endpoint observer-1 ({identity}): address already in use\n"
    )
    assert shortly(said) == (
        "Error response from daemon: driver failed on endpoint observer-1 (0123456789ab): address already in use"
    )


def test_digests_stay_whole_and_progress_alone_is_still_something() -> None:
    digest = "sha256:" + "a" * 64
    assert shortly(f"{digest} is unknown") == f"{digest} is unknown"
    assert shortly(" Container observer-1  Starting \n") == "Container observer-1  Starting"


def test_where_the_way_out_is_known_the_command_is_left_out() -> None:
    with pytest.raises(CommandFailed) as caught:
        Completed(("docker", "up"), 1, "", "bind: address already in use", timedelta()).require("Starting web on web-1")
    assert caught.value.standing == ""
    with pytest.raises(CommandFailed) as caught:
        Completed(("docker", "up"), 1, "", "no such thing", timedelta()).require("Starting web on web-1")
    assert caught.value.standing == "The command was: docker up"
