"""The relay passes on what was lent and nothing else (P11): reading only, on loopback only, and only for that long."""

import asyncio
import hashlib
import json
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
from pydantic import SecretStr

from tests.emulators.registry import TokenRegistry
from tools.errors import Denied, Unreachable
from tools.registry import Login, Registry
from tools.relay import Lent, Relay

HANA, WORD = "hana", "right" + "-word"
LAYERS = [b"base" * 50_000, b"small"]


@pytest.fixture
async def guarded() -> AsyncIterator[TokenRegistry]:
    registry = TokenRegistry(HANA, WORD)
    await registry.server.up()
    yield registry
    await registry.server.down()


@pytest.fixture
def digest(guarded: TokenRegistry) -> str:
    guarded.private.add("acme/app")
    return guarded.publish_whole("acme/app", "v1", LAYERS)


def relay_of(guarded: TokenRegistry, word: str = WORD) -> Relay:
    return Relay(Registry({guarded.address: Login(HANA, SecretStr(word))}, timeout=timedelta(seconds=60)))


async def ask(lent: Lent, path: str, method: str = "GET", **headers: str) -> tuple[int, bytes]:
    async with aiohttp.ClientSession() as session:
        url = f"http://127.0.0.1:{lent.port}/v2/{path}"
        async with session.request(method, url, headers=headers, data=b"x" if method == "PUT" else None) as answer:
            return answer.status, await answer.read()


def listeners() -> int:
    """Count the ports that this process listens on: a number may be another process's a moment later."""
    listening = {line.split()[9] for line in Path("/proc/self/net/tcp").read_text().splitlines() if " 0A " in line}
    found = 0
    for file in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):
            found += file.readlink().name.removeprefix("socket:[").removesuffix("]") in listening
    return found


