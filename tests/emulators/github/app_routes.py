"""What an App asks for itself, with its signature instead of a token: where it is installed, and tokens for there."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from tests.emulators.github.accounts import App, Installation
from tests.emulators.github.calls import Refusal, found

Json = dict[str, Any]
Answering = Callable[[web.Request], Awaitable[Json | list[Json]]]
WEB = "https://github.com"
AT = "2026-01-01T00:00:00Z"
ASKED = (
    ("GET", "/app"),
    ("GET", "/app/installations"),
    ("GET", "/app/installations/{installation_id}"),
    ("POST", "/app/installations/{installation_id}/access_tokens"),
    ("GET", "/repos/{owner}/{repo}/installation"),
)


class AppDesk:
    """Answers an App; whoever cannot sign gets 401."""

    def __init__(self, app: App) -> None:
        self._app = app

    def routes(self) -> tuple[tuple[str, str, Answering], ...]:
        """List method, path and answer."""
        answers: tuple[Answering, ...] = (
            self._about,
            self._installations,
            self._installation,
            self._token,
            self._of_repository,
        )
        return tuple((method, path, answer) for (method, path), answer in zip(ASKED, answers, strict=True))

    def require_signature(self, request: web.Request) -> None:
        """Refuse whoever does not hold the App's key."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not self._app.signed(token):
            raise Refusal(401, "A JSON web token could not be decoded")

    async def _about(self, request: web.Request) -> Json:
        return self._shape(request) | {
            "owner": _account("acme"),
            "description": "",
            "external_url": WEB,
            "created_at": AT,
            "updated_at": AT,
            "permissions": {"metadata": "read"},
            "events": [],
        }

    async def _installations(self, request: web.Request) -> list[Json]:
        return [self._installed(request, one) for one in self._app.installations.values()]

    async def _installation(self, request: web.Request) -> Json:
        return self._installed(request, self._one(request))

    async def _of_repository(self, request: web.Request) -> Json:
        name = f"{request.match_info['owner']}/{request.match_info['repo']}"
        there = (one for one in self._app.installations.values() if name in one.repositories)
        return self._installed(request, found(next(there, None)))

    async def _token(self, request: web.Request) -> Json:
        one = self._one(request)
        body = await request.json() if request.can_read_body else {}
        try:
            token = self._app.token(one, body.get("permissions") or {})
        except PermissionError:
            raise Refusal(
                422, "The permissions requested are not granted to this installation.", [{"code": "invalid"}]
            ) from None
        account = self._app.tokens[token]
        ends = account.expires_at.strftime("%Y-%m-%dT%H:%M:%SZ") if account.expires_at else AT
        granted = dict(account.permissions or {})
        return {"token": token, "expires_at": ends, "permissions": granted, "repository_selection": "selected"}

    def _one(self, request: web.Request) -> Installation:
        number = request.match_info["installation_id"]
        one: Installation = found(self._app.installations.get(int(number)) if number.isdigit() else None)
        return one

    def _shape(self, request: web.Request) -> Json:
        del request
        app = {"id": self._app.id, "slug": self._app.slug, "node_id": "A_1", "name": self._app.slug.capitalize()}
        return app | {"html_url": f"{WEB}/apps/{self._app.slug}"}

    def _installed(self, request: web.Request, one: Installation) -> Json:
        base = f"http://{request.host}"
        return {
            "id": one.id,
            "account": _account(one.owner),
            "access_tokens_url": f"{base}/app/installations/{one.id}/access_tokens",
            "repositories_url": f"{base}/installation/repositories",
            "html_url": f"{WEB}/organizations/{one.owner}/settings/installations/{one.id}",
            "app_id": self._app.id,
            "app_slug": self._app.slug,
            "target_id": 1,
            "target_type": "Organization",
            "permissions": dict(one.permissions),
            "events": [],
            "created_at": AT,
            "updated_at": AT,
            "single_file_name": None,
            "repository_selection": "selected",
            "suspended_at": None,
            "suspended_by": None,
        }


def _account(login: str) -> Json:
    identity = {"login": login, "id": 1, "node_id": "O_1", "type": "Organization", "site_admin": False}
    return identity | {"url": f"https://api.github.com/users/{login}", "html_url": f"{WEB}/{login}"}
