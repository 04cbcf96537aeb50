"""Directories and files of a host that mounts take: where they really lie, on what, and who may write there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tools.errors import Garbled
from tools.hosts import Argv, Host

MEMORY = frozenset({"ramfs", "tmpfs"})
_LOOK = """\
for path; do
  if [ -e "$path" ]; then
    echo "$(stat -L -c '%u %g %a' -- "$path") $(stat -f -c %T -- "$path") $(readlink -f -- "$path")"
  else
    echo absent
  fi
done
"""


@dataclass(frozen=True, slots=True)
class Place:
    """One path as its host has it."""

    real: str
    """Where it lies once every link is followed."""
    filesystem: str = ""
    """As `stat --file-system` calls it: ext2/ext3, xfs, tmpfs."""
    uid: int = 0
    gid: int = 0
    mode: int = 0o755

    @property
    def in_memory(self) -> bool:
        """Tell whether a restart of the host empties it."""
        return self.filesystem in MEMORY

    def writable_by(self, uid: int, gid: int) -> bool:
        """Tell whether a user may write there, by owner, group and mode."""
        bit = 0o200 if uid == self.uid else 0o020 if gid == self.gid else 0o002
        return uid == 0 or bool(self.mode & bit)


def looked_at(paths: Sequence[str]) -> Argv:
    """Build the command that looks at paths."""
    return ("sh", "-c", _LOOK, "look", *paths)


def places_in(text: str, paths: Sequence[str]) -> dict[str, Place | None]:
    """Read the answer of `looked_at`; None for what is not there."""
    lines = text.splitlines()
    if len(lines) != len(paths):
        raise Garbled(f"{len(lines)} answers came for {len(paths)} paths.")
    try:
        return {path: None if line == "absent" else _place(line) for path, line in zip(paths, lines, strict=True)}
    except ValueError as error:
        raise Garbled(f"The host's description of a path could not be understood: {error}") from error


async def places(host: Host, paths: Sequence[str]) -> Mapping[str, Place | None]:
    """Look at paths of a host, all in one visit."""
    answer = (await host.run(looked_at(paths))).require(f"Looking at the sources of mounts on {host.name}")
    return places_in(answer.stdout, paths)


def _place(line: str) -> Place:
    uid, gid, mode, filesystem, real = line.split(" ", 4)
    return Place(real, filesystem, int(uid), int(gid), int(mode, 8))
