"""What a commit would hold: the files of git's index, never those of the working tree."""

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.errors import NotFound, NotInstalled, TimedOut, ToolError

LARGEST_READ_BYTES = 10_000_000
_TIMEOUT_SECONDS = 60
_FILE_MODES = frozenset({"100644", "100755"})


class NoRepository(NotFound):
    """There is no git repository here, so nothing is staged."""


@dataclass(frozen=True, slots=True)
class StagedFile:
    """One changed file. `content` is empty where it is deleted, or larger than anybody writes by hand."""

    path: str
    content: bytes
    size_bytes: int
    before: bytes = b""
    """What the last commit holds under this path, or under the one it was renamed from."""
    added: bool = False
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class _Change:
    path: str
    old: str
    new: str
    added: bool
    deleted: bool


def staged_files(directory: Path) -> tuple[StagedFile, ...]:
    """Read what is staged, by path; symbolic links and submodules hold no text of their own, and are left out.

    Of a merge, only what differs from both sides: the rest was committed before. Raises `ToolError`.
    """
    merging = directory / os.fsdecode(_git(directory, "rev-parse", "--git-path", "MERGE_HEAD").strip())
    changes = list(_changes(_git(directory, *_DIFF)))
    if merging.exists():
        merged = {(one.path, one.new) for one in _changes(_git(directory, *_DIFF, "MERGE_HEAD"))}
        changes = [one for one in changes if (one.path, one.new) in merged]
    wanted = [name for one in changes for name in (one.old, one.new) if name]
    sizes = _sizes(directory, wanted)
    contents = _contents(directory, [name for name in wanted if sizes.get(name, 0) <= LARGEST_READ_BYTES])
    return tuple(_file(one, sizes, contents) for one in sorted(changes, key=lambda one: one.path))


_DIFF = ("diff", "--cached", "--raw", "-z", "--no-abbrev", "--find-renames", "--no-ext-diff", "--ignore-submodules")


def _file(one: _Change, sizes: Mapping[str, int], contents: Mapping[str, bytes]) -> StagedFile:
    return StagedFile(
        one.path, contents.get(one.new, b""), sizes.get(one.new, 0), contents.get(one.old, b""), one.added, one.deleted
    )


def _changes(raw: bytes) -> Iterator[_Change]:
    fields = iter(raw.split(b"\0"))
    for told in fields:
        if not told.startswith(b":"):
            continue
        old_mode, new_mode, old, new, status = told[1:].decode("ascii").split(" ")
        path = next(fields)
        if status[0] in {"R", "C"}:
            path = next(fields)
        if new_mode in _FILE_MODES or (status == "D" and old_mode in _FILE_MODES):
            before = "" if old.strip("0") == "" or old_mode not in _FILE_MODES else old
            after = "" if new.strip("0") == "" else new
            yield _Change(os.fsdecode(path), before, after, added=status[0] in {"A", "C"}, deleted=status == "D")


def _sizes(directory: Path, names: Sequence[str]) -> dict[str, int]:
    told = _git(directory, "cat-file", "--batch-check", given="\n".join(names).encode() + b"\n") if names else b""
    lines = (line.split() for line in told.decode().splitlines())
    return {line[0]: int(line[2]) for line in lines if len(line) == 3 and line[1] == "blob"}  # noqa: PLR2004


def _contents(directory: Path, names: Sequence[str]) -> dict[str, bytes]:
    names = list(dict.fromkeys(names))
    told = _git(directory, "cat-file", "--batch", given="\n".join(names).encode() + b"\n") if names else b""
    found: dict[str, bytes] = {}
    at = 0
    while at < len(told):
        end = told.index(b"\n", at)
        name, *rest = told[at:end].decode().split()
        size = int(rest[1]) if len(rest) > 1 else 0
        found[name] = told[end + 1 : end + 1 + size]
        at = end + 1 + (size + 1 if len(rest) > 1 else 0)
    return found


def _git(directory: Path, *words: str, given: bytes = b"") -> bytes:
    """Run git where it was called: a hook is told by the environment which index the commit is made from."""
    try:
        ran = subprocess.run(
            ("git", "-C", str(directory), *words),
            input=given,
            capture_output=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
            env={**os.environ, "LC_ALL": "C"},
        )
    except FileNotFoundError as error:
        raise NotInstalled("git is not installed.", remedy="Install it: apt-get install git") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise TimedOut("git did not answer.", standing=f"{type(error).__name__} in {directory}") from error
    if ran.returncode != 0:
        raise _complaint(directory, ran.stderr.decode(errors="replace").strip())
    return ran.stdout


def _complaint(directory: Path, told: str) -> ToolError:
    if "not a git repository" in told:
        return NoRepository(
            f"This is no git repository: {directory}.",
            standing="Nothing was looked at.",
            remedy="Change into one, and run it again.",
        )
    return ToolError(
        "What is staged could not be read.", standing=told[:300], remedy="Mend what `git status` tells of it."
    )
