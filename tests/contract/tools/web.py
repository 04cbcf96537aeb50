"""A tiny web service in a container, and compose projects that run it."""

import asyncio
import io
import json
import shutil
import tarfile
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath

from tests.stage.ports import free_port
from tests.stage.stage import Stage
from tools.compose import Compose
from tools.hosts import Host

SERVE = "mkdir -p /www && echo fine > /www/health && echo started && exec httpd -f -p 8080 -h /www"
TAGS = ("v1", "v2")


def make_image(stage: Stage) -> str:
    """Make an image of busybox alone, put two versions of it into the registry, and return the repository's name."""
    repository = f"{stage.registry.address}/acme/web"
    archive = stage.scratch("web") / "web.tar"
    archive.write_bytes(_busybox(Path(stage.toolset.program("busybox"))))
    for tag in TAGS:
        changes = ("ENV PATH=/bin", "ENV GREETING=a-value-nobody-should-see", f'CMD ["sh", "-c", "{SERVE}"]')
        words = [word for change in (*changes, f"LABEL version={tag}") for word in ("--change", change)]
        stage.server.docker("import", *words, archive, f"{repository}:{tag}")
        stage.server.docker("push", "--quiet", f"{repository}:{tag}")
    return repository


def _busybox(program: Path) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as tar:
        tar.add(program.resolve(), "bin/busybox")
        for applet in ("sh", "httpd", "mkdir", "echo", "sleep", "date", "touch", "cat", "false", "test", "true", "rm"):
            link = tarfile.TarInfo(f"bin/{applet}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)
    return content.getvalue()


class Site:
    """One compose project with one service `web`, whose keys a test may set."""

    file = PurePosixPath("deploy/compose.yml")
    fence = 1

    def __init__(self, stage: Stage, image: str, directory: Path, service: Mapping[str, object]) -> None:
        self.stage = stage
        self.image = image
        self.directory = PurePosixPath(directory)
        self.project = f"p{uuid.uuid4().hex[:8]}"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/health"
        web = {
            "image": f"{image}:${{IMAGE_TAG:?IMAGE_TAG required}}",
            "ports": [f"127.0.0.1:{self.port}:8080"],
            "volumes": ["./data:/data", "kept:/kept"],
            "stop_grace_period": "0s",
            "init": True,
            **service,
        }
        self.content = json.dumps({"services": {"web": web}, "volumes": {"kept": {}}}).encode()

    def compose(self, host: Host) -> Compose:
        return Compose(host, self.directory, self.file, self.project)

    async def start(self, host: Host, tag: str = "v1") -> None:
        compose = self.compose(host)
        await compose.prepare([PurePosixPath("data")], self.fence)
        await compose.install(self.content, self.fence)
        await compose.up("web", "IMAGE_TAG", tag, self.fence)

    def containers(self) -> list[str]:
        label = f"label=com.docker.compose.project={self.project}"
        return self.stage.server.docker("ps", "--all", "--quiet", "--no-trunc", "--filter", label).split()

    def remove(self) -> None:
        if found := self.containers():
            self.stage.server.docker("rm", "--force", "--volumes", *found)
        for kind in ("network", "volume"):
            label = f"label=com.docker.compose.project={self.project}"
            if names := self.stage.server.docker(kind, "ls", "--quiet", "--filter", label).split():
                self.stage.server.docker(kind, "rm", *names)
        shutil.rmtree(self.directory, ignore_errors=True)


def processes_with(mark: str) -> list[str]:
    """List the processes of this machine that have a word in their command line."""
    found = []
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it ended while we looked
            if mark.encode() in line.read_bytes():
                found.append(line.parent.name)
    return found


def names_in(directory: Path) -> list[str]:
    """List a directory."""
    return sorted(entry.name for entry in directory.iterdir())


async def until(holds: Callable[[], object], seconds: float = 120) -> None:
    """Return as soon as something outside of this process has come true."""
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110 - nobody outside sets our events
            await asyncio.sleep(0.02)
