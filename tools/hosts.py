"""A host: a machine on which commands run and files lie. Two adapters: `ssh.py` and `local.py`."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import PurePosixPath
from typing import Protocol

from tools.complaints import engine_away, remedy_for, shortly
from tools.errors import CommandFailed, Unreachable

Argv = tuple[str, ...]

DEFAULT_TIMEOUT = timedelta(seconds=60)
OUTPUT_LIMIT_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Completed:
    """A command that has ended. Output beyond the limit was cut, and `cut` says so."""

    argv: Argv
    exit_code: int
    stdout: str
    stderr: str
    duration: timedelta
    cut: bool = False

    @property
    def ok(self) -> bool:
        """Tell whether the command succeeded."""
        return self.exit_code == 0

    def require(self, doing: str) -> "Completed":
        """Return self, or raise what says what was being done and shows the last lines of stderr.

        That is `CommandFailed`, or `Unreachable` where the command's engine was away: it may come back.
        """
        if self.ok:
            return self
        tail = shortly(self.stderr or self.stdout)
        remedy = remedy_for(tail)
        command = " ".join("<script>" if chr(10) in word else word for word in self.argv)
        kind = Unreachable if engine_away(tail) else CommandFailed
        raise kind(
            f"{doing} failed with exit code {self.exit_code}: {tail or 'it printed nothing'}",
            remedy=remedy,
            standing="" if remedy else f"The command was: {command}",
        )


class Host(Protocol):
    """A machine that runs commands. Arguments are vectors; secrets go by `stdin`, never by argv."""

    @property
    def name(self) -> str:
        """The name by which plans and people call the host."""
        ...

    async def run(
        self,
        argv: Sequence[str],
        *,
        stdin: bytes | None = None,
        timeout: timedelta = DEFAULT_TIMEOUT,  # noqa: ASYNC109 - the limit is part of the command, also on the far side
    ) -> Completed:
        """Run one command to its end.

        Raises `TimedOut` past the limit (the command is ended) and `Unreachable`
        when the host cannot be spoken to. An exit code other than 0 is a value.
        """
        ...

    async def read(self, path: PurePosixPath) -> bytes | None:
        """Return a file's content, or None where there is no such file."""
        ...

    async def write(self, path: PurePosixPath, content: bytes, mode: int = 0o644) -> None:
        """Replace a file atomically: a reader sees the old content or the new, never half."""
        ...

    def tunnel(self, port: int, address: str = "127.0.0.1") -> AbstractAsyncContextManager[tuple[str, int]]:
        """Open a way to a port as the host reaches it, its loopback by default; yields (address, port) for here."""
        ...
