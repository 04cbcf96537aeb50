"""A cluster of one node: real containers on the stage's server, each behind an address that never changes."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Self

from config.contracts import Probe
from tests.stage.commands import StageError
from tests.stage.engine import Engine
from tests.stage.ports import LOOPBACK, free_port
from tools.clock import SystemClock
from tools.health import ask

INSIDE = 8080
PATIENCE = timedelta(seconds=20)
_POLL = timedelta(milliseconds=100)


class Cluster:
    """Runs one container for each workload; a new one takes over from the former once it answers."""

    def __init__(self, engine: Engine, name: str, ports: Mapping[str, int]) -> None:
        self._engine = engine
        self._name = name
        self._ports = ports
        self._running: dict[str, tuple[str, int]] = {}
        """Workload -> its container, and where that answers."""
        self._doors: list[asyncio.Server] = []
        self._clock = SystemClock()

    async def __aenter__(self) -> Self:
        for workload, port in self._ports.items():
            self._doors.append(await asyncio.start_server(partial(self._passed, workload), LOOPBACK, port))
        return self

    async def __aexit__(self, *_: object) -> None:
        for door in self._doors:
            door.close()
        await asyncio.to_thread(self.clear)

    async def starts(self, workload: str, image: str) -> str:
        """Start an image; say what is wrong with it, or nothing."""
        port = free_port()
        try:
            container = (await self._docker("run", "--detach", *self._how(port), image)).split()[-1]
        except StageError as error:
            return f"Back-off pulling image: {error}"
        fault = await self._readiness(container, port)
        leaving = (container, port) if fault else self._running.pop(workload, None)
        if not fault:
            self._running[workload] = (container, port)
        if leaving:
            await self._docker("rm", "--force", "--volumes", leaving[0])
        return fault

    def clear(self) -> None:
        """Remove every container of this cluster."""
        found = self._engine.docker("ps", "--all", "--quiet", "--filter", f"label=cluster={self._name}").split()
        if found:
            self._engine.docker("rm", "--force", "--volumes", *found)

    def _how(self, port: int) -> tuple[str, ...]:
        place = f"{LOOPBACK}:{port}:{INSIDE}"
        return ("--quiet", "--pull", "always", "--label", f"cluster={self._name}", "--publish", place)

    async def _readiness(self, container: str, port: int) -> str:
        """Ask the path that the chart names, until it answers or the container has ended."""
        request, end = Probe(url=f"http://{LOOPBACK}:{port}/health"), self._clock.monotonic() + PATIENCE.total_seconds()
        while self._clock.monotonic() < end:
            if (await ask(request)).status == request.status:
                return ""
            if (await self._docker("inspect", "--format", "{{.State.Status}}", container)).strip() == "exited":
                return "CrashLoopBackOff: back-off restarting failed container"
            await self._clock.sleep(_POLL)
        return "Readiness probe failed: no answer"

    async def _docker(self, *words: str) -> str:
        return await asyncio.to_thread(self._engine.docker, *words)

    async def _passed(self, workload: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hand one connection on to whatever runs now."""
        _, port = self._running.get(workload, ("", 0))
        with suppress(OSError):
            inside, outside = await asyncio.open_connection(LOOPBACK, port)
            await asyncio.gather(_pumped(reader, outside), _pumped(inside, writer))
        writer.close()


async def _pumped(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
    writer.close()
