"""The door for GitHub's webhooks: a signed delivery is kept and acknowledged at once, and worked off later."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus

from aiohttp import web
from pydantic import SecretStr

from agents.triggers import Ignored, consequences
from config.service import Service
from config.shipmate import WebhookSettings
from tools.errors import Denied
from tools.github_events import GithubEvent, Malformed, Unwanted, is_signed, read
from tools.history.deliveries import Deliveries

log = logging.getLogger(__name__)
_strangers = logging.getLogger(f"{__name__}.strangers")
"""The server writes a traceback for everything that is not HTTP; nobody shall fill the log with that."""
_strangers.setLevel(logging.CRITICAL)

LARGEST_BYTES = 25 * 1024**2
"""GitHub sends nothing larger."""
LARGE_BYTES = 64 * 1024
"""From here on a body is read beside the loop."""
LARGE_AT_ONCE = 4
"""Before a body is read nobody knows who sent it: more of them would fill the memory for strangers."""
REQUEST_WITHIN, BODY_WITHIN = timedelta(seconds=10), timedelta(seconds=10)
"""From the connection to the end of the headers, and from there to the end of the body."""
_SIGNATURE = re.compile(r"sha256=[0-9a-f]{64}")
_DELIVERY = re.compile(r"[A-Za-z0-9-]{1,100}")
_EVENT = re.compile(r"[a-z_]{1,60}")


@dataclass(frozen=True, slots=True)
class Door:
    """Answers requests; `taken` is called after each delivery that was kept."""

    secret: SecretStr
    services: Mapping[str, Service]
    deliveries: Deliveries
    taken: Callable[[], None]
    _large: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(LARGE_AT_ONCE))

    async def answer(self, request: web.Request) -> web.Response:
        """Acknowledge a signed delivery, or say what is wrong with it."""
        header = request.headers.get("X-Hub-Signature-256", "")
        if not _SIGNATURE.fullmatch(header):
            return _refused(HTTPStatus.UNAUTHORIZED, "A webhook carries X-Hub-Signature-256; this request does not.")
        body = await self._body(request)
        if isinstance(body, web.Response):
            return body
        signed, told = await self._read(request, header, body)
        if not signed:
            return _refused(HTTPStatus.UNAUTHORIZED, "The signature was not made with GITHUB_WEBHOOK_SECRET.")
        if isinstance(told, Malformed):
            return _refused(HTTPStatus.BAD_REQUEST, told.reason)
        key = request.headers.get("X-GitHub-Delivery", "")
        if not _DELIVERY.fullmatch(key):
            return _refused(HTTPStatus.BAD_REQUEST, "A webhook carries X-GitHub-Delivery; this request does not.")
        return _ignored(told.reason) if isinstance(told, Unwanted) else await self._keep(key, told)

    async def _body(self, request: web.Request) -> bytes | web.Response:
        """Read a body; of the large ones, and those that do not tell their size, a few at once."""
        if request.content_length is not None and request.content_length <= LARGE_BYTES:
            return await _body(request)
        if self._large.locked():
            return _refused(HTTPStatus.SERVICE_UNAVAILABLE, "Too many large requests at once; send it again later.")
        async with self._large:
            return await _body(request)

    async def _read(
        self, request: web.Request, header: str, body: bytes
    ) -> tuple[bool, GithubEvent | Unwanted | Malformed]:
        event, content_type = request.headers.get("X-GitHub-Event", ""), request.content_type

        def reading() -> tuple[bool, GithubEvent | Unwanted | Malformed]:
            if not is_signed(self.secret, body, header):
                return False, Unwanted("")
            if not _EVENT.fullmatch(event):
                return True, Malformed("A webhook carries X-GitHub-Event; this request does not.")
            return True, read(event, content_type, body)

        return await asyncio.to_thread(reading) if len(body) > LARGE_BYTES else reading()

    async def _keep(self, key: str, event: GithubEvent) -> web.Response:
        due = consequences(event, self.services)
        if all(isinstance(one, Ignored) for one in due):
            return _ignored("; ".join(one.reason for one in due if isinstance(one, Ignored)))
        try:
            fresh = await self.deliveries.accept(f"webhook/{key}", event)
        except Exception:
            log.exception("A delivery of GitHub could not be kept.")
            return _refused(HTTPStatus.SERVICE_UNAVAILABLE, "It could not be kept; send it again later.")
        if not fresh:
            return _ignored("This delivery was taken before.")
        self.taken()
        return web.json_response({"status": "accepted"}, status=HTTPStatus.ACCEPTED)


@asynccontextmanager
async def open_webhooks(settings: WebhookSettings, door: Door) -> AsyncIterator[str]:
    """Listen until left; gives the address that GitHub, or the proxy in front, posts to.

    Raises `Denied` where nobody can listen there.
    """
    application = web.Application(client_max_size=LARGEST_BYTES, middlewares=[_in_plain_words])
    application.router.add_post(settings.path, door.answer)
    runner = web.AppRunner(
        application,
        access_log=None,
        logger=_strangers,
        auto_decompress=False,  # what is signed are the bytes that were sent
        keepalive_timeout=REQUEST_WITHIN.total_seconds(),  # connections without a request count as kept alive
        shutdown_timeout=1.0,
    )
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, settings.host, settings.port).start()
        except OSError as error:
            raise Denied(
                f"Nobody can listen for webhooks on {settings.host}:{settings.port}: {error.strerror or error}.",
                standing="Nothing was started.",
                remedy="Set webhooks.host and webhooks.port in shipmate.yaml to a free address of this machine.",
            ) from error
        host, port = runner.addresses[0][:2]
        yield f"http://{f'[{host}]' if ':' in host else host}:{port}{settings.path}"
    finally:
        await runner.cleanup()


async def _body(request: web.Request) -> bytes | web.Response:
    too_large = _refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A webhook has at most {LARGEST_BYTES // 1024**2} MB.")
    if (request.content_length or 0) > LARGEST_BYTES:
        return too_large
    try:
        async with asyncio.timeout(BODY_WITHIN.total_seconds()):
            return await request.read()
    except web.HTTPRequestEntityTooLarge:
        return too_large
    except (web.RequestPayloadError, ConnectionError):
        return _refused(HTTPStatus.BAD_REQUEST, "The body ended before its end.")
    except TimeoutError:
        return _refused(
            HTTPStatus.REQUEST_TIMEOUT, f"The body did not arrive within {BODY_WITHIN.total_seconds():g} s."
        )


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def _in_plain_words(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Say in words what is wrong with a request that finds no door, or none for its method; each has one connection."""
    answer = await _answered(request, handler)
    answer.force_close()
    return answer


async def _answered(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPNotFound:
        return _refused(HTTPStatus.NOT_FOUND, "Webhooks arrive at another path: webhooks.path in shipmate.yaml.")
    except web.HTTPMethodNotAllowed as refusal:
        answer = _refused(HTTPStatus.METHOD_NOT_ALLOWED, "Webhooks are posted.")
        answer.headers["Allow"] = ", ".join(sorted(refusal.allowed_methods))
        return answer
    except web.HTTPException:
        raise
    except Exception:
        log.exception("A webhook could not be answered.")
        return _refused(HTTPStatus.INTERNAL_SERVER_ERROR, "Shipmate failed; its log says how. Send it again later.")


def _refused(status: HTTPStatus, error: str) -> web.Response:
    return web.json_response({"error": error}, status=status)


def _ignored(reason: str) -> web.Response:
    return web.json_response({"status": "ignored", "reason": reason}, status=HTTPStatus.ACCEPTED)
