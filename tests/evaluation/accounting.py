"""Counting the files that a summary accounts for, as a reader would: names, and directories with numbers."""

import re
from collections.abc import Sequence

from agents.words.foreign import visible
from tools.changes import ChangedFile

_COUNTED = re.compile(r"^- (?:`+ ?.*? ?`+|\d+ more directories:) (\d+) files?(?:,| deleted|$)")
_HEADING = re.compile(r"^(?:\*\*|<details><summary>|- )([a-z][a-z ]*): (\d+) files?\b")


def accounted(section: str, files: Sequence[ChangedFile]) -> int:
    """Count the files that are named, lie in a directory that is counted, or belong to a heading that stands alone.

    A heading that does not agree with what stands below it counts for nothing; with a name that is no changed file,
    nothing does.
    """
    total = 0
    for heading, lines in _groups(section):
        counts = [int(found[1]) for line in lines if (found := _COUNTED.match(line))]
        named = sum(1 for line in lines if not _COUNTED.match(line))
        below = sum(counts) + named
        total += heading if not lines or below == heading else 0
    known = {visible(file.path) for file in files}
    return total if all(path in known for path in _names(section)) else -1


def _groups(section: str) -> list[tuple[int, list[str]]]:
    groups: list[tuple[int, list[str]]] = []
    for line in section.splitlines():
        if found := _HEADING.match(line):
            groups.append((int(found[2]), []))
        elif line.startswith("- "):
            groups[-1][1].append(line)
    return groups


def _names(section: str) -> list[str]:
    """Read the names out of lines such as `deleted a/b.py +0 -3`."""
    return re.findall(r"^- `(?:added|modified|deleted) ([^`\s]+) \+", section, re.MULTILINE)
