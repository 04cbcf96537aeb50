"""A real OCI registry on a free loopback port; Docker needs no setting to trust it there."""

import json
import os
import shutil
from pathlib import Path
from typing import Self

from tests.stage.daemon import Daemon
from tests.stage.packages import Toolset
from tests.stage.ports import LOOPBACK, free_port, listens

USER = "ship"
PASSWORD = "mate"
HTPASSWD = f"{USER}:$2b$04$abcdefghijklmnopqrstuuNBOYydoiJtk0jDsr4QKTfTyZgXBx5Uu\n"
"""The bcrypt hash of the password; the registry understands no other kind."""


class Registry:
    """One registry; its content lies below its folder and survives `stop`, its port too."""

    def __init__(self, directory: Path, toolset: Toolset, *, login: bool = False) -> None:
        self.directory = directory
        self.port = free_port()
        self.login = (USER, PASSWORD) if login else None
        self._program = toolset.program("docker-registry")
        self._daemon: Daemon | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    @property
    def address(self) -> str:
        """The first part of an image's name: `127.0.0.1:PORT`."""
        return f"{LOOPBACK}:{self.port}"

    def start(self) -> None:
        """Start it and return once it listens."""
        self.directory.mkdir(parents=True, exist_ok=True)
        (self.directory / "htpasswd").write_text(HTPASSWD)
        settings = self.directory / "config.json"  # JSON is YAML
        settings.write_text(json.dumps(self._settings()))
        argv = [self._program, "serve", str(settings)]
        self._daemon = Daemon(argv, self.directory / "registry.log", {"PATH": os.environ["PATH"]})
        self._daemon.wait_until(lambda: listens(self.port))

    def stop(self) -> None:
        """End it; the content stays."""
        if self._daemon is not None:
            self._daemon.stop()
            self._daemon = None

    def _settings(self) -> dict[str, object]:
        basic = {"realm": "stage", "path": str(self.directory / "htpasswd")}
        return {
            "version": "0.1",
            "log": {"level": "warn", "accesslog": {"disabled": True}},
            "storage": {
                "filesystem": {"rootdirectory": str(self.directory / "content")},
                "delete": {"enabled": True},
                "maintenance": {"uploadpurging": {"enabled": False}},
            },
            "http": {"addr": self.address, "secret": os.urandom(16).hex()},
            **({"auth": {"htpasswd": basic}} if self.login else {}),
        }
