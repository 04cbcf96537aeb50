"""Small images, built on a real engine from the one program that every machine of the stage has."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from tests.stage.stage import Stage

DOCKERFILE = b"FROM scratch\nCOPY busybox /bin/busybox\n"


def sources_of(stage: Stage, directory: Path, files: Mapping[str, bytes]) -> Path:
    """Make a build context with busybox in it."""
    directory.mkdir(parents=True, exist_ok=True)
    shutil.copy(stage.toolset.program("busybox"), directory / "busybox")
    for name, content in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return directory


def busybox(stage: Stage, directory: Path, reference: str) -> str:
    """Build an image with a shell in it, that no other reference shares."""
    sources = sources_of(stage, directory, {"Dockerfile": DOCKERFILE + f"LABEL made.for={reference}\n".encode()})
    stage.bot.docker("build", "--quiet", "--tag", reference, sources)
    return reference
