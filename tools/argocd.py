"""ArgoCD over its REST API: how an application stands, a refresh, a sync, and the wait until it has arrived."""

import asyncio
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import aiohttp
from pydantic import SecretStr

from config.targets import ArgoApplication
from tools.answers import body_of
from tools.argocd_answers import Application, Unwell, read_application, read_tree
from tools.errors import Denied, Garbled, NotFound, TimedOut, ToolError, Unreachable
from tools.references import is_loopback

_TIMEOUT = timedelta(seconds=20)
_LARGEST_ANSWER_BYTES = 32 * 1024**2
_UNWELL = 500
_BUSY = "another operation is already in progress"
_IDLE = "No operation is in progress"


class ArgoCd:
    """One application on one ArgoCD server; every call ends within `timeout`."""

    def __init__(self, settings: ArgoApplication, token: SecretStr | None, timeout: timedelta = _TIMEOUT) -> None:
        self._url = settings.url.rstrip("/")
        self._name = settings.application
        self._token = token
        self._timeout = timeout

    async def application(self) -> Application:
        """Tell how the application stands, as ArgoCD last saw it."""
        return read_application(await self._get(self._path))

    async def refresh(self, *, hard: bool = False) -> Application:
        """Let ArgoCD read the repository again and tell how the application stands then; `hard` forgets its cache."""
        return read_application(await self._get(self._path, {"refresh": "hard" if hard else "normal"}))

    async def sync(self) -> bool:
        """Begin to bring the newest commit into the cluster; False while another sync is under way.

        Nothing is pruned. No commit is named, since ArgoCD refuses that for applications that sync by themselves.
        """
        try:
            await self._asked("POST", f"{self._path}/sync", body={"prune": False})
        except Denied as error:
            if _BUSY not in error.happened:
                raise
            return False
        return True

    async def terminate(self) -> None:
        """End the sync that is under way; nothing happens where there is none."""
        try:
            await self._asked("DELETE", f"{self._path}/operation")
        except Denied as error:
            if _IDLE not in error.happened:
                raise

    async def unwell(self) -> tuple[Unwell, ...]:
        """List every resource that is not well, pods and all, with ArgoCD's own messages."""
        return read_tree(await self._get(f"{self._path}/resource-tree"))

    @property
    def _path(self) -> str:
        return f"/api/v1/applications/{quote(self._name, safe='')}"

    async def _get(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        return await self._asked("GET", path, query=query)

    async def _asked(
        self, method: str, path: str, *, query: Mapping[str, str] | None = None, body: Mapping[str, Any] | None = None
    ) -> Any:
        headers = {"Authorization": f"Bearer {self._secret()}", "Accept": "application/json"}
        outside = not is_loopback(self._url.partition("://")[2].partition("/")[0])
        try:
            async with (
                asyncio.timeout(self._timeout.total_seconds()),
                aiohttp.ClientSession(trust_env=outside) as session,
                session.request(
                    method, self._url + path, params=query, json=body, headers=headers, allow_redirects=False
                ) as answer,
            ):
                return self._judged(answer.status, await body_of(answer, "ArgoCD", _LARGEST_ANSWER_BYTES))
        except TimeoutError as error:
            raise TimedOut(
                f"ArgoCD did not answer within {self._timeout.total_seconds():g} s.",
                remedy=f"Look at {self._url}, then try again.",
            ) from error
        except (aiohttp.ClientError, OSError) as error:
            raise Unreachable(
                f"ArgoCD at {self._url} cannot be reached: {_reason(error)}.",
                remedy="Check `argocd.url` and the network.",
            ) from error

    def _secret(self) -> str:
        if self._token is None:
            raise Denied(
                "There is no token for ArgoCD.",
                remedy=f"Set ARGOCD_TOKEN to a token that may get and sync the application {self._name}.",
            )
        return self._token.get_secret_value()

    def _judged(self, status: int, text: bytes) -> Any:
        said = _message(text)
        if status >= _UNWELL:
            raise Unreachable(f"ArgoCD answered {status}{said}.", remedy="Wait a minute, then try again.")
        if status != 200:  # noqa: PLR2004 - HTTP's own number
            raise self._refused(status, said)
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise Garbled(
                "ArgoCD answered with something that is no JSON.",
                remedy="Check that `argocd.url` is the ArgoCD server, not a web page or a login portal.",
            ) from error

    def _refused(self, status: int, said: str) -> ToolError:
        match status:
            case 401:
                return Denied(
                    f"ArgoCD does not accept the token{said}.", remedy="Set ARGOCD_TOKEN to a token that is valid."
                )
            case 403:
                return Denied(
                    f"ArgoCD does not let the token see or sync {self._name}{said}.",
                    remedy=f"Check the application's name; then allow `applications, get` and `applications, sync` "
                    f"on {self._name} to the token's account or project role.",
                )
            case 404:
                return NotFound(
                    f"ArgoCD has no application {self._name}{said}.",
                    remedy="Correct `argocd.application` of the target; `argocd app list` shows the names.",
                )
        return Denied(f"ArgoCD refuses with status {status}{said}.", remedy=f"Look at {self._name} in ArgoCD.")


def _reason(error: Exception) -> str:
    """Say what the network said, without the library's own words around it."""
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    return (cause.strerror if isinstance(cause, OSError) else None) or str(cause) or type(cause).__name__


def _message(text: bytes) -> str:
    """Take ArgoCD's own words out of an error; empty where it is none of its errors."""
    try:
        said = json.loads(text)
        return f": {said.get('message') or said['error']}"[:500]
    except (ValueError, RecursionError, AttributeError, KeyError, TypeError):
        return ""