def named(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


async def test_a_lent_image_is_passed_on_whole_with_the_bots_login_and_its_bytes_are_counted(
    guarded: TokenRegistry, digest: str
) -> None:
    async with relay_of(guarded).lend(f"{guarded.address}/acme/app", digest) as lent:
        status, manifest = await ask(lent, f"{lent.repository}/manifests/{digest}")
        assert (status, named(manifest)) == (200, digest)
        for layer in LAYERS:
            assert await ask(lent, f"{lent.repository}/blobs/{named(layer)}") == (200, layer)
        assert lent.sent_bytes == len(manifest) + sum(map(len, LAYERS))
        assert (await ask(lent, ""))[0] == 200


async def test_a_pull_that_was_cut_goes_on_where_it_was(guarded: TokenRegistry, digest: str) -> None:
    async with relay_of(guarded).lend(f"{guarded.address}/acme/app", digest) as lent:
        await ask(lent, f"{lent.repository}/manifests/{digest}")
        place = f"{lent.repository}/blobs/{named(LAYERS[0])}"
        assert await ask(lent, place, Range="bytes=199990-") == (206, LAYERS[0][199_990:])
        assert await ask(lent, place, "HEAD") == (200, b"")


@pytest.mark.parametrize("method", ["PUT", "POST", "PATCH", "DELETE"])
async def test_nothing_can_be_written_or_deleted(guarded: TokenRegistry, digest: str, method: str) -> None:
    async with relay_of(guarded).lend(f"{guarded.address}/acme/app", digest) as lent:
        assert (await ask(lent, f"{lent.repository}/manifests/{digest}", method))[0] == 405
        assert (await ask(lent, f"{lent.repository}/blobs/{digest}", method))[0] == 405
        assert (await ask(lent, f"{lent.repository}/blobs/uploads/", method))[0] in {404, 405}


async def test_no_other_repository_tag_digest_or_layer_is_shown(guarded: TokenRegistry, digest: str) -> None:
    other = guarded.publish_whole("acme/app", "v2", [b"other"])
    async with relay_of(guarded).lend(f"{guarded.address}/acme/app", digest) as lent:
        for path in (
            f"{lent.repository}/manifests/v1",
            f"{lent.repository}/manifests/{other}",
            f"acme/app/manifests/{digest}",
            f"0123456789abcdef/image/manifests/{digest}",
            f"{lent.repository}/blobs/{named(LAYERS[0])}",  # before its manifest has led there
            f"{lent.repository}/blobs/{named(b'other')}",
            f"{lent.repository}/tags/list",
            "_catalog",
        ):
            assert (await ask(lent, path))[0] == 404, path
        await ask(lent, f"{lent.repository}/manifests/{digest}")
        assert (await ask(lent, f"{lent.repository}/blobs/{named(b'other')}"))[0] == 404


async def test_of_an_index_every_platform_is_lent_and_nothing_beside_it(guarded: TokenRegistry) -> None:
    image = f"{guarded.address}/acme/many"
    one, other = (guarded.publish_whole("acme/many", name, [name.encode()]) for name in ("amd", "arm"))
    together = guarded.publish_index("acme/many", "v1", {"linux/amd64": one})
    async with relay_of(guarded).lend(image, together) as lent:
        assert (await ask(lent, f"{lent.repository}/manifests/{one}"))[0] == 404
        assert (await ask(lent, f"{lent.repository}/manifests/{together}"))[0] == 200
        assert (await ask(lent, f"{lent.repository}/manifests/{one}"))[0] == 200
        assert (await ask(lent, f"{lent.repository}/manifests/{other}"))[0] == 404


async def test_ten_hosts_share_one_relay_that_listens_on_loopback_only_and_ends_with_the_last(
    guarded: TokenRegistry, digest: str
) -> None:
    relay, image, before = relay_of(guarded), f"{guarded.address}/acme/app", listeners()
    ports, all_there, waiting = set(), asyncio.Event(), []

    async def host() -> int:
        async with relay.lend(image, digest) as lent:
            ports.add(lent.port)
            waiting.append(lent)
            if len(waiting) == 10:
                all_there.set()
            await all_there.wait()
            assert (await ask(lent, f"{lent.repository}/manifests/{digest}"))[0] == 200
            return len((await ask(lent, f"{lent.repository}/blobs/{named(LAYERS[0])}"))[1])

    assert await asyncio.gather(*(host() for _ in range(10))) == [len(LAYERS[0])] * 10
    assert len(ports) == 1
    assert relay.port is None
    assert listeners() == before


async def test_other_addresses_of_the_machine_do_not_answer(guarded: TokenRegistry, digest: str) -> None:
    async with relay_of(guarded).lend(f"{guarded.address}/acme/app", digest) as lent:
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.2", lent.port), timeout=5)


async def test_what_one_host_was_lent_is_gone_when_its_turn_ends_though_others_go_on(
    guarded: TokenRegistry, digest: str
) -> None:
    relay, image = relay_of(guarded), f"{guarded.address}/acme/app"
    async with relay.lend(image, digest) as lent:
        async with relay.lend(image, digest) as early:
            assert early.port == lent.port
        assert (await ask(lent, f"{early.repository}/manifests/{digest}"))[0] == 404
        assert (await ask(lent, f"{lent.repository}/manifests/{digest}"))[0] == 200


async def test_a_bot_without_the_login_says_so(guarded: TokenRegistry, digest: str) -> None:
    async with relay_of(guarded, "wrong").lend(f"{guarded.address}/acme/app", digest) as lent:
        status, body = await ask(lent, f"{lent.repository}/manifests/{digest}")
        assert (status, json.loads(body)["errors"][0]["code"]) == (502, "UNAVAILABLE")
        assert isinstance(lent.fault, Denied)


async def test_a_registry_that_goes_away_in_the_middle_is_told_and_half_a_layer_is_never_taken_for_one(
    guarded: TokenRegistry, digest: str
) -> None:
    async with relay_of(guarded).lend(f"{guarded.address}/acme/app", digest) as lent:
        await ask(lent, f"{lent.repository}/manifests/{digest}")
        guarded.breaks_off = True
        with pytest.raises(aiohttp.ClientError):
            await ask(lent, f"{lent.repository}/blobs/{named(LAYERS[0])}")
        assert isinstance(lent.fault, Unreachable)
        assert "broke off" in lent.fault.happened
        await guarded.server.down()
        assert (await ask(lent, f"{lent.repository}/blobs/{named(LAYERS[0])}"))[0] == 502
        assert "cannot be reached" in lent.fault.happened
