"""What a person types, line by line, while everything else goes on; a pipe is read the same way."""

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Callable

STDIN = 0
LONGEST_READ = 65_536


async def lines() -> AsyncIterator[str]:
    """Yield lines from standard input until it ends."""
    loop = asyncio.get_running_loop()
    arrived: asyncio.Queue[str | None] = asyncio.Queue()

    def put(line: str | None) -> None:
        try:
            loop.call_soon_threadsafe(arrived.put_nowait, line)
        except RuntimeError:  # the loop has ended; nobody listens any more
            return

    # A thread, since regular files cannot be waited for; os.read, since a buffered reader would be locked at exit.
    threading.Thread(target=_read, args=(put,), daemon=True).start()
    while (line := await arrived.get()) is not None:
        yield line


def _read(put: Callable[[str | None], None]) -> None:
    rest = b""
    while chunk := os.read(STDIN, LONGEST_READ):
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            put(line.decode(errors="replace"))
    if rest:
        put(rest.decode(errors="replace"))
    put(None)
