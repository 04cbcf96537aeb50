"""The wire: tokens, rate limits, pages and ETags around the handlers."""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from tests.emulators.github import (
    check_routes,
    commit_routes,
    content_routes,
    git_routes,
    guarded_routes,
    progress_routes,
    pull_routes,
    release_routes,
)
from tests.emulators.github.accounts import Account, Accounts, needed
from tests.emulators.github.app_routes import Answering, AppDesk
from tests.emulators.github.calls import Answer, Call, Handler, Refusal
from tests.emulators.github.world import Repository
from tools.clock import Clock

Json = dict[str, Any]

# the order matters: `/commits/{ref}/status` must be tried before `/commits/{ref:.+}`
ROUTES = (
    *check_routes.ROUTES,
    *progress_routes.ROUTES,
    *commit_routes.ROUTES,
    *pull_routes.ROUTES,
    *content_routes.ROUTES,
    *git_routes.ROUTES,
    *release_routes.ROUTES,
    *guarded_routes.ROUTES,
)
LARGEST_PAGE = 100
DEFAULT_PAGE = 30
COMPARE_PAGE = 250
HOUR = 3600


class Wire:
    """Authenticates, counts, runs one handler at a time on a worker thread, and shapes the answer."""

    def __init__(
        self,
        repositories: Mapping[str, Repository],
        accounts: Accounts,
        hourly_limit: int,
        clock: Clock,
        touched: Callable[[], None],
    ) -> None:
        self.requests: list[tuple[str, str, Json]] = []
        """Every authenticated request: method, path, body."""
        self.remaining = hourly_limit
        self._hourly_limit = hourly_limit
        self._repositories = repositories
        self._accounts = accounts
        self._touched = touched
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()

    def application(self) -> web.Application:
        """Build the routes."""
        application = web.Application(client_max_size=64 * 1024 * 1024)
        desk = AppDesk(self._accounts.app)
        for method, path, answering in desk.routes():
            application.router.add_route(method, path, self._signed(desk, answering))
        for method, path, handler in ROUTES:
            application.router.add_route(method, "/repos/{owner}/{repo}" + path, self._serving(handler))
        application.router.add_get("/user", self._user)
        application.router.add_get("/rate_limit", self._rate_limit)
        application.router.add_route("*", "/{anything:.*}", self._nowhere)
        return application

    def _serving(self, handler: Handler) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def serve(request: web.Request) -> web.Response:
            try:
                return await self._handled(request, handler)
            except Refusal as refusal:
                return self._finished(web.json_response(refusal.body(), status=refusal.status))

        return serve

    def _signed(self, desk: AppDesk, answering: Answering) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def serve(request: web.Request) -> web.Response:
            try:
                desk.require_signature(request)
                self.requests.append((request.method, request.path, {}))
                status = 201 if request.method == "POST" else 200
                return self._finished(web.json_response(await answering(request), status=status))
            except Refusal as refusal:
                return self._finished(web.json_response(refusal.body(), status=refusal.status))

        return serve

    async def _handled(self, request: web.Request, handler: Handler) -> web.Response:
        account = self._authenticated(request)
        body = await request.json() if request.can_read_body else {}
        self.requests.append((request.method, request.path, body))
        params = dict(request.match_info)
        full_name = f"{params['owner']}/{params['repo']}"
        repository = self._repositories.get(full_name)
        if repository is None or not account.sees(full_name):
            raise Refusal(404, "Not Found")
        inside = request.path.removeprefix(f"/repos/{full_name}")
        if not account.may(request.method, inside):
            return self._too_weak(account, *needed(request.method, inside))
        base_url = f"http://{request.host}"
        call = Call(repository, account.login, base_url, params, dict(request.query), body)
        async with self._one_at_a_time:
            answer = await asyncio.to_thread(handler, call)
        self._touched()
        response = _response(request, base_url, answer)
        self.remaining += response.status == 304  # what has not changed is free
        return self._finished(_scoped(response, account))

    def _too_weak(self, account: Account, permission: str, level: str) -> web.Response:
        kind = "integration" if account.is_app else "personal access token"
        refusal = web.json_response(Refusal(403, f"Resource not accessible by {kind}").body(), status=403)
        refusal.headers["X-Accepted-GitHub-Permissions"] = f"{permission}={level}"
        return self._finished(refusal)

    def _authenticated(self, request: web.Request) -> Account:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        account = self._accounts.of(token) if scheme.lower() in ("bearer", "token") else None
        if account is None:
            raise Refusal(401, "Bad credentials")
        if self.remaining <= 0:
            raise Refusal(403, f"API rate limit exceeded for {account.login}.")
        self.remaining -= 1
        return account

    def _finished(self, response: web.Response) -> web.Response:
        used = self._hourly_limit - self.remaining
        numbers = {"Limit": self._hourly_limit, "Remaining": self.remaining, "Used": used, "Reset": self._reset()}
        response.headers.update({f"X-RateLimit-{key}": str(value) for key, value in numbers.items()})
        response.headers["X-RateLimit-Resource"] = "core"
        response.headers["X-GitHub-Request-Id"] = f"SHIP:{used}"
        return response

    def _reset(self) -> int:
        return int(self._clock.now().timestamp()) + HOUR

    async def _user(self, request: web.Request) -> web.Response:
        try:
            account = self._authenticated(request)
            login = _person(account)
        except Refusal as refusal:
            return self._finished(web.json_response(refusal.body(), status=refusal.status))
        answer = web.json_response({"login": login, "id": 1, "type": "User", "site_admin": False})
        return self._finished(_scoped(answer, account))

    async def _rate_limit(self, _request: web.Request) -> web.Response:
        used = self._hourly_limit - self.remaining
        core = {"limit": self._hourly_limit, "remaining": self.remaining, "used": used, "reset": self._reset()}
        return web.json_response({"resources": {"core": core, "search": core, "graphql": core}, "rate": core})

    async def _nowhere(self, request: web.Request) -> web.Response:
        self.requests.append((request.method, request.path, {}))
        refusal = Refusal(404, f"The emulator has no {request.method} {request.path}")
        return self._finished(web.json_response(refusal.body(), status=404))


