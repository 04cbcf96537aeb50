"""The wire: the Web API, response URLs and Socket Mode over HTTP on loopback."""

import json
import secrets
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from tests.emulators.slack.files import FILE_METHODS, received
from tests.emulators.slack.limits import Meter, RateLimit
from tests.emulators.slack.methods import METHODS, Method, Refused
from tests.emulators.slack.responses import ResponseUrls
from tests.emulators.slack.sockets import Sockets
from tests.emulators.slack.world import Workspace

Json = dict[str, Any]
JSON_ARGUMENTS = ("blocks", "metadata", "view", "attachments")


class Wire:
    """Checks tokens and rates, finds the method, and gives answers Slack's shape."""

    def __init__(
        self,
        world: Workspace,
        sockets: Sockets,
        responses: ResponseUrls,
        methods: Mapping[str, Method],
        limits: Mapping[str, RateLimit],
    ) -> None:
        self.bot_token = "-".join(("xoxb", secrets.token_hex(12)))
        self.app_token = "-".join(("xapp", "1", secrets.token_hex(12)))
        self.meter = Meter(limits, world.clock)
        self._world = world
        self._sockets = sockets
        self._responses = responses
        self._methods = METHODS | FILE_METHODS | dict(methods)

    def application(self) -> web.Application:
        """Build the routes."""
        application = web.Application(client_max_size=4 * 1024 * 1024)
        application.router.add_route("*", "/api/apps.connections.open", self._open_connection)
        application.router.add_route("*", "/api/{method}", self._call)
        application.router.add_post("/responses/{token}", self._respond)
        application.router.add_post("/upload/v1/{file}", self._upload)
        application.router.add_get("/link", self._sockets.serve)
        return application

    async def _call(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        args = await _arguments(request)
        if refusal := self._authenticated(request, args, self.bot_token):
            return web.json_response(refusal)
        if wait := self.meter.seconds_to_wait(method, args.get("channel")):
            return _slow_down(wait)
        if method not in self._methods:
            return web.json_response({"ok": False, "error": "unknown_method", "req_method": method})
        try:
            answer = {"ok": True} | self._methods[method](self._world, args)
        except Refused as refused:
            return web.json_response(refused.answer())
        self._world.calls.append((method, args))
        return web.json_response(answer)

    async def _open_connection(self, request: web.Request) -> web.Response:
        if refusal := self._authenticated(request, await _arguments(request), self.app_token):
            return web.json_response(refusal)
        if wait := self.meter.seconds_to_wait("apps.connections.open", None):
            return _slow_down(wait)
        url = f"ws://{request.host}/link?ticket={self._sockets.issue_ticket()}"
        return web.json_response({"ok": True, "url": url})

    def _authenticated(self, request: web.Request, args: Json, wanted: str) -> Json | None:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ") or args.pop("token", "")
        if given == wanted:
            return None
        if not given:
            return {"ok": False, "error": "not_authed"}
        known = given in (self.bot_token, self.app_token)
        return {"ok": False, "error": "not_allowed_token_type" if known else "invalid_auth"}

    async def _upload(self, request: web.Request) -> web.Response:
        """Take a file's bytes; the address is the permission."""
        taken = received(self._world, request.match_info["file"], await request.read())
        return web.Response(text="OK") if taken else web.Response(status=404, text="File not found")

    async def _respond(self, request: web.Request) -> web.Response:
        try:
            self._responses.use(request.match_info["token"], await request.json())
        except Refused as refused:
            return web.json_response(refused.answer(), status=404)
        return web.Response(text="ok")


def _slow_down(seconds: int) -> web.Response:
    body = {"ok": False, "error": "ratelimited"}
    return web.json_response(body, status=429, headers={"Retry-After": str(seconds)})


async def _arguments(request: web.Request) -> Json:
    args: Json = dict(request.query)
    if request.content_type == "application/json":
        args |= await request.json()
    elif request.can_read_body:
        args |= dict(await request.post())
    for key in JSON_ARGUMENTS:
        if isinstance(args.get(key), str):
            args[key] = _parsed(args[key])
    return args


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
