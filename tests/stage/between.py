"""Carries connections from one place to another, each a port of the loopback or the path of a socket.

`between.py [lo] FROM TO [FROM TO ...]`; with `lo` a loopback of its own, new and still down, is brought up first.
"""

import asyncio
import fcntl
import socket
import struct
import sys
from collections.abc import Sequence
from contextlib import suppress

_SET_FLAGS, _UP_AND_RUNNING = 0x8914, 0x41
_PIECE = 65536


def bring_up_loopback() -> None:
    """Bring up `lo` of this process's network namespace."""
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sh14x", b"lo", _UP_AND_RUNNING))


async def carry(pairs: Sequence[tuple[str, str]]) -> None:
    """Carry until ended."""
    servers = [await _listen(here, there) for here, there in pairs]
    await asyncio.gather(*(server.serve_forever() for server in servers))


async def _listen(here: str, there: str) -> asyncio.Server:
    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await _open(there)
        except OSError:
            writer.close()
            return
        await asyncio.gather(_pass_on(reader, far_writer), _pass_on(far_reader, writer))

    if here.isdecimal():
        return await asyncio.start_server(meet, "127.0.0.1", int(here))
    return await asyncio.start_unix_server(meet, here)


async def _open(there: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if there.isdecimal():
        return await asyncio.open_connection("127.0.0.1", int(there))
    return await asyncio.open_unix_connection(there)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on what comes, and that it has ended."""
    with suppress(OSError):
        while piece := await reader.read(_PIECE):
            writer.write(piece)
            await writer.drain()
    with suppress(OSError):
        writer.close()


if __name__ == "__main__":
    words = sys.argv[1:]
    if words[0] == "lo":
        bring_up_loopback()
        words = words[1:]
    with suppress(KeyboardInterrupt):
        asyncio.run(carry(list(zip(words[::2], words[1::2], strict=True))))
