"""All real parts together: two engines, a registry with base images, and a server reached by SSH."""

import os
import shutil
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from tests.stage.commands import StageError
from tests.stage.endings import killed_like_interrupted, undisturbed
from tests.stage.engine import Engine
from tests.stage.images import publish_bases
from tests.stage.packages import Toolset, ensure
from tests.stage.places import RUNS
from tests.stage.registry import Registry
from tests.stage.runs import claim, sweep
from tests.stage.sshd import SshServer

KEPT = frozenset({"bot", "server", "registry", "scanner"})


class Stage:
    """What a release needs of the world: `bot` builds, `registry` keeps, `server` runs the service, `ssh` leads there.

    Everything lies below `directory`. With `keep` the images in it stay, as a cache for the next time.
    """

    toolset: Toolset
    bot: Engine
    server: Engine
    registry: Registry
    ssh: SshServer
    bases: Mapping[str, str]
    """The base images in the registry, with their digests."""

    def __init__(self, directory: Path, *, keep: bool = False) -> None:
        self.directory = directory
        self.keep = keep
        self._closing = ExitStack()

    def __enter__(self) -> Self:
        self.up()
        return self

    def __exit__(self, *_: object) -> None:
        self.down()

    def up(self) -> None:
        """Start everything and return once all of it answers; what earlier runs left is ended first."""
        try:
            self._closing.enter_context(killed_like_interrupted())
            self._claim()
            self.toolset = ensure()
            sweep(RUNS, self.toolset)
            self._start()
        except BaseException:
            self.down()
            raise

    def down(self) -> None:
        """End every process, undo every mount, remove the scratch; safe at any time, and twice."""
        with undisturbed():
            self._closing.close()

    def scratch(self, name: str) -> Path:
        """Make an empty folder that goes when the stage goes."""
        place = self.directory / "scratch" / name
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        return place

    def _claim(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        lock = claim(self.directory)
        if lock is None:
            raise StageError(f"Another run uses {self.directory}. Wait for it to end, or take another folder.")
        self._closing.enter_context(lock)
        self._closing.callback(self._remove)

    def _start(self) -> None:
        self.bot, self.server = engines = [Engine(self.directory / name, self.toolset) for name in ("bot", "server")]
        self.registry = Registry(self.directory / "registry", self.toolset)
        self.ssh = SshServer(self.directory / "ssh", self.toolset, self.server.env())
        self._closing.callback(self._stop_engines)
        for engine in engines:
            engine.launch()
        self._closing.callback(self.registry.stop)
        self.registry.start()
        self.bases = publish_bases(self.registry)
        self._closing.callback(self.ssh.stop)
        self.ssh.start()
        for engine in engines:
            engine.wait()

    def _stop_engines(self) -> None:
        with ThreadPoolExecutor() as both:
            list(both.map(lambda engine: engine.stop(keep_data=self.keep), (self.bot, self.server)))

    def _remove(self) -> None:
        if not self.keep:
            shutil.rmtree(self.directory, ignore_errors=True)
            return
        for place in self.directory.iterdir():
            if place.is_dir() and place.name not in KEPT:
                shutil.rmtree(place, ignore_errors=True)


def own_directory() -> Path:
    """Name a folder that no other run has."""
    return RUNS / f"run-{os.getpid()}"
