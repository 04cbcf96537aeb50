"""Commands of the stage: run to their end, and told apart when they fail."""

import fcntl
import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.stage.places import STATE


class StageError(Exception):
    """A real part could not be had; the message says which one, and the way out."""


def execute(argv: Iterable[str | Path], *, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> str:
    """Run a command to its end and return what it printed; `StageError` with its last lines where it fails."""
    words = [str(word) for word in argv]
    done = subprocess.run(
        words,
        check=False,
        text=True,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        cwd=cwd,
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive", **(env or {})},
    )
    if done.returncode != 0:
        tail = "\n".join((done.stderr or done.stdout).strip().splitlines()[-5:])
        raise StageError(f"`{' '.join(words)}` ended with exit code {done.returncode}: {tail or 'it printed nothing'}")
    return done.stdout


def tell(line: str) -> None:
    """Say in one line what takes time."""
    print(f"stage: {line}", flush=True)  # noqa: T201 - the person who started it waits and reads


@contextmanager
def alone(doing: str) -> Iterator[None]:
    """Wait until no other run on this machine does the same; the kernel lets go when a run dies."""
    STATE.mkdir(exist_ok=True)
    with (STATE / f"{doing}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
