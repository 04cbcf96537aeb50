"""Asking a real Prometheus, and others that answer in its place."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web

from tests.stage.ports import LOOPBACK, free_port
from tests.stage.prometheus import Prometheus
from tools.prometheus import ask


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """A Prometheus that scrapes itself."""
    port = free_port()
    with Prometheus(tmp_path_factory.mktemp("prometheus") / "p", f"{LOOPBACK}:{port}", port=port) as server:
        deadline = time.monotonic() + 20
        while not server.knows("up == 1"):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield server


@asynccontextmanager
async def answering(response: web.Response | None) -> AsyncIterator[str]:
    """Answer everything with one response; None: never."""

    async def answer(_: web.Request) -> web.Response:
        if response is None:
            await asyncio.Event().wait()
        return response or web.Response()

    app = web.Application()
    app.router.add_get("/{tail:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, LOOPBACK, 0)
    await site.start()
    try:
        yield f"http://{LOOPBACK}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("query", "value"), [("up", 1.0), ("scalar(up) + 1.5", 2.5), ("vector(1) / 0", float("inf")), ("-1", -1.0)]
)
async def test_the_first_value_is_told(prometheus: Prometheus, query: str, value: float) -> None:
    assert await ask(prometheus.url, query) == (value, "")


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("nothing_of_that_name", "has no value for the query"),
        ("vector(0) / 0", "has no value for the query"),
        ("up[1m]", "gives a matrix, not a number"),
        ("sum(", "answered 400: invalid parameter"),
    ],
)
async def test_what_is_no_number_is_told_in_words(prometheus: Prometheus, query: str, reason: str) -> None:
    value, told = await ask(prometheus.url, query)
    assert value is None
    assert reason in told
    assert told.startswith(f"Prometheus at {LOOPBACK}:{prometheus.port}")


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (web.Response(text="<html>Log in</html>", content_type="text/html"), "answered 200 and no JSON"),
        (web.Response(status=302, headers={"Location": "https://login.acme.example"}), "answered 302 and no JSON"),
        (web.json_response(["up"]), "answered 200: no success"),
        (web.json_response({"status": "success"}), "another form"),
        (web.Response(text="x" * 2_000_000), "no JSON"),
        (web.Response(text="[" * 100_000), "no JSON"),
        (None, "did not answer within 0.3 s"),
    ],
)
async def test_another_service_in_its_place_is_told(response: web.Response | None, reason: str) -> None:
    async with answering(response) as url:
        value, told = await ask(url, "up", timedelta(milliseconds=300))
    assert value is None
    assert reason in told


async def test_silence_is_told() -> None:
    value, told = await ask(f"http://{LOOPBACK}:{free_port()}", "up")
    assert value is None
    assert "did not answer: Connection refused" in told or "Connect call failed" in told


async def test_a_password_in_the_address_is_not_told(tmp_path: Path) -> None:
    word = tmp_path.name
    _, told = await ask(f"http://bot:{word}@{LOOPBACK}:{free_port()}", "up")
    assert word not in told
