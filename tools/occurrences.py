"""Where any of many patterns stand in a text, found in one go however many there are."""

import re
from collections.abc import Iterable, Iterator

from ahocorasick_rs import AhoCorasick

Span = tuple[int, int, str]
"""Start, end, and whose pattern it is."""
_SURROGATE = re.compile("[\ud800-\udfff]")


class Occurrences:
    """What finds any of many patterns at once, and tells whose it is; of a pattern of several, the first."""

    def __init__(self, patterns: Iterable[tuple[str, str]]) -> None:
        self.names: dict[str, str] = {}
        for pattern, name in patterns:
            self.names.setdefault(pattern, name)
        self._owners = tuple(self.names.values())
        self._automaton = AhoCorasick(list(self.names)) if self.names else None

    def spans(self, text: str, *, overlapping: bool) -> Iterator[Span]:
        """Yield where patterns stand, and whose they are."""
        if self._automaton is None:
            return iter(())
        try:
            found = self._automaton.find_matches_as_indexes(text, overlapping=overlapping)
        except UnicodeEncodeError:  # a name of a file that is no UTF-8
            found = self._automaton.find_matches_as_indexes(encodable(text), overlapping=overlapping)
        return ((start, end, self._owners[index]) for index, start, end in found)


def encodable(text: str) -> str:
    """Replace what is no character, one for one."""
    return _SURROGATE.sub("\ufffd", text)
