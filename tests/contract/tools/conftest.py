import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from config.targets import HostSettings
from tests.contract.tools.web import Site, make_image
from tests.stage.stage import Stage
from tools.hosts import Host
from tools.local import LocalHost
from tools.ssh import SshHost


@pytest.fixture
def settings(stage: Stage) -> HostSettings:
    return HostSettings(
        name="there",
        address="127.0.0.1",
        port=stage.ssh.port,
        user=stage.ssh.user,
        key=stage.ssh.key,
        known_hosts=stage.ssh.known_hosts,
    )


@pytest.fixture
async def far(settings: HostSettings) -> AsyncIterator[SshHost]:
    host = SshHost(settings)
    yield host
    await host.close()


@pytest.fixture(params=["local", "ssh"])
def host(request: pytest.FixtureRequest, stage: Stage, far: SshHost) -> Host:
    return far if request.param == "ssh" else LocalHost("here", stage.server.env())


@pytest.fixture
def directory(stage: Stage, request: pytest.FixtureRequest) -> Iterator[Path]:
    place = stage.scratch(f"{request.node.name[:60]}")
    yield place
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(scope="session")
def image(stage: Stage) -> str:
    return make_image(stage)


@pytest.fixture
def site(stage: Stage, image: str, directory: Path) -> Iterator[Callable[..., Site]]:
    """Make compose projects that go when the test ends."""
    made: list[Site] = []

    def make(**service: object) -> Site:
        made.append(Site(stage, image, directory / f"site{len(made)}", service))
        return made[-1]

    yield make
    for place in made:
        place.remove()


@pytest.fixture
def on_path(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the bot's own process the stage's docker command line."""
    for name, value in stage.bot.env().items():
        monkeypatch.setitem(os.environ, name, value)
