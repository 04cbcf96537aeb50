"""A wire with a meter: passes on what is sent to a loopback port, both ways, and counts it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from tests.stage.ports import LOOPBACK

_PIECE_BYTES = 256 * 1024


@dataclass(slots=True)
class Wire:
    """Where it begins, and what has passed."""

    port: int = 0
    passed_bytes: int = 0

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on one direction to its end."""
        try:
            with suppress(ConnectionError):
                while piece := await reader.read(_PIECE_BYTES):
                    self.passed_bytes += len(piece)
                    writer.write(piece)
                    await writer.drain()
        finally:
            writer.close()


@asynccontextmanager
async def wire_to(port: int) -> AsyncIterator[Wire]:
    """Put a wire in front of a port of this machine's loopback."""
    wire, talks = Wire(), set[asyncio.Task[None]]()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(LOOPBACK, port)
        await asyncio.gather(wire.carry(reader, back), wire.carry(there, writer))

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(talk(reader, writer))
        talks.add(task)
        task.add_done_callback(talks.discard)

    server = await asyncio.start_server(begin, LOOPBACK, 0)
    wire.port = server.sockets[0].getsockname()[1]
    try:
        yield wire
    finally:
        server.close()
        for task in list(talks):
            task.cancel()
        await asyncio.gather(*talks, return_exceptions=True)
