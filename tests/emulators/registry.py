"""A registry that asks for a bearer token, as GHCR does; the real one of the stage asks for none, or for a password."""

import hashlib
import json
from typing import Any

from aiohttp import encode_basic_auth, web

from tests.emulators.loopback import Loopback

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


class TokenRegistry:
    """Manifests by repository and tag or digest; private repositories are shown to one user only."""

    def __init__(self, username: str, password: str) -> None:
        self.server = Loopback(self._application)
        self.realm: str | None = None
        """Where callers are sent for a token; here, unless a test says otherwise."""
        self.tokens_given = 0
        self.private: set[str] = set()
        self._user = encode_basic_auth(username, password)
        self.breaks_off = False
        """Hang up in the middle of every layer."""
        self._manifests: dict[tuple[str, str], tuple[str, bytes]] = {}
        self._blobs: dict[tuple[str, str], bytes] = {}

    @property
    def address(self) -> str:
        """The first part of an image's name."""
        return f"127.0.0.1:{self.server.port}"

    def publish(self, repository: str, tag: str, sizes: list[int]) -> str:
        """Put in an image of layers of these sizes; returns its digest."""
        layers = [{"mediaType": "layer", "digest": "sha256:0", "size": size} for size in sizes]
        return self._put(repository, tag, MANIFEST, {"layers": layers})

    def publish_whole(self, repository: str, tag: str, layers: list[bytes], platform: str = "linux/amd64") -> str:
        """Put in an image with its layers and its configuration; returns its digest."""
        system, architecture = platform.split("/")
        rootfs = {"type": "layers", "diff_ids": [_named(layer) for layer in layers]}
        config = json.dumps({"os": system, "architecture": architecture, "rootfs": rootfs}).encode()
        self._blobs |= {(repository, _named(blob)): blob for blob in (config, *layers)}
        about = [{"mediaType": "blob", "digest": _named(blob), "size": len(blob)} for blob in (config, *layers)]
        return self._put(repository, tag, MANIFEST, {"config": about[0], "layers": about[1:]})

    def publish_index(self, repository: str, tag: str, platforms: dict[str, str]) -> str:
        """Put in an image of several platforms, each by its digest; returns the digest of all together."""
        entries = [
            {"digest": digest, "platform": dict(zip(("os", "architecture"), platform.split("/"), strict=True))}
            for platform, digest in platforms.items()
        ]
        return self._put(repository, tag, INDEX, {"manifests": entries})

    def swap(self, repository: str, reference: str, content: bytes) -> None:
        """Answer with other content than was published."""
        media_type, _ = self._manifests[repository, reference]
        self._manifests[repository, reference] = (media_type, content)

    def _put(self, repository: str, tag: str, media_type: str, parts: dict[str, Any]) -> str:
        content = json.dumps({"schemaVersion": 2, "mediaType": media_type, **parts}).encode()
        digest = _named(content)
        for reference in (tag, digest):
            self._manifests[repository, reference] = (media_type, content)
        return digest

    def _application(self) -> web.Application:
        application = web.Application()
        application.router.add_get("/v2/{repository:.+}/manifests/{reference}", self._manifest)
        application.router.add_put("/v2/{repository:.+}/manifests/{reference}", self._written)
        application.router.add_get("/v2/{repository:.+}/blobs/{digest}", self._blob)
        application.router.add_get("/token", self._token)
        return application

    def _challenge(self, repository: str) -> web.Response:
        realm = self.realm or f"{self.server.url}/token"
        challenge = f'Bearer realm="{realm}",service="stage",scope="repository:{repository}:pull"'
        return web.Response(status=401, headers={"WWW-Authenticate": challenge})

    async def _token(self, request: web.Request) -> web.Response:
        repository = request.query["scope"].split(":")[1]
        known = request.headers.get("Authorization") == self._user
        if repository in self.private and not known:
            return web.json_response({"errors": [{"code": "DENIED"}]}, status=403)
        self.tokens_given += 1
        writing = "-to-write" if known and "push" in request.query["scope"].split(":")[2] else ""
        return web.json_response({"token": f"token-for-{repository}{writing}"})

    async def _written(self, request: web.Request) -> web.Response:
        """Take a manifest from whoever has a token to write; the challenge only speaks of pulling, as GHCR's does."""
        repository, reference = request.match_info["repository"], request.match_info["reference"]
        if "Authorization" not in request.headers:
            return self._challenge(repository)
        if request.headers["Authorization"] != f"Bearer token-for-{repository}-to-write":
            return web.json_response({"errors": [{"code": "DENIED"}]}, status=403)
        content = await request.read()
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        for name in (reference, digest):
            self._manifests[repository, name] = (request.content_type, content)
        return web.Response(status=201, headers={"Docker-Content-Digest": digest})

    async def _manifest(self, request: web.Request) -> web.Response:
        repository, reference = request.match_info["repository"], request.match_info["reference"]
        if request.headers.get("Authorization") != f"Bearer token-for-{repository}":
            return self._challenge(repository)
        if (repository, reference) not in self._manifests:
            return web.json_response({"errors": [{"code": "MANIFEST_UNKNOWN"}]}, status=404)
        media_type, content = self._manifests[repository, reference]
        return web.Response(body=content, content_type=media_type)

    async def _blob(self, request: web.Request) -> web.StreamResponse:
        repository, digest = request.match_info["repository"], request.match_info["digest"]
        if request.headers.get("Authorization") != f"Bearer token-for-{repository}":
            return self._challenge(repository)
        if (repository, digest) not in self._blobs:
            return web.json_response({"errors": [{"code": "BLOB_UNKNOWN"}]}, status=404)
        content, start = self._blobs[repository, digest], request.http_range.start or 0
        asked = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"} if start else {}
        response = web.StreamResponse(status=206 if start else 200, headers=asked)
        response.content_length = len(content) - start
        await response.prepare(request)
        await response.write(content[start : len(content) // 2 if self.breaks_off else None])
        if self.breaks_off and request.transport:
            request.transport.close()
        return response


def _named(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
