"""Codecov's way in for coverage reports: an upload is announced, then put into storage, as its own program does it."""

import base64
import json
import re
import secrets
import uuid
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from tests.emulators.loopback import Faults, Loopback

_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(slots=True)
class Uploaded:
    """One announced report; `files` are there once it was put into storage."""

    slug: str
    commit: str
    flags: tuple[str, ...]
    network: tuple[str, ...] = ()
    """The files of the repository, by which paths in reports are recognised."""
    files: dict[str, bytes] = field(default_factory=dict)
    stored: bool = False


class CodecovEmulator:
    """One account with one token: `async with CodecovEmulator() as codecov:`."""

    def __init__(self) -> None:
        self.token = secrets.token_hex(18)
        self.uploads: list[Uploaded] = []
        self._server = Loopback(self._application)
        self._places: dict[str, Uploaded] = {}

    async def __aenter__(self) -> Self:
        await self._server.up()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._server.down()

    @property
    def url(self) -> str:
        """Tell the base URL."""
        return self._server.url

    @property
    def faults(self) -> Faults:
        """Reach the switches for slow, failing and lost answers."""
        return self._server.faults

    @property
    def stored(self) -> list[Uploaded]:
        """List the reports that arrived whole."""
        return [upload for upload in self.uploads if upload.stored]

    def _application(self) -> web.Application:
        application = web.Application(client_max_size=64 * 1024**2)
        application.router.add_post("/upload/github/{slug}/upload-coverage", self._announced)
        application.router.add_put("/storage/{place}", self._put)
        return application

    async def _announced(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"token {self.token}":
            return web.json_response({"detail": "Not valid tokenless upload"}, status=401)
        body = await request.json()
        if objections := _objections(body):
            return web.json_response(objections, status=400)
        owner, _, name = request.match_info["slug"].partition("::::")
        upload = Uploaded(f"{owner}/{name}", body["commitid"], tuple(body.get("flags") or ()))
        self.uploads.append(upload)
        place = uuid.uuid4().hex
        self._places[place] = upload
        shape = {
            "external_id": str(uuid.uuid4()),
            "created_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "raw_upload_location": f"{self.url}/storage/{place}",
            "url": f"{self.url}/github/{owner}/{name}/commit/{upload.commit}",
        }
        return web.json_response(shape, status=201)

    async def _put(self, request: web.Request) -> web.Response:
        upload = self._places[request.match_info["place"]]
        payload = json.loads(await request.read())
        upload.network = tuple(payload["network_files"])
        for file in payload["coverage_files"]:
            upload.files[file["filename"]] = zlib.decompress(base64.b64decode(file["data"]))
        upload.stored = True
        return web.Response(status=200)


def _objections(body: dict[str, Any]) -> dict[str, list[str]]:
    """Object to what Codecov objects to: a commit it cannot read, and fields that may be left out but not be null."""
    found: dict[str, list[str]] = {}
    if not _COMMIT.fullmatch(str(body.get("commitid") or "")):
        found["commitid"] = ["Invalid commit"]
    found |= {
        name: ["This field may not be null."]
        for name in ("ci_service", "version", "flags")
        if name in body and body[name] is None
    }
    if body.get("code") not in (None, "default"):
        found["code"] = ["Using a non-default `code` has been deprecated"]
    return found
