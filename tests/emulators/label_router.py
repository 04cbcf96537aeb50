"""Stands in for a proxy that goes by labels, such as Traefik: it follows the engine, and asks whoever is healthy.

Like Traefik it takes the running containers with its label, leaves out those whose health check says `starting` or
`unhealthy`, and shares requests evenly. Unlike it, it asks the engine again and again instead of listening to events,
and closes every connection after one answer.
"""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial

LOOPBACK = "127.0.0.1"

REFRESH_SECONDS = 0.3
NOBODY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class LabelRouter:
    """One proxy on a port of loopback; `healthy` tells `address:port` of whoever may be asked.

    It has a thread of its own, as a proxy has a process: whatever a test waits for, it goes on.
    """

    def __init__(self, port: int, healthy: Callable[[], list[str]]) -> None:
        self.port = port
        self._healthy = healthy
        self._known: list[str] = []
        self.looks = 0
        """How often it has asked the engine to the end."""
        self._turn = 0
        self._ready = threading.Event()
        self._over: Callable[[], object] = str
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)

    def start(self) -> None:
        """Follow the engine, and take requests."""
        self._thread.start()
        if not self._ready.wait(60):
            raise TimeoutError("The stand-in for a proxy did not start.")

    def stop(self) -> None:
        """End both."""
        self._over()
        self._thread.join(60)

    async def _run(self) -> None:
        over, loop = asyncio.Event(), asyncio.get_running_loop()
        self._over = partial(loop.call_soon_threadsafe, over.set)
        self._known = await asyncio.to_thread(self._healthy)
        server = await asyncio.start_server(self._serve, LOOPBACK, self.port)
        following = asyncio.create_task(self._follow())
        self._ready.set()
        await over.wait()
        server.close()
        await server.wait_closed()
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)

    async def _follow(self) -> None:
        while True:
            self._known = await asyncio.to_thread(self._healthy)
            self.looks += 1
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
