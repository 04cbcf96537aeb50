"""A read-only registry on the bot's own loopback that passes on single images while they are lent to a host.

A host that cannot reach a registry, or may not log in there, pulls from here through its SSH connection: its engine
asks for the layers that it lacks, and only those travel. The bot's login never leaves the bot. Other users of that host
can read the path in its list of processes, and pull the same image while it is lent: nothing else, and only so long.
"""

import asyncio
import json
import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from tools.errors import ToolError
from tools.manifests import named_in
from tools.registry import Registry
from tools.registry_line import Answer, Stream

_LOOPBACK = "127.0.0.1"
_PASSED_ON = ("Content-Length", "Content-Range", "Accept-Ranges")
_READ = (200, 206)
_QUIET = logging.getLogger(__name__)
"""Engines try TLS first, which the server would complain of at every pull."""
_QUIET.propagate = False
_QUIET.addHandler(logging.NullHandler())


@dataclass(slots=True)
class Lent:
    """One image on its way to one host: what may be asked for, and what was sent."""

    image: str
    digest: str
    port: int
    token: str = field(default_factory=lambda: secrets.token_hex(8))
    """Keeps out who is not on the host that the image was lent to; users of that host can see it."""
    manifests: set[str] = field(default_factory=set)
    blobs: dict[str, int] = field(default_factory=dict)
    """Digest -> size."""
    sent_bytes: int = 0
    fault: ToolError | None = None
    """The registry's last trouble."""

    @property
    def repository(self) -> str:
        """What the image is called here."""
        return f"{self.token}/image"


class Relay:
    """Listens only while something is lent; any number of hosts share it."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._lent: dict[str, Lent] = {}
        self._known: dict[tuple[str, str], Answer] = {}
        """Manifests: small, and asked for by every host."""
        self._runner: web.AppRunner | None = None
        self._opening = asyncio.Lock()

    @property
    def port(self) -> int | None:
        """Where it listens; None while nothing is lent."""
        return int(self._runner.addresses[0][1]) if self._runner else None

    @asynccontextmanager
    async def lend(self, image: str, digest: str) -> AsyncIterator[Lent]:
        """Pass on one image, and nothing else, until the context ends."""
        async with self._opening:
            lent = Lent(image, digest, await self._listening(), manifests={digest})
            self._lent[lent.token] = lent
        try:
            yield lent
        finally:
            async with self._opening:
                del self._lent[lent.token]
                await self._rest()

    async def _listening(self) -> int:
        if self._runner is None:
            runner = web.AppRunner(self._application(), access_log=None, logger=_QUIET, shutdown_timeout=0.1)
            await runner.setup()
            await web.TCPSite(runner, _LOOPBACK, 0).start()
            self._runner = runner
        return int(self._runner.addresses[0][1])

    async def _rest(self) -> None:
        if self._runner is not None and not self._lent:
            runner, self._runner = self._runner, None
            self._known.clear()
            await runner.cleanup()

    def _application(self) -> web.Application:
        application = web.Application()
        application.router.add_get("/v2/", _greet)
        application.router.add_get("/v2/{token}/image/manifests/{digest}", self._manifest)
        application.router.add_get("/v2/{token}/image/blobs/{digest}", self._blob)
        return application

    async def _manifest(self, request: web.Request) -> web.Response:
        lent, digest = self._lent.get(request.match_info["token"]), request.match_info["digest"]
        if lent is None or digest not in lent.manifests:
            return _refusal(404, "MANIFEST_UNKNOWN", "It is not lent.")
        try:
            answer = await self._read(lent.image, digest)
            manifests, blobs = named_in(json.loads(answer.body))
        except ToolError as error:
            lent.fault = error
            return _refusal(502, "UNAVAILABLE", error.happened)
        lent.manifests |= set(manifests)
        lent.blobs |= blobs
        lent.sent_bytes += len(answer.body) if request.method == "GET" else 0
        named = {"Docker-Content-Digest": digest, "Content-Type": answer.media_type}
        return web.Response(body=answer.body, headers=named)

    async def _read(self, image: str, digest: str) -> Answer:
        """Ask the registry once for all hosts."""
        known = self._known.get((image, digest))
        if known is None:
            known = self._known[image, digest] = await self._registry.manifest(image, digest)
        return known

    async def _blob(self, request: web.Request) -> web.StreamResponse:
        lent, digest = self._lent.get(request.match_info["token"]), request.match_info["digest"]
        if lent is None or digest not in lent.blobs:
            return _refusal(404, "BLOB_UNKNOWN", "It is not lent.")
        if request.method == "HEAD":
            sized = {"Content-Length": str(lent.blobs[digest]), "Docker-Content-Digest": digest}
            return web.Response(headers=sized)
        wanted = {"Range": request.headers["Range"]} if "Range" in request.headers else {}
        try:
            async with self._registry.blob(lent.image, digest, wanted) as stream:
                return await _passed_on(request, lent, digest, stream)
        except ToolError as error:
            lent.fault = error
            return _refusal(502, "UNAVAILABLE", error.happened)


async def _passed_on(request: web.Request, lent: Lent, digest: str, stream: Stream) -> web.StreamResponse:
    """Send on what comes, as it comes; where the registry breaks off, so does the answer."""
    if stream.status not in _READ:
        return _refusal(502, "UNAVAILABLE", f"The registry answered {stream.status}.")
    known = {name: stream.headers[name] for name in _PASSED_ON if name in stream.headers}
    response = web.StreamResponse(status=stream.status, headers={"Docker-Content-Digest": digest, **known})
    await response.prepare(request)
    async with aclosing(stream.chunks()) as chunks:
        try:
            async for chunk in chunks:
                await response.write(chunk)
                lent.sent_bytes += len(chunk)
        except ToolError as error:
            lent.fault = error
            response.force_close()
            if request.transport:
                request.transport.abort()
        except ConnectionError:  # the host hung up
            response.force_close()
    return response


async def _greet(_request: web.Request) -> web.Response:
    return web.json_response({}, headers={"Docker-Distribution-Api-Version": "registry/2.0"})


def _refusal(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"errors": [{"code": code, "message": message}]}, status=status)
