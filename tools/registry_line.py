"""The line to a registry: single requests, with the login or the token that it asks for."""

import asyncio
import base64
import json
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import urlsplit

import aiohttp
from pydantic import SecretStr

from tools.errors import Denied, Garbled, TimedOut, ToolError, Unreachable
from tools.references import Reference, is_loopback

_LIMIT_BYTES = 4 * 1024**2
_PIECE_BYTES = 65536
_READING, _WRITING = "pull", "pull,push"
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Login:
    """Who the bot is at a registry."""

    username: str
    password: SecretStr

    @property
    def header(self) -> str:
        """The value of an Authorization header."""
        pair = f"{self.username}:{self.password.get_secret_value()}"
        return f"Basic {base64.b64encode(pair.encode()).decode()}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a registry said, whatever its status."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        """What the body is, by its header."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip()


@dataclass(frozen=True, slots=True)
class Ask:
    """One request; with a body it writes."""

    url: str
    headers: Mapping[str, str]
    query: Mapping[str, str] | None = None
    body: bytes | None = None

    def with_login(self, authorization: str) -> "Ask":
        """Ask the same, and say who asks."""
        return replace(self, headers={**self.headers, "Authorization": authorization})


class Stream:
    """An answer whose body is read piece by piece, exactly as it was sent."""

    def __init__(self, response: aiohttp.ClientResponse, reference: Reference) -> None:
        self.status = response.status
        self.headers: Mapping[str, str] = response.headers
        self._response = response
        self._reference = reference

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """Yield the body; raises `Unreachable` where it breaks off, or nothing more comes."""
        try:
            async for chunk in self._response.content.iter_chunked(_PIECE_BYTES):
                yield chunk
        except (aiohttp.ClientError, OSError) as error:  # a TimeoutError is an OSError
            registry, why = self._reference.registry, str(error) or "nothing more came"
            raise Unreachable(f"{registry} broke off in the middle of an image: {why}.") from error


class Line:
    """Lines to registries; `logins` are keyed by the registry's host, as in `ghcr.io`.

    `minted` is told every token that a registry makes, so that none is ever shown.
    """

    def __init__(
        self, logins: Mapping[str, Login], timeout: timedelta, minted: Callable[[str], object] = lambda _token: None
    ) -> None:
        self._minted = minted
        self._logins = logins
        self._timeout = timeout

    async def ask(self, ask: Ask, reference: Reference) -> Answer:
        """Ask once, and once more with what the registry wants; raises `Unreachable` and `TimedOut`."""
        try:
            async with asyncio.timeout(self._timeout.total_seconds()), _session(reference) as session:
                return await self._authorised(session, ask, reference)
        except TimeoutError as error:
            raise TimedOut(
                f"{reference.registry} did not answer within {self._timeout.total_seconds():g} s."
            ) from error
        except (aiohttp.ClientError, OSError) as error:
            raise Unreachable(
                f"{reference.registry} cannot be reached: {error}.",
                remedy=f"Check the registry's address and the network: curl {reference.origin}/v2/",
            ) from error

    @asynccontextmanager
    async def stream(self, ask: Ask, reference: Reference) -> AsyncIterator[Stream]:
        """Ask as `ask` does, and leave the body to be read; only each silence is limited, not the whole."""
        async with AsyncExitStack() as stack:
            try:
                response = await self._streamed(stack, ask, reference)
            except (aiohttp.ClientError, OSError) as error:
                raise Unreachable(
                    f"{reference.registry} cannot be reached: {error}.",
                    remedy=f"Check the registry's address and the network: curl {reference.origin}/v2/",
                ) from error
            yield Stream(response, reference)

    async def _streamed(self, stack: AsyncExitStack, ask: Ask, reference: Reference) -> aiohttp.ClientResponse:
        session = await stack.enter_async_context(_streaming(reference, self._timeout))
        response = await stack.enter_async_context(session.get(ask.url, headers=ask.headers))
        if response.status != 401:  # noqa: PLR2004 - HTTP's own number
            return response
        challenge = response.headers.get("WWW-Authenticate", "")
        authorization = await self._authorization(session, challenge, reference, _READING)
        asked = ask.with_login(authorization) if authorization else ask
        return await stack.enter_async_context(session.get(asked.url, headers=asked.headers))

    async def _authorised(self, session: aiohttp.ClientSession, ask: Ask, reference: Reference) -> Answer:
        answer = await _sent(session, ask)
        if answer.status != 401:  # noqa: PLR2004 - HTTP's own number
            return answer
        actions = _READING if ask.body is None else _WRITING
        challenge = answer.headers.get("WWW-Authenticate", "")
        authorization = await self._authorization(session, challenge, reference, actions)
        return await _sent(session, ask.with_login(authorization)) if authorization else answer

    async def _authorization(
        self, session: aiohttp.ClientSession, challenge: str, reference: Reference, actions: str
    ) -> str | None:
        """Answer a challenge: with the login itself, or with a token that the login (or nobody) is given."""
        login = self._logins.get(reference.registry)
        scheme, _, parameters = challenge.partition(" ")
        if scheme.lower() != "bearer":
            return login.header if login else None
        asked = dict(_CHALLENGE.findall(parameters))
        realm = asked.pop("realm", "")
        if not _may_be_told(realm):
            raise Denied(f"{reference.registry} wants its token fetched from {realm!r}, which is not safe.")
        headers = {"Authorization": login.header} if login else {}
        scope = {"scope": f"repository:{reference.repository}:{actions}"}
        # some registries only ever speak of pulling, also to those who would write
        query = {**asked, **scope} if actions == _WRITING else {**scope, **asked}
        token = _token(await _sent(session, Ask(realm, headers, query)), reference)
        self._minted(token)
        return f"Bearer {token}"


def unwell(status: int, reference: Reference) -> ToolError:
    """Say that a registry has trouble of its own."""
    return Unreachable(
        f"{reference.registry} answered {status} when asked for {reference.repository}.",
        remedy="Wait a minute, then try again.",
    )


def _session(reference: Reference) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(trust_env=not is_loopback(reference.registry))


def _streaming(reference: Reference, silence: timedelta) -> aiohttp.ClientSession:
    """Open a line for content that must arrive byte by byte as it lies there."""
    seconds = silence.total_seconds()
    return aiohttp.ClientSession(
        trust_env=not is_loopback(reference.registry),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=seconds, sock_read=seconds),
        headers={"Accept-Encoding": "identity"},
        auto_decompress=False,
    )


async def _sent(session: aiohttp.ClientSession, ask: Ask) -> Answer:
    method = "GET" if ask.body is None else "PUT"
    async with session.request(method, ask.url, headers=ask.headers, params=ask.query, data=ask.body) as response:
        body = bytearray()
        async for chunk in response.content.iter_chunked(65536):
            body += chunk
            if len(body) > _LIMIT_BYTES:
                raise Garbled(f"{urlsplit(ask.url).netloc} answered more than a manifest may be.")
        return Answer(response.status, response.headers, bytes(body))


def _token(answer: Answer, reference: Reference) -> str:
    try:
        document = json.loads(answer.body)
        return str(document.get("token") or document["access_token"])
    except (ValueError, RecursionError, AttributeError, KeyError, TypeError) as error:
        if answer.status >= 500:  # noqa: PLR2004 - HTTP's own number
            raise unwell(answer.status, reference) from error
        raise Denied(
            f"{reference.registry} gives no token for {reference.repository}.",
            remedy=f"docker login {reference.registry}, with a token that may read packages.",
        ) from error


def _may_be_told(realm: str) -> bool:
    parts = urlsplit(realm)
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.netloc))
