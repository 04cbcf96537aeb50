"""A host over SSH: one connection, a bounded number of commands at once, and no guessing when the line breaks."""

import asyncio
import math
import shlex
import time
from collections.abc import AsyncIterable, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import PurePosixPath

import asyncssh

from config.targets import HostSettings
from tools import files
from tools.capture import Capture, Ended
from tools.errors import Denied, TimedOut, ToolError, Unreachable
from tools.hosts import DEFAULT_TIMEOUT, OUTPUT_LIMIT_BYTES, Completed
from tools.ssh_login import CONNECT_LIMIT, connect

SESSIONS_AT_ONCE = 8
"""OpenSSH allows 10 per connection by default (MaxSessions)."""
KILL_AFTER_SECONDS = 2
_GRACE_SECONDS = KILL_AFTER_SECONDS + 2
_LATE = frozenset({124, 137})
"""Exit codes of `timeout`: the command was ended, or had to be killed."""


def remote_command(argv: Sequence[str], limit: timedelta) -> str:
    """Build the line for the login shell there; the limit is kept by the host too, in whole seconds."""
    seconds = max(1, math.ceil(limit.total_seconds()))
    return shlex.join(("timeout", "-k", str(KILL_AFTER_SECONDS), str(seconds), *argv))


class SshHost:
    """Run commands over one SSH connection, which is opened when first needed and again after it was lost."""

    def __init__(self, settings: HostSettings, *, connect_limit: timedelta = CONNECT_LIMIT) -> None:
        self._settings = settings
        self._connect_limit = connect_limit
        self._connection: asyncssh.SSHClientConnection | None = None
        self._opening = asyncio.Lock()
        self._sessions = asyncio.Semaphore(SESSIONS_AT_ONCE)

    @property
    def name(self) -> str:
        """The name by which plans and people call the host."""
        return self._settings.name

    async def run(
        self,
        argv: Sequence[str],
        *,
        stdin: bytes | None = None,
        timeout: timedelta = DEFAULT_TIMEOUT,  # noqa: ASYNC109 - as in `Host.run`
    ) -> Completed:
        """Run one command to its end."""
        return (await self._run(argv, stdin or b"", timeout, OUTPUT_LIMIT_BYTES)).decoded(tuple(argv))

    async def read(self, path: PurePosixPath) -> bytes | None:
        """Return a file's content, or None where there is no such file."""
        ended = await self._run(files.read_command(path), b"", DEFAULT_TIMEOUT, files.FILE_LIMIT_BYTES)
        return files.content_of(path, ended)

    async def write(self, path: PurePosixPath, content: bytes, mode: int = 0o644) -> None:
        """Replace a file atomically."""
        written = await self.run(files.write_command(path, mode, len(content)), stdin=content)
        written.require(f"Writing {path} on {self.name}")

    @asynccontextmanager
    async def tunnel(self, port: int, address: str = "127.0.0.1") -> AsyncIterator[tuple[str, int]]:
        """Forward a port of this machine's loopback to one that the host reaches; closed with the context."""
        connection = await self._connected()
        try:
            listener = await connection.forward_local_port("127.0.0.1", 0, address, port)
        except (OSError, asyncssh.Error) as error:
            raise Unreachable(f"No tunnel to port {port} of {self.name} could be opened: {error}.") from error
        try:
            yield ("127.0.0.1", listener.get_port())
        finally:
            listener.close()
            await listener.wait_closed()

    @asynccontextmanager
    async def tunnel_back(self, port: int) -> AsyncIterator[int]:
        """Let the host reach a port of this machine's loopback; yields the port of its own loopback that leads here.

        Raises `Denied` where its sshd forbids that.
        """
        connection = await self._connected()
        try:
            listener = await connection.forward_remote_port("127.0.0.1", 0, "127.0.0.1", port)
        except asyncssh.ChannelListenError as error:
            raise Denied(
                f"{self.name} lets nobody tunnel: {error}.",
                remedy=f"On {self.name}, allow it in sshd_config: AllowTcpForwarding yes (or remote).",
            ) from error
        except (OSError, asyncssh.Error) as error:
            raise Unreachable(f"No tunnel from {self.name} could be opened: {error}.") from error
        try:
            yield listener.get_port()
        finally:
            listener.close()
            await listener.wait_closed()

    async def feed(self, argv: Sequence[str], content: AsyncIterable[bytes], limit: timedelta) -> Completed:
        """Run one command to its end and send it a stream as its input; otherwise as `run`."""
        return (await self._run(argv, content, limit, OUTPUT_LIMIT_BYTES)).decoded(tuple(argv))

    async def close(self) -> None:
        """Hang up."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
            await connection.wait_closed()

    async def _connected(self) -> asyncssh.SSHClientConnection:
        async with self._opening:
            if self._connection is None or self._connection.is_closed():
                self._connection = await connect(self._settings, self._connect_limit)
            return self._connection

    async def _run(
        self, argv: Sequence[str], stdin: bytes | AsyncIterable[bytes], limit: timedelta, output_limit_bytes: int
    ) -> Ended:
        async with self._sessions:
            started = time.monotonic()
            stdout, stderr = Capture(output_limit_bytes), Capture(output_limit_bytes)
            process = await self._start(remote_command(argv, limit))
            try:
                async with asyncio.timeout(limit.total_seconds() + _GRACE_SECONDS):
                    await _converse(process, stdin, stdout, stderr)
            except TimeoutError:
                raise _overdue(self.name, argv, limit, "It may still be running there.") from None
            except (OSError, asyncssh.Error) as error:
                raise self._in_doubt(error) from error
            finally:
                process.close()
            ended = Ended.of(self._exit_code(process), stdout, stderr, timedelta(seconds=time.monotonic() - started))
        if ended.exit_code in _LATE and ended.duration >= limit:
            raise _overdue(self.name, argv, limit, "It was ended there.")
        return ended

    async def _start(self, command: str) -> asyncssh.SSHClientProcess[bytes]:
        """Start a command; a connection found dead before that is opened once more."""
        try:
            return await self._start_once(command)
        except _NotStarted:
            pass
        try:
            return await self._start_once(command)
        except _NotStarted as error:
            raise Unreachable(
                f"{self.name} did not let a command start: {error}.",
                standing="The command was not run.",
                remedy="Check the server's sshd: MaxSessions, its log, and whether it keeps restarting.",
            ) from error

    async def _start_once(self, command: str) -> asyncssh.SSHClientProcess[bytes]:
        connection = await self._connected()
        try:
            return await connection.create_process(command, encoding=None)
        except asyncssh.ChannelOpenError as error:
            if error.code == asyncssh.OPEN_REQUEST_SESSION_FAILED:  # the command had been sent
                raise self._in_doubt(error) from error
            raise _NotStarted(error.reason) from error
        except (OSError, asyncssh.Error) as error:
            raise self._in_doubt(error) from error

    def _exit_code(self, process: asyncssh.SSHClientProcess[bytes]) -> int:
        code = process.returncode
        if code is None:
            raise self._in_doubt("the connection broke before its exit code came")
        return code if code >= 0 else 128 - code  # asyncssh says -9 where shells say 137

    def _in_doubt(self, reason: object) -> ToolError:
        return Unreachable(
            f"The connection to {self.name} was lost: {reason}.",
            standing="In doubt: the command may have run.",
            remedy="Look at what really runs there before repeating it.",
        )


class _NotStarted(Exception):
    """The connection was unusable before the command was sent."""


async def _converse(
    process: asyncssh.SSHClientProcess[bytes], stdin: bytes | AsyncIterable[bytes], stdout: Capture, stderr: Capture
) -> None:
    await asyncio.gather(_feed(process, stdin), _drain(process.stdout, stdout), _drain(process.stderr, stderr))
    await process.wait_closed()


async def _feed(process: asyncssh.SSHClientProcess[bytes], content: bytes | AsyncIterable[bytes]) -> None:
    try:
        if isinstance(content, bytes):
            process.stdin.write(content)
        else:
            async for chunk in content:
                process.stdin.write(chunk)
                await process.stdin.drain()
        await process.stdin.drain()
        process.stdin.write_eof()
    except (BrokenPipeError, ConnectionResetError):  # the command did not want its input
        return


async def _drain(reader: asyncssh.SSHReader[bytes], into: Capture) -> None:
    while chunk := await reader.read(65536):
        into.feed(chunk)


def _overdue(host: str, argv: Sequence[str], limit: timedelta, standing: str) -> ToolError:
    return TimedOut(
        f"`{shlex.join(argv[:4])}` on {host} did not end within {limit.total_seconds():g} s.", standing=standing
    )
