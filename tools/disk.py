"""A host's disk: how much is free, and what lies where."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath

from tools.errors import Garbled
from tools.hosts import Argv, Host

_ABSENT = 66
# A path that does not exist yet will be made on the disk of its nearest existing parent.
_FREE = 'path=$1; while [ ! -e "$path" ]; do path=$(dirname -- "$path"); done; exec df -P -k -- "$path"'
_DISKS = """\
for path; do
  while [ ! -e "$path" ]; do path=$(dirname -- "$path"); done
  df -P -k -- "$path" | tail -n 1
done
"""
_LISTING = f"""\
[ -e "$1" ] || exit {_ABSENT}
exec find "$1" -mindepth 0 -maxdepth "$2" -exec stat -c '%.9Y %s %n' -- {{}} +
"""
_ENTRY = re.compile(r"(\d+(?:\.\d+)?) (\d+) (.+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Free:
    """One disk, and which of the paths that were asked about are or will be on it."""

    paths: tuple[PurePosixPath, ...]
    free_bytes: int


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """One file or directory on a host."""

    path: PurePosixPath
    size_bytes: int
    modified_at: datetime
    """In whole seconds where the host's `stat` knows no better."""


def free(path: PurePosixPath) -> Argv:
    """Build the command that measures the disk a path is or will be on."""
    return ("sh", "-c", _FREE, "free", str(path))


def free_bytes_in(text: str) -> int:
    """Read the answer of `df -P -k`: the fourth column of its last line."""
    columns = text.strip().splitlines()[-1].split() if text.strip() else []
    if len(columns) < 6 or not columns[3].isdecimal():  # noqa: PLR2004 - POSIX fixes six columns
        raise Garbled(f"The free disk space could not be read from {text[:200]!r}.")
    return int(columns[3]) * 1024


def disks_free(paths: Sequence[PurePosixPath]) -> Argv:
    """Build the command that measures the disks of several paths, one line for each."""
    return ("sh", "-c", _DISKS, "disks", *map(str, paths))


def disks_in(text: str, paths: Sequence[PurePosixPath]) -> tuple[Free, ...]:
    """Read the answer of `disks_free`: paths on the same disk share what is free."""
    lines = text.strip().splitlines()
    if len(lines) != len(paths):
        raise Garbled(f"The free disk space could not be read from {text[:200]!r}.")
    found: dict[str, list[tuple[str, PurePosixPath]]] = {}
    for line, path in zip(lines, paths, strict=True):
        found.setdefault(line.split(maxsplit=5)[-1], []).append((line, path))
    return tuple(
        Free(tuple(dict.fromkeys(path for _, path in together)), free_bytes_in(together[0][0]))
        for together in found.values()
    )


def listing_of(path: PurePosixPath, depth: int) -> Argv:
    """Build the command that lists a path and what lies below it."""
    return ("sh", "-c", _LISTING, "listing", str(path), str(depth))


def entries_in(text: str) -> tuple[Entry, ...]:
    """Read the answer of `listing_of`; a line that is not of its form (a name with a line break) is left out."""
    found = (_ENTRY.fullmatch(line) for line in text.splitlines())
    return tuple(
        sorted(
            Entry(PurePosixPath(part[3]), int(part[2]), datetime.fromtimestamp(float(part[1]), UTC))
            for part in found
            if part
        )
    )


async def free_bytes(host: Host, path: PurePosixPath) -> int:
    """Tell how much is free on the disk of a path, which need not exist yet."""
    return free_bytes_in((await host.run(free(path))).require(f"Measuring the disk of {host.name}").stdout)


async def disks_of(host: Host, paths: Sequence[PurePosixPath]) -> tuple[Free, ...]:
    """Tell how much is free on each of the disks that paths, which need not exist yet, are on."""
    answer = (await host.run(disks_free(paths))).require(f"Measuring the disks of {host.name}")
    return disks_in(answer.stdout, paths)


async def listing(host: Host, path: PurePosixPath, depth: int = 1) -> tuple[Entry, ...] | None:
    """List a path itself and what lies below it; None where it does not exist."""
    answer = await host.run(listing_of(path, depth))
    if answer.exit_code == _ABSENT:
        return None
    return entries_in(answer.require(f"Listing {path} on {host.name}").stdout)
