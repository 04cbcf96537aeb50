"""Commands on the bot's own machine: run to their end, within a limit in time and output."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from tools.capture import Capture, Ended
from tools.errors import Denied, NotFound, TimedOut
from tools.hosts import DEFAULT_TIMEOUT, OUTPUT_LIMIT_BYTES, Completed

NOT_STARTED = 127
"""Exit code of a command that is not installed, as shells have it."""
UMASK = 0o022
"""The bot keeps its own files to itself; what it makes for a service must stay readable there."""
_PATIENCE_SECONDS = 2.0
"""How long an ended command's children may go on printing, and a told-to-end command may take to do so."""


async def run(
    argv: Sequence[str],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: bytes | None = None,
    timeout: timedelta = DEFAULT_TIMEOUT,  # noqa: ASYNC109 - the limit belongs to the command, which is ended with it
    output_limit_bytes: int = OUTPUT_LIMIT_BYTES,
) -> Completed:
    """Run one command in a process group of its own, of which nothing is left at the end.

    `env` replaces the whole environment. An exit code other than 0 is a value, 127 where the program is not
    installed. Raises `TimedOut` past the limit, `NotFound` for a missing `cwd`.
    """
    ended = await run_bytes(argv, cwd=cwd, env=env, stdin=stdin, timeout=timeout, output_limit_bytes=output_limit_bytes)
    return ended.decoded(tuple(argv))


async def run_bytes(
    argv: Sequence[str],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: bytes | None = None,
    timeout: timedelta = DEFAULT_TIMEOUT,  # noqa: ASYNC109 - as in `run`
    output_limit_bytes: int = OUTPUT_LIMIT_BYTES,
) -> Ended:
    """Do what `run` does, and leave the output as bytes."""
    started = time.monotonic()
    stdout, stderr = Capture(output_limit_bytes), Capture(output_limit_bytes)
    try:
        process = await _start(argv, cwd, env)
    except FileNotFoundError:
        _require_directory(cwd)
        stderr.feed(f"{argv[0]}: not found".encode())
        return Ended.of(NOT_STARTED, stdout, stderr, timedelta())
    try:
        async with asyncio.timeout(timeout.total_seconds()):
            await _converse(process, stdin or b"", stdout, stderr)
    except TimeoutError:
        raise TimedOut(
            f"`{' '.join(argv[:4])}` did not end within {timeout.total_seconds():g} s.",
            standing="It was ended, with everything it had started.",
        ) from None
    finally:
        await _end(process)
    exit_code = process.returncode if process.returncode is not None else -1
    return Ended.of(exit_code, stdout, stderr, timedelta(seconds=time.monotonic() - started))


async def _start(argv: Sequence[str], cwd: Path | None, env: Mapping[str, str] | None) -> asyncio.subprocess.Process:
    try:
        return await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=cwd,
            env=env,
            start_new_session=True,
            umask=UMASK,
        )
    except PermissionError as error:
        raise Denied(f"{argv[0]} may not be run: {error.strerror}.") from error


def _require_directory(cwd: Path | None) -> None:
    if cwd is not None and not cwd.is_dir():
        raise NotFound(f"There is no directory {cwd} to run the command in.")


async def _converse(process: asyncio.subprocess.Process, stdin: bytes, stdout: Capture, stderr: Capture) -> None:
    """Feed and read until the command ends; children that keep its output open are not waited for."""
    async with contextlib.AsyncExitStack() as stack:
        talks = [
            asyncio.create_task(_feed(process.stdin, stdin)),
            asyncio.create_task(_drain(process.stdout, stdout)),
            asyncio.create_task(_drain(process.stderr, stderr)),
        ]
        for talk in talks:
            stack.callback(talk.cancel)
        await _exit_of(process)
        await asyncio.wait(talks, timeout=_PATIENCE_SECONDS)


async def _exit_of(process: asyncio.subprocess.Process) -> None:
    """Wait for the command alone: `Process.wait()` may also wait for children that keep its pipes open."""
    waiting = asyncio.create_task(process.wait())
    try:
        while process.returncode is None:
            await asyncio.wait([waiting], timeout=0.1)
    finally:
        waiting.cancel()


async def _feed(stream: asyncio.StreamWriter | None, content: bytes) -> None:
    if stream is None:
        return
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        stream.write(content)
        await stream.drain()
    stream.close()


async def _drain(stream: asyncio.StreamReader | None, into: Capture) -> None:
    while stream is not None and (chunk := await stream.read(65536)):
        into.feed(chunk)


async def _end(process: asyncio.subprocess.Process) -> None:
    """End the whole group: asked first, then forced."""
    if process.returncode is None:
        _signal(process.pid, signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await _exit_of(process)
    _signal(process.pid, signal.SIGKILL)
    await _exit_of(process)


def _signal(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
