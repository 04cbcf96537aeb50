"""Slack's Web API client, which sends nothing that the redactor does not let out (P16)."""

import urllib.request
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from tools.redaction import Redactor

VERBATIM = frozenset({"token", "channel", "ts", "thread_ts", "user", "trigger_id", "view_id", "cursor", "type"})
"""Arguments that Slack itself gave out, and the one that is a secret for Slack."""


class GuardedClient(AsyncWebClient):
    """The SDK's client; every call of every method goes through `api_call`."""

    def __init__(self, redactor: Redactor, **options: Any) -> None:
        super().__init__(**options)
        self._redactor = redactor

    async def api_call(self, api_method: str, **request: Any) -> AsyncSlackResponse:
        """Call a method; a text with a disguised secret is replaced by a notice, the rest of the message stays."""
        for part in ("json", "params", "data"):
            if isinstance(request.get(part), dict):
                request[part] = self._redactor.outgoing_values(request[part], verbatim=VERBATIM)
        return await super().api_call(api_method, **request)


def slack_client(
    base: str, session: aiohttp.ClientSession, token: str | None, retries: list[Any], redactor: Redactor
) -> AsyncWebClient:
    """Make a client on the shared session; the SDK itself would send even loopback calls through a proxy."""
    client = GuardedClient(redactor, token=token, base_url=base, session=session, retry_handlers=retries)
    host = urlsplit(base).hostname or ""
    if host in {"localhost", "127.0.0.1", "::1"} or urllib.request.proxy_bypass(host):
        client.proxy = None
    return client
