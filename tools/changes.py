"""What changed between two commits: values, and the pure parsers of what git prints with `-z`."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Literal

from tools.errors import Garbled

Status = Literal["added", "modified", "deleted", "renamed"]

_STATUSES: dict[str, Status] = {
    "A": "added",
    "M": "modified",
    "T": "modified",
    "D": "deleted",
    "R": "renamed",
    "C": "added",
}
_COMMIT_FIELDS = 5
_PULL_REQUEST = re.compile(r"\(#([0-9]{1,9})\)$|^Merge pull request #([0-9]{1,9})\b")

COMMIT_FORMAT = "%H%x00%an%x00%cI%x00%s%x00%b"
"""The `--format` that `read_commits` reads."""


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """One file of a change. Lines are counted as git counts them; a binary file has none."""

    path: str
    status: Status
    previous_path: str | None = None
    """The old name of a renamed file."""
    added: int = 0
    deleted: int = 0
    binary: bool = False


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit. Author, subject and body are words of other people."""

    sha: str
    author: str
    subject: str
    body: str
    committed_at: datetime
    pull_request: int | None = None
    """The pull request that the subject names, when it was merged or squashed on GitHub."""


def touched(files: Iterable[ChangedFile]) -> tuple[str, ...]:
    """List every path that a change touches, the old names of renamed files included."""
    paths = (path for file in files for path in (file.previous_path, file.path) if path is not None)
    return tuple(dict.fromkeys(paths))


def read_changes(output: str) -> tuple[ChangedFile, ...]:
    """Read `git diff-tree -r -z --raw --numstat`, sorted by path; raises `Garbled` for anything else."""
    fields = iter(_records(output))
    changes: dict[str, ChangedFile] = {}
    try:
        for field in fields:
            if field.startswith(":"):
                change = _status_record(field, fields)
                changes[change.path] = change
            else:
                path, counted = _count_record(field, fields, changes)
                changes[path] = counted
    except (LookupError, ValueError, StopIteration) as error:
        raise _garbled("diff") from error
    return tuple(changes[path] for path in sorted(changes))


def read_commits(output: str) -> tuple[Commit, ...]:
    """Read `git log -z --format=COMMIT_FORMAT`, in its order; raises `Garbled` for anything else."""
    fields = _records(output)
    if len(fields) % _COMMIT_FIELDS:
        raise _garbled("log")
    remaining = iter(fields)
    try:
        return tuple(_commit(*record) for record in iter(lambda: tuple(islice(remaining, _COMMIT_FIELDS)), ()))
    except ValueError as error:
        raise _garbled("log") from error


def read_names(output: str) -> tuple[str, ...]:
    """Read a list of paths printed with `-z`."""
    return tuple(_records(output))


def pull_request(subject: str) -> int | None:
    """Tell the pull request that a commit's subject names: `Add x (#12)`, `Merge pull request #12 from ...`."""
    found = _PULL_REQUEST.search(subject)
    return int(found[1] or found[2]) if found else None


def _status_record(field: str, following: Iterator[str]) -> ChangedFile:
    letter = field.split(" ")[4][:1]
    path = next(following)
    if letter not in "RC":
        return ChangedFile(path, _STATUSES[letter])
    previous = path if letter == "R" else None
    return ChangedFile(next(following), _STATUSES[letter], previous)


def _count_record(field: str, following: Iterator[str], changes: dict[str, ChangedFile]) -> tuple[str, ChangedFile]:
    added, deleted, path = field.split("\t", 2)
    if not path:
        next(following)
        path = next(following)
    if added == "-":
        return path, replace(changes[path], binary=True)
    return path, replace(changes[path], added=int(added), deleted=int(deleted))


def _commit(sha: str, author: str, committed_at: str, subject: str, body: str) -> Commit:
    when = datetime.fromisoformat(committed_at)
    return Commit(sha, author, subject, body.strip(), when, pull_request(subject))


def _records(output: str) -> list[str]:
    if not output:
        return []
    if not output.endswith("\0"):
        raise _garbled("output")
    return output[:-1].split("\0")


def _garbled(what: str) -> Garbled:
    return Garbled(
        f"The {what} that git printed could not be read.",
        remedy="Check that git 2.30 or newer is the first on the PATH (`git --version`).",
    )
