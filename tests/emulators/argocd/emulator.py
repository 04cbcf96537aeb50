"""The emulator as tests and the demo use it: `async with ArgoCdEmulator(application) as argo:`."""

import secrets
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from tests.emulators.argocd import shapes
from tests.emulators.argocd.cluster import Application
from tests.emulators.argocd.schema import objections, violations
from tests.emulators.loopback import Faults, Loopback

Json = dict[str, Any]
Act = Callable[[Application, web.Request], Awaitable[Json]]

BASE = "/api/v1/applications/{name}"


class Refusal(Exception):
    """An error as ArgoCD gives it: a gRPC code, and the HTTP status that goes with it."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = shapes.error(code, message)


class ArgoCdEmulator:
    """Some applications, one token. What differs from ArgoCD's description fails the test at the end."""

    def __init__(self, *applications: Application, port: int = 0) -> None:
        self.token = ".".join(("eyJhbGciOiJIUzI1NiJ9", secrets.token_urlsafe(24), secrets.token_urlsafe(24)))
        self.weak_token = secrets.token_urlsafe(24)
        """A token that may do nothing."""
        self.applications = {one.name: one for one in applications}
        self.requests: list[tuple[str, str]] = []
        """Every authenticated request: method, and path with query."""
        self.strange: list[str] = []
        """What differs from ArgoCD's description of its API, on either side."""
        self._server = Loopback(self._application, port)

    async def __aenter__(self) -> Self:
        await self.up()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.down()
        for one in self.applications.values():
            await one.close()
        if kind is None:
            assert not self.strange, "\n".join(self.strange)

    def __getitem__(self, name: str) -> Application:
        return self.applications[name]

    @property
    def url(self) -> str:
        """Tell the server's address."""
        return self._server.url

    @property
    def faults(self) -> Faults:
        """Reach the switches for slow, failing and lost answers."""
        return self._server.faults

    async def down(self) -> None:
        """Refuse connections until `up`."""
        await self._server.down()

    async def up(self) -> None:
        """Be reachable, on the same port as before."""
        await self._server.up()

    def _application(self) -> web.Application:
        application = web.Application()
        application.router.add_get(BASE, self._serving(_get))
        application.router.add_post(f"{BASE}/sync", self._serving(_sync))
        application.router.add_delete(f"{BASE}/operation", self._serving(_terminate))
        application.router.add_get(f"{BASE}/resource-tree", self._serving(_tree))
        return application

    def _serving(self, act: Act) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def serve(request: web.Request) -> web.Response:
            asked = await request.json() if request.can_read_body else None
            self.strange += objections(request.method, request.path, dict(request.query), asked)
            try:
                status, body = 200, await act(self._found(request), request)
            except Refusal as refusal:
                status, body = refusal.status, refusal.body
            self.strange += violations(request.method, request.path, status, body)
            return web.json_response(body, status=status)

        return serve

    def _found(self, request: web.Request) -> Application:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in (self.token, self.weak_token):
            raise Refusal(401, 16, "invalid session: token signature is invalid")
        self.requests.append((request.method, request.path_qs))
        if token == self.weak_token:
            raise Refusal(403, 7, "permission denied")
        name = request.match_info["name"]
        if name not in self.applications:
            raise Refusal(404, 5, f'applications.argoproj.io "{name}" not found')
        return self.applications[name]


async def _get(one: Application, request: web.Request) -> Json:
    refresh = request.query.get("refresh")
    if refresh or not one.revision:
        await one.refresh(hard=refresh == "hard")
    return shapes.application(one)


async def _sync(one: Application, request: web.Request) -> Json:
    asked = await request.json()
    if one.busy:
        raise Refusal(400, 9, "another operation is already in progress")
    if one.automated and asked.get("revision") not in (None, "", one.branch):
        raise Refusal(400, 9, f"Cannot sync to {asked['revision']}: auto-sync currently set to {one.branch}")
    await one.start_sync()
    return shapes.application(one)


async def _terminate(one: Application, _request: web.Request) -> Json:
    if not one.busy:
        raise Refusal(400, 3, "Unable to terminate operation. No operation is in progress")
    await one.terminate()
    return {}


async def _tree(one: Application, _request: web.Request) -> Json:
    return shapes.tree(one)
