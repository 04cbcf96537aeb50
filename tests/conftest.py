"""What several tiers of tests share. Real parts start only when a test asks for them."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.stage.stage import Stage, own_directory

BUSY = settings(deadline=None, suppress_health_check=(HealthCheck.too_slow,))
"""Nothing fails for the time it takes: the machine may be busy with others."""
settings.register_profile("search", BUSY)
settings.register_profile("repeat", BUSY, derandomize=True, database=None)
settings.load_profile("repeat" if os.environ.get("CI") else "search")
"""In CI the same examples every time, so that a failure is the change's; elsewhere new ones are searched."""


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    """The real parts, started once for a whole run."""
    with Stage(own_directory()) as parts:
        yield parts
