"""Data of a service, saved on its own host before a release touches it, read back, and put back byte for byte.

A backup is a directory `backups/NAME` beside the service, for the owner alone: a tar of each mount with the names,
owners and modes that the files have in the container, the output of each dump, `SHA256SUMS`, and `CONTENTS`, which
says what is what. The engine copies, so the SSH user need not be root. A backup is there whole and verified, or not at
all.
"""

import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import PurePosixPath

from tools.backup_scripts import ABSENT, NO_ROOM, making, restoring
from tools.effects import Effects
from tools.errors import CommandFailed, Garbled, NotFound, TimedOut
from tools.hosts import Completed, Host

DIRECTORY = "backups"
TAR, DUMP = "tar", "dump"
NAME = re.compile(r"\d[\w.-]*", re.ASCII)
"""A backup's name is one of a directory in `backups`, never a path that leads out of it."""
_FIELDS = 5


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing to save: what is mounted at a place in a container, or what a command in it prints."""

    container: str
    what: str
    """Path in the container, or the compose service of a dump."""
    file: str
    source: str = ""
    """Directory of the host, or name of the volume, that is mounted there."""
    command: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """Tell a dump from a mount."""
        return DUMP if self.command else TAR


@dataclass(frozen=True, slots=True)
class Saved:
    """One thing in a backup."""

    kind: str
    file: str
    what: str
    size_bytes: int
    entries: int
    """Files and directories in a tar; 0 for a dump."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How a backup is made."""

    keep: int
    """So many stay, newest first."""
    spare_bytes: int
    """So much must stay free on the disk."""
    limit: timedelta
    halt: tuple[str, ...] = ()
    """Containers that are stopped meanwhile, and started again whatever happens."""


def contents_in(text: str) -> tuple[Saved, ...]:
    """Read `CONTENTS`."""
    lines = [line.split("\t") for line in text.splitlines()]
    if not lines or any(len(line) != _FIELDS or not (line[3] + line[4]).isdecimal() for line in lines):
        raise Garbled(f"A list of what a backup holds could not be read: {text[:200]!r}.")
    return tuple(Saved(kind, file, what, int(size), int(entries)) for kind, file, what, size, entries in lines)


class Backups:
    """The backups of one service on one host. Every effect is behind the fence of the service's directory."""

    def __init__(self, host: Host, directory: PurePosixPath) -> None:
        self._host = host
        self._effects = Effects(host, directory)
        self.directory = directory / DIRECTORY

    async def make(self, name: str, pieces: Sequence[Piece], terms: Terms, fence: int) -> tuple[Saved, ...]:
        """Save everything and read it all back, or raise `ToolError` and leave nothing; made already, it is proved."""
        script = making(_needs(pieces), _saves(pieces, DUMP), shlex.join(terms.halt), _saves(pieces, TAR))
        command = ("sh", "-c", script, "backup", *self._words(name, terms))
        answer = await self._effects.attempt(command, fence, limit=terms.limit)
        if answer.exit_code == NO_ROOM:
            raise self._no_room(answer)
        answer.require(f"Saving the data of {', '.join(one.what for one in pieces)} on {self._host.name}")
        return contents_in(answer.stdout)

    async def names(self) -> tuple[str, ...]:
        """List the backups, newest first."""
        answer = await self._host.run(("sh", "-c", 'ls -1 -- "$1" 2> /dev/null || true', "names", str(self.directory)))
        found = answer.require(f"Listing backups on {self._host.name}").stdout.split()
        return tuple(sorted((name for name in found if NAME.fullmatch(name)), reverse=True))

    async def contents(self, name: str) -> tuple[Saved, ...] | None:
        """Tell what a backup holds; None where there is none of that name."""
        if not NAME.fullmatch(name):
            return None
        found = await self._host.read(self.directory / name / "CONTENTS")
        return None if found is None else contents_in(found.decode())

    async def restore(
        self, name: str, before: str, pieces: Sequence[Piece], image: str, terms: Terms, fence: int
    ) -> None:
        """Save what is there as `before`, and put back what a backup holds of these mounts: emptied, filled, compared.

        What `terms` halt stays stopped from the first to the last of it. Raises `ToolError`; then the containers run
        again, and the mount named may be half-way. `image` has `find` and empties what the SSH user may not.
        """
        if not NAME.fullmatch(name):
            raise self._absent(name)
        refills = [_words("refilled", one.container, one.what, one.source, one.file, image) for one in pieces]
        script = restoring(_needs(pieces), shlex.join(terms.halt), _saves(pieces, TAR), refills)
        command = ("sh", "-c", script, "restore", *self._words(before, terms), name)
        try:
            answer = await self._effects.attempt(command, fence, limit=terms.limit)
        except TimedOut as error:
            raise self._broken_off(error, before) from error
        if answer.exit_code == NO_ROOM:
            raise self._no_room(answer)
        if answer.exit_code == ABSENT:
            raise self._absent(name)
        answer.require(f"Restoring {name} on {self._host.name}")

    def _words(self, name: str, terms: Terms) -> tuple[str, ...]:
        return (str(self.directory), name, str(terms.keep), str(terms.spare_bytes))

    def _broken_off(self, error: TimedOut, before: str) -> TimedOut:
        return TimedOut(
            error.happened,
            standing="What was stopped is started again; a mount may be half-way.",
            remedy=f"Put {before} back, which holds what was there; where it is not in {self.directory}, nothing was "
            "touched. Raise `paths.backup.timeout` first.",
        )

    def _absent(self, name: str) -> NotFound:
        return NotFound(f"{self._host.name} has no backup {name}.", remedy="List them: ./shipmate restore SERVICE")

    def _no_room(self, answer: Completed) -> CommandFailed:
        needed, _, free = answer.stderr.strip().partition(" ")
        return CommandFailed(
            f"A backup on {self._host.name} needs {_mib(needed)}, and {_mib(free)} are free.",
            standing="Nothing was saved.",
            remedy=f"Free space there, or keep fewer backups in {self.directory}.",
        )


def _needs(pieces: Iterable[Piece]) -> list[str]:
    return [_words("need", one.container, one.what, one.source) for one in pieces if one.kind == TAR]


def _saves(pieces: Iterable[Piece], kind: str) -> list[str]:
    return [_words("save", kind, one.file, one.container, one.what, *one.command) for one in pieces if one.kind == kind]


def _words(*words: str) -> str:
    return shlex.join(words)


def _mib(count: str) -> str:
    return f"{int(count) / 1024**2:.0f} MiB" if count.isdecimal() else "more than there is"
