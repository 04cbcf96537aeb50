"""One browser and one app for all tests."""

from collections.abc import Iterator

import pytest

from e2e.browser import Browser, chromium
from e2e.place import app


@pytest.fixture(scope="session")
def board() -> Iterator[Browser]:
    """The board, open in a browser."""
    with app() as address, chromium() as browser:
        browser.open(address)
        browser.find("body[data-ready]")
        yield browser
