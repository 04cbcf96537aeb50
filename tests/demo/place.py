"""Where the demo plays: a stage that is kept for the next time, with the observer service running on it."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.demo.screen import DIM, Screen
from tests.stage.observer.site import ObserverSite
from tests.stage.places import RUNS, STATE
from tests.stage.runs import claim
from tests.stage.stage import Stage, own_directory

HOME = RUNS / "demo"
LOG = STATE / "demo" / "bot.log"


@contextmanager
def place(screen: Screen) -> Iterator[ObserverSite]:
    """Set everything up, and clear it away behind whatever happens."""
    screen.say("Setting up: private Docker engines, a registry, a server reached by SSH, v1.2.2 running there.", DIM)
    with _stage() as stage:
        site = ObserverSite(stage, stage.scratch("site"))
        site.prepare()
        try:
            yield site
        finally:
            _keep_log(site)
            begun = time.monotonic()
    screen.say(f"Cleared away in {time.monotonic() - begun:.1f} s.", DIM)


def _stage() -> Stage:
    """Take the demo's own stage; where another demo plays on it, a passing one."""
    HOME.mkdir(parents=True, exist_ok=True)
    if (lock := claim(HOME)) is None:
        return Stage(own_directory())
    lock.close()
    return Stage(HOME, keep=True)


def _keep_log(site: ObserverSite) -> None:
    written = site.directory / "bot.log"
    if written.exists():
        LOG.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(written, LOG)


def told_from_root(path: Path) -> str:
    """Name a file as seen from the project's directory."""
    return str(path.relative_to(STATE.parent))
