"""An image registry, asked over the OCI distribution API."""

import hashlib
import json
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Any

from tools.errors import Denied, Garbled, NotFound
from tools.manifests import PlatformImage, config_digest, described, platforms_in
from tools.platforms import INDEX, Member, index, matches
from tools.references import Reference
from tools.registry_line import Answer, Ask, Line, Login, Stream, unwell

__all__ = ["Login", "Registry"]

_TIMEOUT = timedelta(seconds=20)
_INDEXES = (INDEX, "application/vnd.docker.distribution.manifest.list.v2+json")
_MANIFESTS = ("application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json")
_ACCEPT = ", ".join((*_INDEXES, *_MANIFESTS))


class Registry:
    """Any OCI registry; `logins` are keyed by the registry's host, as in `ghcr.io`."""

    def __init__(
        self,
        logins: Mapping[str, Login] | None = None,
        timeout: timedelta = _TIMEOUT,
        minted: Callable[[str], object] = lambda _token: None,
    ) -> None:
        self._line = Line(logins or {}, timeout, minted)

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

    async def manifest(self, image: str, digest: str) -> Answer:
        """Return a manifest or index exactly as it lies there, its content held against the digest."""
        return await self._required(_with(image, digest), digest)

    def blob(self, image: str, digest: str, headers: Mapping[str, str]) -> AbstractAsyncContextManager[Stream]:
        """Open one layer or configuration for reading, whatever its size and the answer's status."""
        reference = _with(image, digest)
        return self._line.stream(
            Ask(f"{reference.origin}/v2/{reference.repository}/blobs/{digest}", headers), reference
        )

    async def platforms(self, image: str, digest: str) -> tuple[PlatformImage, ...]:
        """Tell for which platforms an image was built, and what each of these is made of; raises `NotFound`."""
        manifest = await self._document(_with(image, digest), digest)
        members = platforms_in(manifest) if "manifests" in manifest else (digest,)
        return tuple([await self._platform(image, member) for member in members])

    async def _platform(self, image: str, digest: str) -> PlatformImage:
        reference = _with(image, digest)
        manifest = await self._document(reference, digest)
        config = config_digest(manifest)
        answer = await self._line.ask(Ask(_blob_at(_with(image, config)), {}), reference)
        if answer.status != 200:  # noqa: PLR2004 - HTTP's own number
            raise unwell(answer.status, reference)
        if _digest(answer) != config:
            raise Garbled(f"{reference.registry} answered with other content than {config} stands for.")
        return described(digest, manifest, answer.body)

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
        answer = await self._line.ask(Ask(url, {"Content-Type": media_type}, body=body), reference)
        if answer.status in (401, 403):
            raise Denied(
                f"{reference.registry} does not let the bot write to {reference.repository}.",
                remedy="Set SHIPMATE_REGISTRY_USERNAME and SHIPMATE_REGISTRY_PASSWORD: a login that may write.",
            )
        if answer.status != 201:  # noqa: PLR2004 - HTTP's own number
            raise unwell(answer.status, reference)
        return f"sha256:{hashlib.sha256(body).hexdigest()}"

    async def _document(self, reference: Reference, which: str) -> dict[str, Any]:
        return _json_object(await self._required(reference, which), reference)

    async def _required(self, reference: Reference, which: str) -> Answer:
        answer = await self._manifest(reference, which)
        if answer is None:
            raise NotFound(
                f"There is no {which} of {reference.name} in the registry.", remedy="Build and push it first."
            )
        if which.startswith("sha256:") and _digest(answer) != which:
            raise Garbled(f"{reference.registry} answered with other content than {which} stands for.")
        return answer

    async def _manifest(self, reference: Reference, which: str) -> Answer | None:
        url = f"{reference.origin}/v2/{reference.repository}/manifests/{which}"
        return _judged(await self._line.ask(Ask(url, {"Accept": _ACCEPT}), reference), reference)


def _judged(answer: Answer, reference: Reference) -> Answer | None:
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
            raise unwell(status, reference)


def _json_object(answer: Answer, reference: Reference) -> dict[str, Any]:
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


def _digest(answer: Answer) -> str:
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


def _blob_at(reference: Reference) -> str:
    return f"{reference.origin}/v2/{reference.repository}/blobs/{reference.digest}"


def _with(image: str, reference: str) -> Reference:
    return Reference.parse(f"{image}{'@' if ':' in reference else ':'}{reference}")
