"""One site per module: a repository, a server with v1.2.2 running, and room for a bot."""

from collections.abc import Iterator

import pytest

from tests.stage.site import Site
from tests.stage.stage import Stage


@pytest.fixture
def site(stage: Stage, request: pytest.FixtureRequest) -> Iterator[Site]:
    """The observer service with v1.2.2 running, started by hand."""
    place = Site(stage, stage.scratch(request.node.name))
    place.prepare()
    yield place
    place.clear()
