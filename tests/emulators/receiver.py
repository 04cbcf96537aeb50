"""Somebody's own program that takes signed escalations: it checks each signature, and knows what it had before."""

import hashlib
import hmac
import json
import secrets
import time
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from tests.emulators.loopback import Faults, Loopback

TOLERANCE_SECONDS = 300


class Receiver:
    """`async with Receiver() as receiver:`; what it took lies in `taken`, each message once."""

    def __init__(self) -> None:
        self.secret = secrets.token_hex(16)
        self.taken: dict[str, Any] = {}
        """Idempotency key -> document."""
        self.deliveries: list[str] = []
        """Keys, one for each delivery with a right signature, repeated ones too."""
        self.refused: list[str] = []
        """Why a delivery was not taken."""
        self.visited: list[str] = []
        self._server = Loopback(self._application)

    async def __aenter__(self) -> Self:
        await self._server.up()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._server.down()

    @property
    def url(self) -> str:
        """Tell the address to post to."""
        return f"{self._server.url}/escalations"

    @property
    def faults(self) -> Faults:
        """Reach the switches for slow, failing and lost answers."""
        return self._server.faults

    async def down(self) -> None:
        """Go away."""
        await self._server.down()

    async def up(self) -> None:
        """Come back."""
        await self._server.up()

    def _application(self) -> web.Application:
        application = web.Application()
        application.router.add_post("/escalations", self._take)
        application.router.add_route("*", "/elsewhere", self._elsewhere)
        return application

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.read()
        timestamp = request.headers.get("X-Shipmate-Timestamp", "")
        refusal = self._objection(timestamp, request.headers.get("X-Shipmate-Signature", ""), body)
        if refusal:
            self.refused.append(refusal)
            return web.Response(status=401, text=refusal)
        key = request.headers["Idempotency-Key"]
        self.deliveries.append(key)
        self.taken.setdefault(key, json.loads(body))
        return web.Response(status=204)

    async def _elsewhere(self, request: web.Request) -> web.Response:
        self.visited.append(request.method)
        return web.Response(status=204)

    def _objection(self, timestamp: str, signature: str, body: bytes) -> str:
        if not timestamp.isdecimal() or abs(time.time() - int(timestamp)) > TOLERANCE_SECONDS:
            return "old"
        signed = hmac.new(self.secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
        return "" if hmac.compare_digest(signature, f"sha256={signed}") else "not signed by our secret"
