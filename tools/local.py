"""The machine the bot itself runs on, as a host: no SSH, and none of the bot's own secrets either.

A compose file may name any variable. What runs here for a service is given as little as an SSH server would give it.
"""

import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import PurePosixPath

from tools import files, process
from tools.hosts import DEFAULT_TIMEOUT, Completed

_GIVEN = frozenset({"HOME", "LANG", "LC_ALL", "LC_CTYPE", "LOGNAME", "PATH", "SSH_AUTH_SOCK", "TMPDIR", "TZ", "USER"})
_OF_DOCKER = frozenset({"API_VERSION", "CERT_PATH", "CONFIG", "CONTEXT", "HOST", "TLS", "TLS_VERIFY"})
"""Where the engine is, and who may use it."""


class LocalHost:
    """Run commands here; `environment` may replace what is given to them of the bot's own."""

    def __init__(self, name: str, environment: Mapping[str, str] | None = None) -> None:
        self._name = name
        self._environment = environment or {}

    @property
    def name(self) -> str:
        """The name by which plans and people call the host."""
        return self._name

    async def run(
        self,
        argv: Sequence[str],
        *,
        stdin: bytes | None = None,
        timeout: timedelta = DEFAULT_TIMEOUT,  # noqa: ASYNC109 - as in `Host.run`
    ) -> Completed:
        """Run one command to its end."""
        return await process.run(argv, stdin=stdin, timeout=timeout, env=self._variables())

    async def read(self, path: PurePosixPath) -> bytes | None:
        """Return a file's content, or None where there is no such file."""
        command = files.read_command(path)
        ended = await process.run_bytes(command, env=self._variables(), output_limit_bytes=files.FILE_LIMIT_BYTES)
        return files.content_of(path, ended)

    async def write(self, path: PurePosixPath, content: bytes, mode: int = 0o644) -> None:
        """Replace a file atomically."""
        written = await self.run(files.write_command(path, mode, len(content)), stdin=content)
        written.require(f"Writing {path} on {self._name}")

    @asynccontextmanager
    async def tunnel(self, port: int, address: str = "127.0.0.1") -> AsyncIterator[tuple[str, int]]:
        """Yield the port itself: it is already here."""
        yield (address, port)

    def _variables(self) -> dict[str, str]:
        own = {**os.environ, **self._environment}
        return {name: value for name, value in own.items() if _is_given(name)}


def _is_given(name: str) -> bool:
    return name in _GIVEN or (name.startswith("DOCKER_") and name.removeprefix("DOCKER_") in _OF_DOCKER)