def _person(account: Account) -> str:
    if account.is_app:
        raise Refusal(403, "Resource not accessible by integration")
    return account.login


def _scoped(response: web.Response, account: Account) -> web.Response:
    """Tell a classic token's scopes, as GitHub does with every answer."""
    if account.scopes is not None:
        response.headers["X-OAuth-Scopes"] = ", ".join(account.scopes)
    return response


def _response(request: web.Request, base_url: str, answer: Answer) -> web.Response:
    if answer.status == 204:
        return web.Response(status=204)
    body, link = _page(request, base_url, answer)
    text = json.dumps(body)
    etag = f'W/"{hashlib.sha256(text.encode()).hexdigest()}"'
    headers = {"ETag": etag} | ({"Link": link} if link else {})
    if request.method == "GET" and request.headers.get("If-None-Match") == etag:
        return web.Response(status=304, headers=headers)
    return web.Response(text=text, status=answer.status, headers=headers, content_type="application/json")


def _page(request: web.Request, base_url: str, answer: Answer) -> tuple[Any, str]:
    items = answer.body if isinstance(answer.body, list) else answer.body.get(answer.listed or "")
    if not isinstance(items, list):
        return answer.body, ""
    usual = COMPARE_PAGE if "/compare/" in request.path else 300 if answer.listed == "files" else DEFAULT_PAGE
    size = min(int(request.query.get("per_page", usual)), max(usual, LARGEST_PAGE))
    page = int(request.query.get("page", "1"))
    last = max(1, -(-len(items) // size))
    shown = items[(page - 1) * size : page * size]
    body = shown if isinstance(answer.body, list) else answer.body | {str(answer.listed): shown}
    return body, _link(request, base_url, page, last)


def _link(request: web.Request, base_url: str, page: int, last: int) -> str:
    targets = {"prev": page - 1, "first": 1} if page > 1 else {}
    targets |= {"next": page + 1, "last": last} if page < last else {}
    address = f"{base_url}{request.rel_url.raw_path}"
    return ", ".join(
        f'<{address}?{urlencode({**request.query, "page": number})}>; rel="{name}"' for name, number in targets.items()
    )
