"""The meter that benchmarks put into a wire: it counts what passes, both ways."""

import asyncio

from tests.stage.wire import wire_to


async def test_a_wire_passes_everything_on_and_counts_both_ways() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write((await reader.readexactly(5)) * 100)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server, wire_to(server.sockets[0].getsockname()[1]) as wire:
        reader, writer = await asyncio.open_connection("127.0.0.1", wire.port)
        writer.write(b"hello")
        assert await reader.read() == b"hello" * 100
        assert wire.passed_bytes == 505
        writer.close()
        await writer.wait_closed()
