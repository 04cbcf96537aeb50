"""Questions to services over HTTP that only read, each with one answer."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from tools.errors import Garbled, Unreachable
from tools.references import is_loopback

_LIMIT_BYTES = 4 * 1024**2
_ERROR = 400
SERVER_ERROR = 500
TOO_MANY = 429


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked; the headers may hold a credential and are never shown."""

    service: str
    """Name of the other side, for people."""
    url: str
    headers: Mapping[str, str] = field(repr=False)
    method: str = "GET"
    query: Mapping[str, str] = field(default_factory=dict)
    document: Mapping[str, Any] | None = None
    """A body; only ever one that asks for nothing."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The answer. Header names are in lower case; a body that is no JSON object is empty."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)


async def ask(question: Question) -> Heard:
    """Ask once; raises `Unreachable`, or `Garbled` where the answer is not the service's own."""
    try:
        # A redirect would carry the credential to wherever it points.
        async with (
            aiohttp.ClientSession(trust_env=not is_loopback(urlsplit(question.url).netloc)) as session,
            session.request(
                question.method,
                question.url,
                headers=question.headers,
                params=question.query,
                json=question.document,
                allow_redirects=False,
            ) as response,
        ):
            content = await response.content.read(_LIMIT_BYTES)
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Heard(response.status, headers, _body(question, response.status, content))
    except (aiohttp.ClientError, OSError) as error:
        raise Unreachable(
            f"{question.service} cannot be reached: {str(error) or type(error).__name__}.",
            remedy=f"Check the network, the proxy settings, and with curl: {question.url}",
        ) from error


def _body(question: Question, status: int, content: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        if status >= _ERROR:
            return {}
        raise Garbled(
            f"{question.service} answered with something that is no JSON.",
            standing="A proxy or a sign-in page may stand in between.",
            remedy=f"Look at what {question.url} answers on this machine.",
        ) from error
    return document if isinstance(document, dict) else {}
