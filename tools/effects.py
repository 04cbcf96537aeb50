"""Effects on a host: each behind the fence of its directory, and none broken off in the middle."""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from pathlib import PurePosixPath
from typing import Any

from tools.fence import admitted, fenced
from tools.hosts import Argv, Completed, Host

LIMIT = timedelta(minutes=1)
GRACE = timedelta(seconds=10)
"""How long an effect under way may go on after the bot was told to stop."""


class Effects:
    """What is done to one directory of one host."""

    def __init__(self, host: Host, directory: PurePosixPath) -> None:
        self._host = host
        self._directory = directory

    async def do(
        self, argv: Argv, fence: int, doing: str, *, stdin: bytes | None = None, limit: timedelta = LIMIT
    ) -> Completed:
        """Run a command that changes something; raises `Superseded` where a newer run holds the target."""
        completed = await self.attempt(argv, fence, stdin=stdin, limit=limit)
        return completed.require(f"{doing} on {self._host.name}")

    async def attempt(
        self, argv: Argv, fence: int, *, stdin: bytes | None = None, limit: timedelta = LIMIT
    ) -> Completed:
        """Do the same where an exit code other than 0 is an answer."""
        command = fenced(argv, directory=self._directory, number=fence)
        return admitted(await unbroken(self._host.run(command, stdin=stdin, timeout=limit)), self._host.name)


async def unbroken(effect: Coroutine[Any, Any, Completed]) -> Completed:
    """Wait for an effect; whoever is cancelled meanwhile leaves once it has ended, or the grace is over."""
    work = asyncio.create_task(effect)
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait({work}, timeout=GRACE.total_seconds())
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        raise
