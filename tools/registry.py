"""An image registry, asked over the OCI distribution API."""

import asyncio
import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from pydantic import SecretStr

from tools.errors import Denied, Garbled, NotFound, TimedOut, ToolError, Unreachable
from tools.platforms import INDEX, Member, index, matches
from tools.references import Reference, is_loopback

_TIMEOUT = timedelta(seconds=20)
_MANIFEST_LIMIT_BYTES = 4 * 1024**2
_INDEXES = (INDEX, "application/vnd.docker.distribution.manifest.list.v2+json")
_MANIFESTS = ("application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json")
_ACCEPT = ", ".join((*_INDEXES, *_MANIFESTS))
_WRITING = "pull,push"
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
class _Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        return self.headers.get("Content-Type", "").partition(";")[0].strip()


@dataclass(frozen=True, slots=True)
class _Ask:
    """One request about manifests; with a body it writes."""

    url: str
    headers: Mapping[str, str]
    query: Mapping[str, str] | None = None
    body: bytes | None = None

    def with_login(self, authorization: str) -> "_Ask":
        return replace(self, headers={**self.headers, "Authorization": authorization})


class Registry:
    """Any OCI registry; `logins` are keyed by the registry's host, as in `ghcr.io`."""

    def __init__(self, logins: Mapping[str, Login] | None = None, timeout: timedelta = _TIMEOUT) -> None:
        self._logins = logins or {}
        self._timeout = timeout

    async def digest(self, image: str, tag: str) -> str | None:
        """Tell the digest that a tag stands for; None where there is no such tag."""
        reference = Reference.parse(f"{image}:{tag}")
        answer = await self._manifest(reference, tag)
        return None if answer is None else _digest(answer)

    async def exists(self, image: str, reference: str) -> bool:
        """Tell whether a tag or digest is there."""
        return await self._manifest(_with(image, reference), reference) is not None

    async def size_bytes(self, image: str, reference: str, platform: str = "linux/amd64") -> int:
        """Sum the compressed layers, which is what travels, of one platform; raises `NotFound`."""
        wanted = _with(image, reference)
        manifest = await self._document(wanted, reference)
        if "manifests" in manifest:
            manifest = await self._document(wanted, _digest_for(platform, manifest, wanted))
        try:
            return sum(int(layer["size"]) for layer in manifest["layers"])
        except (KeyError, TypeError, ValueError) as error:
            raise _garbled(wanted) from error

    async def publish(self, image: str, tag: str, digests: Mapping[str, str]) -> str:
        """Let a tag stand for several platforms at once (platform -> digest of what is there); returns the digest.

        Raises `NotFound` where one of them is not there, `Denied` where the login may not write.
        """
        members = [await self._member(image, platform, digest) for platform, digest in digests.items()]
        return await self._write(Reference.parse(f"{image}:{tag}"), index(members), INDEX)

    async def name(self, image: str, digest: str, tag: str) -> None:
        """Let one more tag stand for what a digest stands for, on all its platforms; nothing is transferred."""
        answer = await self._required(_with(image, digest), digest)
        await self._write(Reference.parse(f"{image}:{tag}"), answer.body, answer.media_type)

    async def _member(self, image: str, platform: str, digest: str) -> Member:
        answer = await self._required(_with(image, digest), digest)
        return Member(platform, digest, answer.media_type, len(answer.body))

    async def _write(self, reference: Reference, body: bytes, media_type: str) -> str:
        url = f"{reference.origin}/v2/{reference.repository}/manifests/{reference.tag}"
        answer = await self._ask(_Ask(url, {"Content-Type": media_type}, body=body), reference)
        if answer.status in (401, 403):
            raise Denied(
                f"{reference.registry} does not let the bot write to {reference.repository}.",
                remedy="Set SHIPMATE_REGISTRY_USERNAME and SHIPMATE_REGISTRY_PASSWORD: a login that may write.",
            )
        if answer.status != 201:  # noqa: PLR2004 - HTTP's own number
            raise _unwell(answer.status, reference)
        return f"sha256:{hashlib.sha256(body).hexdigest()}"

    async def _document(self, reference: Reference, which: str) -> dict[str, Any]:
        return _json_object(await self._required(reference, which), reference)

    async def _required(self, reference: Reference, which: str) -> _Answer:
        answer = await self._manifest(reference, which)
        if answer is None:
            raise NotFound(
                f"There is no {which} of {reference.name} in the registry.", remedy="Build and push it first."
            )
        if which.startswith("sha256:") and _digest(answer) != which:
            raise Garbled(f"{reference.registry} answered with other content than {which} stands for.")
        return answer

    async def _manifest(self, reference: Reference, which: str) -> _Answer | None:
        url = f"{reference.origin}/v2/{reference.repository}/manifests/{which}"
        return _judged(await self._ask(_Ask(url, {"Accept": _ACCEPT}), reference), reference)

    async def _ask(self, ask: _Ask, reference: Reference) -> _Answer:
        try:
            async with asyncio.timeout(self._timeout.total_seconds()), self._session(reference) as session:
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

    async def _authorised(self, session: aiohttp.ClientSession, ask: _Ask, reference: Reference) -> _Answer:
        answer = await _sent(session, ask)
        if answer.status != 401:  # noqa: PLR2004 - HTTP's own number
            return answer
        actions = _WRITING if ask.body is not None else "pull"
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
        return _token(await _sent(session, _Ask(realm, headers, query)), reference)

    def _session(self, reference: Reference) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(trust_env=not is_loopback(reference.registry))


