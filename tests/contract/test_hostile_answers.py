"""P17, P13: services that answer with a bomb, a login page or without end are told in words, and cost little."""

import asyncio
import resource
import zlib
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from functools import cache

import pytest
from aiohttp import web
from pydantic import SecretStr

from config.contracts import Probe
from config.targets import ArgoApplication
from tools.argocd import ArgoCd
from tools.errors import Garbled, ToolError
from tools.health import BODY_LIMIT_BYTES, ask
from tools.prometheus import ask as ask_prometheus
from tools.registry import Registry

LIMIT = timedelta(seconds=20)
MOST_MEMORY_KB = 80 * 1024
PAGE = "<!doctype html><html><body>Sign in @everyone <script>approve()</script></body></html>"


@cache
def bomb(megabytes: int = 128) -> bytes:
    """Pack zeros, a small part of their size on the line."""
    packing = zlib.compressobj(1, zlib.DEFLATED, 31)
    return b"".join(packing.compress(bytes(1 << 20)) for _ in range(megabytes)) + packing.flush()


async def packed(_: web.Request) -> web.StreamResponse:
    return web.Response(body=bomb(), headers={"Content-Encoding": "gzip"})


async def page(_: web.Request) -> web.StreamResponse:
    return web.Response(text=PAGE, content_type="text/html")


async def deep(_: web.Request) -> web.StreamResponse:
    return web.Response(text='{"a":' * 100_000, content_type="application/json")


async def endless(asked: web.Request) -> web.StreamResponse:
    stream = web.StreamResponse()
    await stream.prepare(asked)
    with suppress(ConnectionError):
        while True:
            await stream.write(b"{" * 65_536)
    return stream


@pytest.fixture(params=[packed, page, deep, endless], ids=lambda answer: str(answer.__name__))
async def address(request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """Serve one bad answer under every path."""
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", request.param)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def test_no_answer_takes_memory_time_or_the_bot(address: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    async with asyncio.timeout(60):
        seen = await ask(Probe(url=f"http://{address}/health", within=LIMIT))
        assert len(seen.body.encode()) <= 3 * BODY_LIMIT_BYTES  # a byte that is no text is shown by three
        with pytest.raises(Garbled):
            await Registry(timeout=LIMIT).digest(f"{address}/acme/observer", "v1")
        argo = ArgoCd(ArgoApplication(url=f"http://{address}", application="x"), SecretStr("a" * 20), LIMIT)
        with pytest.raises(ToolError):
            await argo.application()
        value, why = await ask_prometheus(f"http://{address}", "up", LIMIT)
        assert value is None
        assert why
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MOST_MEMORY_KB
