"""What several tiers of tests share. Real parts start only when a test asks for them."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.stage.stage import Stage, own_directory

settings.register_profile("search", deadline=None)
settings.register_profile("repeat", deadline=None, derandomize=True, database=None)
settings.load_profile("repeat" if os.environ.get("CI") else "search")
"""In CI the same examples every time, so that a failure is the change's; elsewhere new ones are searched."""


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    """The real parts, started once for a whole run."""
    with Stage(own_directory()) as parts:
        yield parts
