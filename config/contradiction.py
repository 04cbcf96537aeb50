"""What cannot be meant, or cannot work, although every key has the right shape."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from config.document import Location


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two things in a file that cannot both be meant, or one that cannot work."""

    location: Location
    message: str


def no_expression(at: Location, pattern: str) -> Iterator[Contradiction]:
    """Object to a pattern that does not compile."""
    try:
        re.compile(pattern)
    except re.error as error:
        yield Contradiction(at, f"is not a regular expression: {error}")
