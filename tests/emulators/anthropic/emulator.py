"""The emulator as tests and the demo use it: `async with AnthropicEmulator() as claude:`."""

import asyncio
import json
import secrets
from collections import deque
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from tests.emulators.anthropic.replies import Reply, Writer, error
from tests.emulators.anthropic.requests import Request, objections
from tests.emulators.anthropic.writer import helpful
from tests.emulators.loopback import Faults, Loopback

Json = dict[str, Any]

CHARACTERS_PER_TOKEN = 4
CREATED = "2026-01-01T00:00:00Z"


class AnthropicEmulator:
    """Gives the scripted replies first, in order, and lets the writer answer everything after."""

    def __init__(self, *scripted: Reply | Writer, writer: Writer = helpful, port: int = 0) -> None:
        self.key = "-".join(("sk", "ant", secrets.token_hex(16)))
        self.writer = writer
        self.requests: list[Request] = []
        """Every accepted message request, oldest first."""
        self.retired_models: set[str] = set()
        self._script: deque[Reply | Writer] = deque(scripted)
        self._server = Loopback(self._application, port)

    async def __aenter__(self) -> Self:
        await self.up()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.down()

    @property
    def url(self) -> str:
        """Tell the base URL."""
        return self._server.url

    @property
    def faults(self) -> Faults:
        """Reach the switches for slow, failing and lost answers."""
        return self._server.faults

    def answers(self, *replies: Reply | Writer) -> None:
        """Add to the script."""
        self._script.extend(replies)

    async def down(self) -> None:
        """Refuse connections until `up`."""
        await self._server.down()

    async def up(self) -> None:
        """Be reachable, on the same port as before."""
        await self._server.up()

    def _application(self) -> web.Application:
        application = web.Application(client_max_size=32 * 1024 * 1024)
        application.router.add_post("/v1/messages", self._messages)
        application.router.add_post("/v1/messages/count_tokens", self._count_tokens)
        application.router.add_get("/v1/models/{id}", self._model)
        return application

    async def _messages(self, request: web.Request) -> web.Response:
        body = await request.json()
        if objection := self._objection(request, body):
            return self._shaped(objection, body)
        asked = Request(body, {name.lower(): value for name, value in request.headers.items()})
        self.requests.append(asked)
        scripted = self._script.popleft() if self._script else self.writer
        reply = scripted if isinstance(scripted, Reply) else scripted(asked)
        await asyncio.sleep(reply.delay)
        return self._shaped(reply, body)

    async def _count_tokens(self, request: web.Request) -> web.Response:
        body = await request.json()
        if refused := self._unauthorized(request):
            return self._shaped(refused, body)
        return web.json_response({"input_tokens": _tokens(body)})

    async def _model(self, request: web.Request) -> web.Response:
        name = request.match_info["id"]
        if refused := self._unauthorized(request):
            return self._shaped(refused, {})
        if not name.startswith("claude-"):
            return self._shaped(error(404, "not_found_error", f"model: {name}"), {})
        lifecycle = "retired" if name in self.retired_models else "active"
        shape = {"id": name, "type": "model", "display_name": name, "created_at": CREATED, "lifecycle": lifecycle}
        return web.json_response(shape)

    def _objection(self, request: web.Request, body: Json) -> Reply | None:
        if refused := self._unauthorized(request):
            return refused
        if body.get("model") in self.retired_models or not str(body.get("model", "claude-")).startswith("claude-"):
            return error(404, "not_found_error", f"model: {body['model']}")
        if found := list(objections(body)):
            return error(400, "invalid_request_error", found[0])
        return None

    def _unauthorized(self, request: web.Request) -> Reply | None:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.key in (given, request.headers.get("x-api-key")):
            return None
        return error(401, "authentication_error", "invalid bearer token")

    def _shaped(self, reply: Reply, body: Json) -> web.Response:
        shape = reply.body if isinstance(reply.body, str) else json.dumps(self._message(reply.body, body))
        number = f"req_{len(self.requests):06d}"
        headers = {"request-id": number, "anthropic-ratelimit-requests-remaining": "1000", **reply.headers}
        return web.Response(text=shape, status=reply.status, headers=headers, content_type=reply.content_type)

    def _message(self, shape: Json, body: Json) -> Json:
        if "content" not in shape:
            return shape
        usage = {"input_tokens": _tokens(body), "output_tokens": len(json.dumps(shape)) // CHARACTERS_PER_TOKEN}
        identity = {
            "id": f"msg_{len(self.requests):06d}",
            "type": "message",
            "role": "assistant",
            "model": body["model"],
        }
        return identity | {"stop_sequence": None, "usage": usage} | shape


def _tokens(body: Json) -> int:
    return len(json.dumps([body.get("system", ""), body.get("messages", [])])) // CHARACTERS_PER_TOKEN
