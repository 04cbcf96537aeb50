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
        self._manifests: dict[tuple[str, str], tuple[str, bytes]] = {}

    @property
    def address(self) -> str:
        """The first part of an image's name."""
        return f"127.0.0.1:{self.server.port}"

    def publish(self, repository: str, tag: str, sizes: list[int]) -> str:
        """Put in an image of layers of these sizes; returns its digest."""
        layers = [{"mediaType": "layer", "digest": "sha256:0", "size": size} for size in sizes]
        return self._put(repository, tag, MANIFEST, {"layers": layers})

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
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        for reference in (tag, digest):
            self._manifests[repository, reference] = (media_type, content)
        return digest

    def _application(self) -> web.Application:
        application = web.Application()
        application.router.add_get("/v2/{repository:.+}/manifests/{reference}", self._manifest)
        application.router.add_put("/v2/{repository:.+}/manifests/{reference}", self._written)
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
