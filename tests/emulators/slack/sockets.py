"""Socket Mode: envelopes go to one of the app's connections and want an answer within three seconds."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

from aiohttp import WSMsgType, web

from tests.emulators.slack.world import APP, Workspace

Json = dict[str, Any]
Kind = Literal["slash_commands", "interactive", "events_api"]
Outcome = Literal["waiting", "acked", "operation_timeout", "dispatch_failed"]

MOST_CONNECTIONS = 10


@dataclass(slots=True)
class Delivery:
    """One thing Slack told the app, and how the app took it."""

    envelope_id: str
    kind: Kind
    payload: Json
    sent_at: float
    outcome: Outcome = "waiting"
    latency: timedelta | None = None
    answer: Json | None = None
    """What the app sent along with the ack."""
    attempts: int = 0
    done: asyncio.Event = field(default_factory=asyncio.Event)
    deadline: asyncio.TimerHandle | None = None

    async def settled(self) -> "Delivery":
        """Wait until the app acked or Slack gave up."""
        await self.done.wait()
        return self


class Sockets:
    """The app's websocket connections."""

    def __init__(self, world: Workspace, on_settled: Callable[[Delivery], None], ack_within: float) -> None:
        self.connections: list[web.WebSocketResponse] = []
        self.deliveries: list[Delivery] = []
        self.ack_within = ack_within
        self._world = world
        self._on_settled = on_settled
        self._tickets: set[str] = set()
        self._requests: dict[web.WebSocketResponse, web.Request] = {}
        self._turn = 0
        self._sending: set[asyncio.Task[None]] = set()

    def issue_ticket(self) -> str:
        """Allow one connection."""
        ticket = self._world.serial("ticket-")
        self._tickets.add(ticket)
        return ticket

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Keep one connection until either side ends it."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets or len(self.connections) >= MOST_CONNECTIONS:
            return web.Response(status=403)
        self._tickets.remove(ticket)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        count = len(self.connections) + 1
        await socket.send_json({"type": "hello", "num_connections": count, "connection_info": {"app_id": APP}})
        self.connections.append(socket)
        self._requests[socket] = request
        self._world.touch()
        try:
            await self._listen(socket)
        finally:
            self.connections.remove(socket)
            del self._requests[socket]
            self._world.touch()
        return socket

    async def _listen(self, socket: web.WebSocketResponse) -> None:
        async for frame in socket:
            if frame.type is WSMsgType.TEXT:
                self._acked(frame.json())

    def deliver(self, kind: Kind, payload: Json) -> Delivery:
        """Send a new envelope."""
        now = self._world.clock.monotonic()
        delivery = Delivery(self._world.serial("envelope-"), kind, payload, now)
        self.deliveries.append(delivery)
        self._send(delivery)
        return delivery

    def redeliver(self, delivery: Delivery, reason: str = "timeout") -> Delivery:
        """Send the same payload once more, as Slack does with events; a new envelope, the same ids inside."""
        again = Delivery(
            self._world.serial("envelope-"), delivery.kind, delivery.payload, self._world.clock.monotonic()
        )
        again.attempts = delivery.attempts
        self.deliveries.append(again)
        self._send(again, {"retry_attempt": delivery.attempts, "retry_reason": reason})
        return again

    def _send(self, delivery: Delivery, retry: Json | None = None) -> None:
        delivery.attempts += 1
        if not self.connections:
            self._settle(delivery, "dispatch_failed")
            return
        self._turn += 1
        socket = self.connections[self._turn % len(self.connections)]
        accepts = delivery.kind != "events_api"
        envelope = {"envelope_id": delivery.envelope_id, "type": delivery.kind, "payload": delivery.payload}
        loop = asyncio.get_running_loop()
        task = loop.create_task(_send(socket, envelope | {"accepts_response_payload": accepts} | (retry or {})))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)
        delivery.deadline = loop.call_later(self.ack_within, self._settle, delivery, "operation_timeout")

    def _acked(self, frame: Json) -> None:
        delivery = next((one for one in self.deliveries if one.envelope_id == frame.get("envelope_id")), None)
        if delivery is not None:
            payload = frame.get("payload")
            delivery.answer = payload if isinstance(payload, dict) and delivery.outcome == "waiting" else None
            self._settle(delivery, "acked")

    def _settle(self, delivery: Delivery, outcome: Outcome) -> None:
        if delivery.outcome != "waiting":
            return
        if delivery.deadline is not None:
            delivery.deadline.cancel()
        delivery.outcome = outcome
        delivery.latency = timedelta(seconds=self._world.clock.monotonic() - delivery.sent_at)
        self._on_settled(delivery)
        delivery.done.set()
        self._world.touch()

    async def ask_to_reconnect(self, reason: str = "refresh_requested") -> None:
        """Tell every connection that it will be closed, as Slack does about once an hour."""
        for socket in list(self.connections):
            await socket.send_json({"type": "disconnect", "reason": reason, "debug_info": {}})

    def cut(self) -> None:
        """Break every connection without a word."""
        for request in list(self._requests.values()):
            if request.transport is not None:
                request.transport.abort()


async def _send(socket: web.WebSocketResponse, envelope: Json) -> None:
    try:
        await socket.send_json(envelope)
    except ConnectionError:
        return  # the person will see a timeout
