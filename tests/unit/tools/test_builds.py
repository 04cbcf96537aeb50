from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tools.builds import Recipe, build_command, image_labels, required
from tools.errors import CommandFailed, ToolError, Unreachable
from tools.hosts import Completed

FAILED_STEP = """#5 [2/2] RUN make
#5 0.144 no rule
------
 > [2/2] RUN make:
0.144 no rule
------
ERROR: failed to solve: process "make" did not complete successfully: exit code: 2
"""


def test_the_build_command_is_written_whole() -> None:
    what = Recipe(
        dockerfile=Path("/s/Dockerfile"),
        context=Path("/s"),
        platform="linux/amd64",
        tags=("ghcr.io/acme/web:v1", "ghcr.io/acme/web:latest"),
        labels={"b": "2", "a": "1"},
        build_args={"MODE": "prod"},
    )
    assert " ".join(build_command(what, Path("/m.json"))) == (
        "docker buildx build --load --progress plain --provenance=false --metadata-file /m.json --platform linux/amd64 "
        "--file /s/Dockerfile --tag ghcr.io/acme/web:v1 --tag ghcr.io/acme/web:latest --label a=1 --label b=2 "
        "--build-arg MODE=prod /s"
    )


def test_labels_tell_where_an_image_comes_from() -> None:
    created = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)
    assert image_labels(version="v1", revision="abc", source="https://x", created=created) == {
        "org.opencontainers.image.version": "v1",
        "org.opencontainers.image.revision": "abc",
        "org.opencontainers.image.source": "https://x",
        "org.opencontainers.image.created": "2026-01-02T03:04:05Z",
    }


NO_REGISTRY = """\
------
 > [internal] load metadata for 127.0.0.1:9/python:3.11-slim:
------
ERROR: failed to build: failed to solve: 127.0.0.1:9/python:3.11-slim: failed to resolve source metadata for \
127.0.0.1:9/python:3.11-slim: failed to do request: Head "http://127.0.0.1:9/v2/python/manifests/3.11-slim": \
dial tcp 127.0.0.1:9: connect: connection refused
"""


@pytest.mark.parametrize(
    ("output", "error", "told"),
    [
        (FAILED_STEP, CommandFailed, "Building web:1 failed at [2/2] RUN make: "),
        (
            "ERROR: failed to solve: unknown instruction: FRM",
            CommandFailed,
            "Building web:1 failed: failed to solve: unknown",
        ),
        ("ERROR: Cannot connect to the Docker daemon at unix:///x.", Unreachable, "The Docker engine does not answer."),
        (
            "ERROR: listing workers: failed to list workers: Unavailable: error reading from server: EOF",
            Unreachable,
            "The Docker engine does not answer.",
        ),
        (NO_REGISTRY, Unreachable, "The registry of the base image 127.0.0.1:9/python:3.11-slim does not answer."),
    ],
)
def test_a_failed_build_says_where_and_why(output: str, error: type[ToolError], told: str) -> None:
    with pytest.raises(error) as raised:
        required(Completed(("docker",), 1, "", output, timedelta()), "web:1")
    assert raised.value.happened.startswith(told)
    assert raised.value.remedy


def test_a_build_that_ended_well_is_no_failure() -> None:
    required(Completed(("docker",), 0, "", FAILED_STEP, timedelta()), "web:1")


FOREIGN = """------
 > [2/2] RUN /bin/true:
0.1 exec /bin/sh: exec format error
------
ERROR: failed to solve: process "/bin/sh -c /bin/true" did not complete successfully: exit code: 1
"""
OTHER_BASE = """ 1 warning found (use docker --debug to expand):
 - InvalidBaseImagePlatform: Base image acme/base:1 was pulled with platform "linux/amd64", expected "linux/arm64" \
for current build (line 1)
"""


def test_a_program_of_a_platform_that_the_engine_cannot_run_is_said_so() -> None:
    with pytest.raises(CommandFailed) as raised:
        required(Completed((), 1, "", FOREIGN, timedelta()), "web:1-linux-arm64", "linux/arm64")
    assert raised.value.happened == (
        "Building web:1-linux-arm64 failed at [2/2] RUN /bin/true: this engine cannot run programs of linux/arm64."
    )
    assert "FROM --platform=$BUILDPLATFORM" in raised.value.remedy


def test_a_base_of_another_platform_fails_a_build_that_seemed_to_succeed() -> None:
    with pytest.raises(CommandFailed, match='was pulled with platform "linux/amd64", expected "linux/arm64"'):
        required(Completed((), 0, "", OTHER_BASE, timedelta()), "web:1-linux-arm64", "linux/arm64")
