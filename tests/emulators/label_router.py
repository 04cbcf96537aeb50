"""Stands in for a proxy that goes by labels, such as Traefik: it follows the engine, and asks whoever is healthy.

Like Traefik it takes the running containers with its label, leaves out those whose health check says `starting` or
`unhealthy`, and shares requests evenly. Unlike it, it asks the engine again and again instead of listening to events,
and closes every connection after one answer.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

LOOPBACK = "127.0.0.1"

REFRESH_SECONDS = 0.3
NOBODY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class LabelRouter:
    """One proxy on a port of loopback; `healthy` tells `address:port` of whoever may be asked."""

    def __init__(self, port: int, healthy: Callable[[], list[str]]) -> None:
        self.port = port
        self._healthy = healthy
        self._known: list[str] = []
        self._turn = 0
        self._server: asyncio.Server | None = None
        self._following: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Follow the engine, and take requests."""
        self._known = await asyncio.to_thread(self._healthy)
        self._following = asyncio.create_task(self._follow())
        self._server = await asyncio.start_server(self._serve, LOOPBACK, self.port)

    async def stop(self) -> None:
        """End both."""
        if self._server and self._following:
            self._server.close()
            await self._server.wait_closed()
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)

    async def _follow(self) -> None:
        while True:
            self._known = await asyncio.to_thread(self._healthy)
            await asyncio.sleep(REFRESH_SECONDS)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, EOFError):
            head = await reader.readuntil(b"\r\n\r\n")
            body = await reader.readexactly(_length(head))
            writer.write(await self._asked(head, body))
            await writer.drain()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    async def _asked(self, head: bytes, body: bytes) -> bytes:
        if not self._known:
            return NOBODY
        self._turn += 1
        address, _, port = self._known[self._turn % len(self._known)].partition(":")
        reader, writer = await asyncio.open_connection(address, int(port))
        first, _, rest = head.replace(b"Connection: close\r\n", b"").partition(b"\r\n")
        writer.write(first + b"\r\nConnection: close\r\n" + rest + body)
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        status, _, told = answer.partition(b"\r\n")
        return status + b"\r\nConnection: close\r\n" + told


def _length(head: bytes) -> int:
    lines = (line.partition(b":") for line in head.lower().split(b"\r\n"))
    return next((int(value) for name, _, value in lines if name == b"content-length"), 0)
