"""Images as files: packed reproducibly, and put into a registry without any engine."""

import base64
import gzip
import hashlib
import http.client
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.stage.commands import StageError
from tests.stage.registry import Registry

CREATED = "2023-06-10T00:00:00Z"
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"
CONFIG = "application/vnd.docker.container.image.v1+json"
BYTES = "application/octet-stream"
LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"


@dataclass(frozen=True, slots=True)
class Layer:
    """One packed layer: its file, and the digests packed and unpacked."""

    file: str
    digest: str
    diff_id: str
    size_bytes: int


def digest(content: bytes) -> str:
    """Name content by its hash."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def pack(root: Path, file: Path) -> Layer:
    """Pack a root file system; the same files give the same layer, whoever owns them here."""
    unpacked = io.BytesIO()
    with tarfile.open(fileobj=unpacked, mode="w") as archive:
        for path in sorted(root.rglob("*")):
            archive.add(path, arcname=str(path.relative_to(root)), recursive=False, filter=_nobodys)
    packed = gzip.compress(unpacked.getbuffer(), compresslevel=1, mtime=0)
    file.write_bytes(packed)
    return Layer(str(file), digest(packed), digest(unpacked.getvalue()), len(packed))


def remember(layers: Sequence[Layer], file: Path) -> None:
    """Note layers in a file."""
    file.write_text(json.dumps([asdict(layer) for layer in layers]))


def recall(file: Path) -> list[Layer]:
    """Read layers noted before; none where there is no such file."""
    return [Layer(**fields) for fields in json.loads(file.read_text())] if file.exists() else []


def publish(registry: Registry, name: str, layers: Sequence[Layer], config: Mapping[str, object], machine: str) -> str:
    """Put an image (`library/python:3.11-slim`) into a registry; returns its digest."""
    repository, _, tag = name.partition(":")
    history = {"diff_ids": [layer.diff_id for layer in layers], "type": "layers"}
    described = {"architecture": machine, "os": "linux", "created": CREATED, "config": dict(config), "rootfs": history}
    content = json.dumps(described).encode()
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {"mediaType": CONFIG, "size": len(content), "digest": digest(content)},
        "layers": [{"mediaType": LAYER, "size": layer.size_bytes, "digest": layer.digest} for layer in layers],
    }
    upload = _Upload(registry, repository)
    upload.blob(content, digest(content))
    for layer in layers:
        upload.blob(Path(layer.file).read_bytes(), layer.digest)
    return upload.manifest(json.dumps(manifest).encode(), tag)


def publish_index(registry: Registry, name: str, of: str, machines: Sequence[str]) -> str:
    """Offer an image of the registry for several machines, as base images are, under a name of its own.

    Its files are the same for each of them: it stands for what is copied from, not for what is run.
    """
    repository, _, tag = name.partition(":")
    source = _Upload(registry, of.partition(":")[0])
    upload = _Upload(registry, repository)
    manifest = json.loads(source.read(f"manifests/{of.partition(':')[2]}", MANIFEST))
    described = json.loads(source.read(f"blobs/{manifest['config']['digest']}"))
    for layer in manifest["layers"]:
        upload.blob(source.read(f"blobs/{layer['digest']}"), layer["digest"])
    entries = []
    for machine in machines:
        config = json.dumps({**described, "architecture": machine}).encode()
        upload.blob(config, digest(config))
        about = {"mediaType": CONFIG, "size": len(config), "digest": digest(config)}
        content = json.dumps({**manifest, "config": about}).encode()
        found = {"mediaType": MANIFEST, "size": len(content), "digest": upload.manifest(content, f"{tag}-{machine}")}
        entries.append({**found, "platform": {"os": "linux", "architecture": machine}})
    upload.manifest(json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}).encode(), tag, INDEX)
    return f"{registry.address}/{name}"


class _Upload:
    """What is sent to one repository of a registry."""

    def __init__(self, registry: Registry, repository: str) -> None:
        self._address = registry.address
        self._path = f"/v2/{repository}"
        login = ":".join(registry.login or ())
        self._headers = {"Authorization": f"Basic {base64.b64encode(login.encode()).decode()}"} if login else {}

    def blob(self, content: bytes, name: str) -> None:
        if self._ask("HEAD", f"{self._path}/blobs/{name}", wanted=(200, 404))[0] == http.HTTPStatus.OK:
            return
        _, place = self._ask("POST", f"{self._path}/blobs/uploads/", wanted=(202,))
        path = place.removeprefix(f"http://{self._address}")
        self._ask("PUT", f"{path}{'&' if '?' in path else '?'}digest={name}", content, wanted=(201,))

    def manifest(self, content: bytes, tag: str, kind: str = MANIFEST) -> str:
        self._ask("PUT", f"{self._path}/manifests/{tag}", content, wanted=(201,), kind=kind)
        return digest(content)

    def read(self, what: str, kind: str = BYTES) -> bytes:
        line = http.client.HTTPConnection(self._address, timeout=30)
        try:
            line.request("GET", f"{self._path}/{what}", headers={**self._headers, "Accept": kind})
            answer = line.getresponse()
            content = answer.read()
        finally:
            line.close()
        if answer.status != http.HTTPStatus.OK:
            raise StageError(f"The registry {self._address} answered GET {what} with {answer.status}.")
        return content

    def _ask(
        self, method: str, path: str, content: bytes = b"", *, wanted: tuple[int, ...], kind: str = BYTES
    ) -> tuple[int, str]:
        line = http.client.HTTPConnection(self._address, timeout=30)
        try:
            line.request(method, path, body=content, headers={**self._headers, "Content-Type": kind})
            answer = line.getresponse()
            text = answer.read(500).decode(errors="replace")
        finally:
            line.close()
        if answer.status not in wanted:
            raise StageError(f"The registry {self._address} answered {method} {path} with {answer.status}: {text}")
        return answer.status, answer.headers.get("Location", "")


def _nobodys(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = entry.mtime = 0
    entry.uname = entry.gname = ""
    return entry