async def _sent(session: aiohttp.ClientSession, ask: _Ask) -> _Answer:
    method = "GET" if ask.body is None else "PUT"
    async with session.request(method, ask.url, headers=ask.headers, params=ask.query, data=ask.body) as response:
        body = bytearray()
        async for chunk in response.content.iter_chunked(65536):
            body += chunk
            if len(body) > _MANIFEST_LIMIT_BYTES:
                raise Garbled(f"{urlsplit(ask.url).netloc} answered more than a manifest may be.")
        return _Answer(response.status, response.headers, bytes(body))


def _judged(answer: _Answer, reference: Reference) -> _Answer | None:
    match answer.status:
        case 200:
            _json_object(answer, reference)
            return answer
        case 404:
            return None
        case 401 | 403:
            raise Denied(
                f"{reference.registry} refuses to show {reference.repository}.",
                remedy=f"docker login {reference.registry}, with a token that may read packages; "
                "or set SHIPMATE_REGISTRY_USERNAME and SHIPMATE_REGISTRY_PASSWORD.",
            )
        case status:
            raise _unwell(status, reference)


def _unwell(status: int, reference: Reference) -> ToolError:
    return Unreachable(
        f"{reference.registry} answered {status} when asked for {reference.repository}.",
        remedy="Wait a minute, then try again.",
    )


def _json_object(answer: _Answer, reference: Reference) -> dict[str, Any]:
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise _garbled(reference) from error
    if not isinstance(document, dict) or "schemaVersion" not in document:
        raise _garbled(reference)
    return document


def _garbled(reference: Reference) -> Garbled:
    return Garbled(
        f"{reference.registry} answered with something that is no image manifest.",
        remedy="Check that the address is a registry's, not a web page's or a login portal's.",
    )


def _digest(answer: _Answer) -> str:
    """Name the content by its own hash: what the registry says of it is not needed."""
    return f"sha256:{hashlib.sha256(answer.body).hexdigest()}"


def _digest_for(platform: str, document: Mapping[str, Any], reference: Reference) -> str:
    try:
        for entry in document["manifests"]:
            if matches(platform, entry.get("platform")):
                return str(entry["digest"])
    except (AttributeError, KeyError, TypeError) as error:
        raise _garbled(reference) from error
    raise NotFound(f"{reference.name} was not built for {platform}.", remedy="Add the platform to the component.")


def _token(answer: _Answer, reference: Reference) -> str:
    try:
        document = json.loads(answer.body)
        return f"Bearer {document.get('token') or document['access_token']}"
    except (ValueError, RecursionError, AttributeError, KeyError, TypeError) as error:
        if answer.status >= 500:  # noqa: PLR2004 - HTTP's own number
            raise _unwell(answer.status, reference) from error
        raise Denied(
            f"{reference.registry} gives no token for {reference.repository}.",
            remedy=f"docker login {reference.registry}, with a token that may read packages.",
        ) from error


def _may_be_told(realm: str) -> bool:
    parts = urlsplit(realm)
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.netloc))


def _with(image: str, reference: str) -> Reference:
    return Reference.parse(f"{image}{'@' if ':' in reference else ':'}{reference}")
