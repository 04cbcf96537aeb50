"""Proxies one after the other on the engine of the server: there is one container `shipmate-proxy` on a host."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.contract.tools.proxies.fleet import Fleet
from tests.contract.tools.proxies.parts import CaddyPart, HaProxyPart, LabelsPart, NginxPart, Part
from tests.stage.stage import Stage
from tools.local import LocalHost

KINDS: dict[str, type[Part]] = {part.kind: part for part in (HaProxyPart, NginxPart, CaddyPart, LabelsPart)}


@pytest.fixture
def directory(stage: Stage, request: pytest.FixtureRequest) -> Path:
    """A folder whose name no proxy takes for a pattern."""
    return stage.scratch("".join(filter(str.isalnum, request.node.name)))


@pytest.fixture
def fleet(stage: Stage, directory: Path) -> Iterator[Fleet]:
    made = Fleet(stage, directory)
    yield made
    made.remove()


@pytest.fixture
async def part(request: pytest.FixtureRequest, stage: Stage, directory: Path, fleet: Fleet) -> AsyncIterator[Part]:
    """A proxy of the kind that the test asks for, set up as `host setup` does it."""
    made = KINDS[request.param](stage, LocalHost("here", stage.server.env()), directory, fleet.project)
    await made.set_up()
    await made.start()
    yield made
    await made.stop()
