"""What the structural rule reports: one entry for every secret-named key, failure or not."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

Seal = Callable[[str], str]
"""Turns a value into its keyed fingerprint (HMAC): guessable values stay hidden."""


class State(StrEnum):
    """What stands where the secret's value would be."""

    REFERENCE = "reference"
    EMPTY = "empty"
    PLACEHOLDER = "placeholder"
    LITERAL = "literal"
    UNREAD = "unread"
    """The file is not of the format that its name promises; only the rules for single lines were applied."""


@dataclass(frozen=True, slots=True)
class SecretUse:
    """A secret-named key in a deploy file and what it holds; never the value itself.

    `line` counts from 1. `span` is the value's byte range in the file, where it could be told.
    """

    path: str
    line: int
    key: str
    kind: str
    state: State
    fingerprint: str = ""
    span: tuple[int, int] | None = None
    removed: bool = False
    """The line stands on the removed side of a diff."""
    settled: bool = False
    """The whole value is a reference or is encrypted: what a pattern sees in it is no credential."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A use as the readers of the formats see it, value included. Stays inside this package."""

    line: int
    key: str
    kind: str
    state: State
    value: str = field(repr=False)

    def moved(self, lines: int) -> "Hit":
        """Return the same hit further down, for text embedded in a larger file."""
        return Hit(self.line + lines, self.key, self.kind, self.state, self.value)
