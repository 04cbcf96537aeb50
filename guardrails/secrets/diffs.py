"""Unified diffs: each side of each file is read as the file it is a piece of."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_HEADER = re.compile(r"(?:\+\+\+|---) (?:[ab]/)?(?P<path>[^\t\n]+)")
_NO_CODE = (
    "diff ",
    "index ",
    "--- ",
    "+++ ",
    "@@",
    "new file",
    "deleted file",
    "similarity",
    "rename",
    "old mode",
    "new mode",
    "\\",
)


@dataclass(slots=True)
class Side:
    """The lines of one side of one file in a diff; lines of the other side are blank, so that numbers stay true."""

    path: str
    first: int
    removed: bool
    text: list[str] = field(default_factory=list)


def sides(text: str) -> Iterator[Side]:
    """Yield added-and-kept and removed lines per file; `first` is the line of the diff where they begin."""
    path = ""
    new, old = Side("", 1, removed=False), Side("", 1, removed=True)
    for number, line in enumerate(text.splitlines(), 1):
        header = _HEADER.fullmatch(line)
        if header is not None:
            path = header["path"] if header["path"] != "/dev/null" else path
        if line.startswith(_NO_CODE):
            yield from (side for side in (new, old) if any(side.text))
            new, old = Side(path, number + 1, removed=False), Side(path, number + 1, removed=True)
            continue
        new.text.append("" if line.startswith("-") else line[1:])
        old.text.append(line[1:] if line.startswith("-") else "")
    yield from (side for side in (new, old) if any(side.text))
