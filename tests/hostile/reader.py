"""One reader of foreign input: how it is called, what it may raise, and where mutation begins."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Read = Callable[[bytes], Any]


@dataclass(frozen=True, slots=True)
class Reader:
    """`read` takes any bytes; whatever it raises beyond `refuses` is a fault."""

    read: Read
    seeds: tuple[bytes, ...]
    refuses: tuple[type[Exception], ...] = ()
    """How it says no."""
    holds: Callable[[Any], bool] = field(default=lambda _: True)
    """What must be true of every answer."""


def text(content: bytes) -> str:
    """Decode as the project does where it cannot know what it gets."""
    return content.decode(errors="replace")


def asks(*patterns: str) -> Callable[[Any], bool]:
    """Demand that none of these patterns is found in an answer that is shown to people."""
    forbidden = re.compile("|".join(patterns))
    return lambda answer: forbidden.search(str(answer)) is None
