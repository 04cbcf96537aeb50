"""What several tiers of tests share. Real parts start only when a test asks for them."""

from collections.abc import Iterator

import pytest

from tests.stage.stage import Stage, own_directory


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    """The real parts, started once for a whole run."""
    with Stage(own_directory()) as parts:
        yield parts
