"""Messages as signed JSON by POST to one address that an operator chose; redirects are never followed."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from pydantic import SecretStr

from tools.errors import Denied, TimedOut, ToolError, Unreachable, Unwanted
from tools.references import is_loopback

KEY, TIMESTAMP, SIGNATURE = "Idempotency-Key", "X-Shipmate-Timestamp", "X-Shipmate-Signature"
LONGEST_WAIT = 600.0
_LATER = frozenset({408, 425, 429})
_UNWANTED = frozenset({413, 422})
"""Too large, or not to be worked with: said of this message, and not of who sends it."""
_UNWELL = 500


class Busy(Unreachable):
    """The other side answers, and asks to wait."""

    code = "busy"

    def __init__(self, happened: str, seconds: float) -> None:
        super().__init__(happened, remedy="It is tried again.")
        self.seconds = seconds


def signature(secret: SecretStr, timestamp: str, body: bytes) -> str:
    """Sign a moment and a body, so that nobody can change either or use an old one as new."""
    signed = timestamp.encode() + b"." + body
    return "sha256=" + hmac.new(secret.get_secret_value().encode(), signed, hashlib.sha256).hexdigest()


class Hook:
    """One address, and the secret that it shares with the bot."""

    def __init__(self, url: str, secret: SecretStr, timeout: timedelta) -> None:
        self._url = url
        self._secret = secret
        self._timeout = timeout

    @property
    def called(self) -> str:
        """Name the address without what may be secret in it."""
        parts = urlsplit(self._url)
        return f"{parts.scheme}://{parts.hostname or ''}"

    async def send(self, key: str, document: Mapping[str, Any], now: datetime) -> None:
        """Deliver a document; returns when the other side has taken it (2xx).

        Raises `Unwanted` where it refuses this document for good, `Denied` where it refuses us, and `Unreachable`,
        `Busy` or `TimedOut` where the same document may be sent again under the same key.
        """
        netloc = urlsplit(self._url).netloc
        if not self._url.startswith("https://") and not is_loopback(netloc.rpartition("@")[2]):
            raise Denied(
                f"{self.called} is not encrypted.", remedy="Set escalation.webhook.url to an https:// address."
            )
        body = json.dumps(document, ensure_ascii=False, sort_keys=True).encode(errors="replace")
        await self._post(body, self._headers(key, str(int(now.timestamp())), body), trusted=is_loopback(netloc))

    def _headers(self, key: str, timestamp: str, body: bytes) -> Mapping[str, str]:
        return {
            "Content-Type": "application/json",
            "User-Agent": "shipmate",
            KEY: hashlib.sha256(key.encode()).hexdigest()[:32],
            TIMESTAMP: timestamp,
            SIGNATURE: signature(self._secret, timestamp, body),
        }

    async def _post(self, body: bytes, headers: Mapping[str, str], *, trusted: bool) -> None:
        limit = self._timeout.total_seconds()
        try:
            async with (
                asyncio.timeout(limit),
                aiohttp.ClientSession(trust_env=not trusted) as session,
                session.post(self._url, data=body, headers=headers, allow_redirects=False) as answer,
            ):
                refusal = _judged(answer.status, answer.headers.get("Retry-After", ""), self.called)
        except TimeoutError as error:
            raise TimedOut(f"{self.called} did not answer within {limit:g} s.", remedy="It is tried again.") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            happened = f"{self.called} cannot be reached ({type(error).__name__})."
            raise Unreachable(happened, remedy="It is tried again.") from error
        if refusal:
            raise refusal


def _judged(status: int, retry_after: str, called: str) -> ToolError | None:
    """Tell from a status whether the message was taken, is worth another attempt, or is refused."""
    if status in range(200, 300):
        return None
    if status in _LATER or status >= _UNWELL:
        wait = min(float(retry_after), LONGEST_WAIT) if retry_after.isdecimal() else 0.0
        return Busy(f"{called} answered {status}.", wait)
    if status in range(300, 400):
        remedy = "Set escalation.webhook.url to the address that it leads to; redirects are not followed."
        return Denied(f"{called} answered {status}, a redirect.", remedy=remedy)
    if status in _UNWANTED:
        return Unwanted(f"{called} answered {status}.", remedy="Look at what receives it: this message is not for it.")
    return Denied(f"{called} answered {status}.", remedy="Look at what receives it, and at SHIPMATE_ESCALATION_SECRET.")
