"""The ways of an image to a host, in their order (P11): what leads to the next one, what ends it, and what is told."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from gzip import decompress
from random import Random
from types import SimpleNamespace
from typing import Any, cast

import pytest

from config.targets import Shipping
from tools.carriage import Carriage
from tools.errors import CommandFailed, Denied, NotFound, ToolError, Unreachable
from tools.host_images import Arrival, HostImages, mark_of
from tools.hosts import Completed
from tools.packing import packed

EXACT = "ghcr.io/acme/observer@sha256:" + "a" * 64
MARK = "ghcr.io/acme/observer:sha256-" + "a" * 64
NOISE = Random(1).randbytes(3_600_000)  # noqa: S311 - nobody is to be kept from guessing it
REFUSED, SILENT, FULL = "unauthorized", "dial tcp: i/o timeout", "write /var/lib: no space left on device"


@dataclass
class Far:
    """A host that answers pulls, tunnels and copies as it is told; an empty answer is a success."""

    pull: str = ""
    tunnel: str = ""
    copy: str = ""
    forbids: bool = False
    away: bool = False
    name: str = "web1"
    ran: list[str] = field(default_factory=list)

    async def run(self, argv: Sequence[str], **_limit: timedelta) -> Completed:
        if argv[0] == "true" and self.away:
            raise Unreachable("web1 is away.")
        if argv[0] == "true" or argv[1] == "version":
            return Completed(tuple(argv), 0, "linux/amd64", "", timedelta())
        way = "tunnel" if argv[0] == "sh" else "pull"
        self.ran.append(way)
        said = getattr(self, way)
        return Completed(tuple(argv), int(bool(said)), "", said, timedelta())

    @asynccontextmanager
    async def tunnel_back(self, port: int) -> AsyncIterator[int]:
        if self.forbids:
            raise Denied("web1 lets nobody tunnel: refused.", remedy="Allow it in sshd_config.")
        yield port

    async def feed(self, argv: Sequence[str], content: AsyncIterator[bytes], limit: timedelta) -> Completed:
        del limit
        self.ran.append("copy")
        [piece async for piece in content]
        return Completed(tuple(argv), int(bool(self.copy)), '["layer"]', self.copy, timedelta())


class Own:
    """The bot's own engine, with the image in it."""

    async def inspect(self, _reference: str) -> Any:
        return SimpleNamespace(id="sha256:1")

    async def layers(self, _reference: str) -> tuple[str, ...]:
        return ("layer",)

    async def saved(self, _reference: str) -> AsyncIterator[bytes]:
        yield b"tar" * 1000


class Lending:
    """A relay that sends seven bytes, or whose registry has trouble."""

    fault: ToolError | None = None

    @asynccontextmanager
    async def lend(self, _image: str, _digest: str) -> AsyncIterator[Any]:
        yield SimpleNamespace(port=1, repository="token/image", sent_bytes=7, fault=self.fault)


class Shop:
    """A registry with the image for one platform."""

    async def platforms(self, _image: str, digest: str) -> Any:
        return (SimpleNamespace(platform="linux/amd64", digest=digest),)


async def brought(
    far: Far, shipping: Shipping = "auto", fault: ToolError | None = None, reference: str = EXACT
) -> Arrival:
    lending = Lending()
    lending.fault = fault
    carriage = cast("Any", Carriage)(far, lending, Own(), Shop(), shipping)
    return await HostImages(cast("Any", far), carriage.bring).bring(reference)


async def test_a_host_that_can_pull_pulls_and_nothing_else_is_tried() -> None:
    far = Far()
    assert await brought(far) == Arrival("pull")
    assert far.ran == ["pull"]


@pytest.mark.parametrize(("said", "why"), [(REFUSED, "may not"), (SILENT, "cannot")])
async def test_a_host_that_cannot_pull_gets_the_image_through_the_tunnel_and_why_is_told(said: str, why: str) -> None:
    far = Far(pull=said)
    assert await brought(far) == Arrival("tunnel", f"web1 {why} pull from ghcr.io", 7)
    assert far.ran == ["pull", "tunnel"]


@pytest.mark.parametrize("far", [Far(pull=SILENT, forbids=True), Far(pull=SILENT, tunnel="unexpected EOF")])
async def test_where_no_tunnel_holds_a_copy_is_sent(far: Far) -> None:
    came = await brought(far)
    assert (came.way, far.ran[-1]) == ("copy", "copy")
    assert "tunnel" in came.why
    assert 0 < (came.sent_bytes or 0) < 3000


@pytest.mark.parametrize("far", [Far(pull=FULL), Far(pull=SILENT, tunnel=FULL), Far("x", forbids=True)])
async def test_what_another_way_cannot_help_with_ends_it(far: Far) -> None:
    with pytest.raises(CommandFailed):
        await brought(far)
    assert "copy" not in far.ran


async def test_a_host_that_is_away_is_told_as_such_and_nothing_is_prepared_for_it() -> None:
    far = Far(pull=SILENT, away=True)
    with pytest.raises(Unreachable, match="web1 is away"):
        await brought(far)
    assert far.ran == ["pull"]


async def test_what_is_absent_in_its_registry_is_not_looked_for_further() -> None:
    far = Far(pull="manifest unknown")
    with pytest.raises(NotFound):
        await brought(far)
    assert far.ran == ["pull"]


async def test_a_registry_on_the_bots_loopback_is_not_the_one_that_the_host_has_there() -> None:
    reference = "127.0.0.1:5000/acme/observer@sha256:" + "a" * 64
    assert (await brought(Far(pull="manifest unknown"), reference=reference)).way == "tunnel"


async def test_a_fixed_way_allows_no_other() -> None:
    far = Far(pull=REFUSED)
    with pytest.raises(Denied):
        await brought(far, "pull")
    assert far.ran == ["pull"]
    assert (await brought(Far(pull=REFUSED), "tunnel")).way == "tunnel"
    assert (await brought(Far(tunnel=FULL), "copy")).way == "copy"


async def test_when_no_way_works_all_are_told_and_what_would_help_each() -> None:
    far = Far(pull=REFUSED, tunnel="502 Bad Gateway", copy="unexpected EOF")
    with pytest.raises(Denied) as caught:
        await brought(far, fault=Unreachable("ghcr.io cannot be reached.", remedy="Check ghcr.io."))
    told = str(caught.value)
    assert "pulling: web1 may not pull" in told
    assert "through the tunnel: ghcr.io cannot be reached" in told
    assert "as a copy: " in told
    assert "docker login ghcr.io" in told
    assert "Or: Check ghcr.io." in told


def test_the_mark_of_an_image_is_a_tag_that_tells_its_digest() -> None:
    assert mark_of(EXACT) == MARK


@pytest.mark.parametrize(
    ("content", "most"),
    [(b"text" * 900_000, 0.02), (NOISE, 1.001), (NOISE + b"text" * 900_000, 0.52), (b"", float("inf"))],
    ids=["text", "noise", "both", "nothing"],
)
async def test_a_stream_is_compressed_where_that_helps_and_arrives_whole(content: bytes, most: float) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(content), 262_144):
            yield content[start : start + 262_144]

    sent = b"".join([piece async for piece in packed(pieces())])
    assert len(sent) <= len(content) * most or not content
    assert decompress(sent) == content
