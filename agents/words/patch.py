"""A unified diff as data, and which protections its deletions take away. Pure."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class FilePatch:
    """The part of a diff that is about one file. `path` is the new name, or the old one of a deleted file."""

    path: str
    text: str
    removed: tuple[str, ...]
    added: tuple[str, ...]
    removed_at: tuple[int, ...] = ()
    """For each removed line, the line of the new file that now stands in its place."""
    removed_hunks: tuple[int, ...] = ()
    added_hunks: tuple[int, ...] = ()
    """For each line, in which hunk it stands."""


@dataclass(frozen=True, slots=True, order=True)
class RemovedProtection:
    """A line is gone that protected something. `replaced_by` is the line of the same kind that came, if one did."""

    path: str
    kind: str
    line: str
    replaced_by: str = ""
    at: int = 1
    """Line of the new file where it stood."""
    within: tuple[str, ...] = ()
    """The lines below a bare key that went with it."""

    def __str__(self) -> str:
        return self.told(str)

    def told(self, quoted: Callable[[str], str]) -> str:
        """Say it in one line, with what others wrote quoted."""
        if self.replaced_by:
            return f"{quoted(self.path)}: {self.kind} changed: {quoted(self.line)} -> {quoted(self.replaced_by)}"
        return f"{quoted(self.path)}: {self.kind} removed: {quoted(' '.join((self.line, *self.within)))}"


PROTECTIONS = {
    "health check": re.compile(
        r"health_?check|livenessProbe|readinessProbe|--health-cmd|/health\b|/ready\b|^\s*test:\s*[^\w]*CMD",
        re.IGNORECASE,
    ),
    "volume": re.compile(
        r"^\s*-\s*['\"]?[\w./~${}-]+:/[\w./-]+|^\s*volumes?:|^\s*VOLUME\b|volumeMounts|persistentVolumeClaim|--mount\b"
    ),
    "access check": re.compile(
        r"login_required|requires?_auth|authenticat|authoriz|is_admin|has_permission|permission_classes|csrf"
        r"|verify_(?:token|signature|password)|Depends\(\s*(?:get_)?current_user|check_password|hmac\.compare_digest",
        re.IGNORECASE,
    ),
    "limit": re.compile(
        r"^\s*(?:cpus|memory|mem_limit|pids_limit|limits|reservations|max_connections)\s*:|rate_?limit|throttle"
        r"|MAX_CONTENT_LENGTH|\btimeout\b\s*[=:]",
        re.IGNORECASE,
    ),
    "least privilege": re.compile(
        r"^\s*USER\s|^\s*user:\s|cap_drop|no-new-privileges|read_only:\s*true|runAsNonRoot", re.IGNORECASE
    ),
    "encryption": re.compile(r"verify\s*=\s*True|ssl(?:mode|_context)|check_hostname|\bHSTS\b|secure\s*=\s*True"),
}
_PROTECTS_NOTHING = re.compile(r"^USER\s+(?:root|0)\b|^user:\s*[\"']?(?:root|0)\b", re.IGNORECASE)
"""Whoever takes a line away that makes root of a user takes no protection away."""
_HEADS = re.compile(r"^\s*(?:healthcheck|livenessProbe|readinessProbe|volumes|volumeMounts|limits|cap_drop)\s*:\s*$")
_MOUNT = re.compile(r"^\s*-\s*['\"]?[\w./~${}-]+:(/[\w./-]+)")
_FIRST_WORD = re.compile(r"\s*(?:-\s+)?[\"']?[@\w.-]+")
_HUNK = re.compile(r"@@ -\d{1,9}(?:,\d{1,9})? \+(\d{1,9})")
_HEADER = re.compile(r"^diff --git ", re.MULTILINE)
_ESCAPES = {"n": b"\n", "t": b"\t", '"': b'"', "\\": b"\\", "r": b"\r", "a": b"\a", "b": b"\b", "f": b"\f", "v": b"\v"}


def file_patches(diff: str) -> tuple[FilePatch, ...]:
    """Split a diff of git into its files."""
    starts = [match.start() for match in _HEADER.finditer(diff)]
    return tuple(_file(diff[start:end]) for start, end in pairwise([*starts, len(diff)]))


def removed_protections(diff: str) -> tuple[RemovedProtection, ...]:
    """List every protection that the deletions of a diff take away, sorted; moved lines do not count."""
    return tuple(sorted({found for patch in file_patches(diff) for found in _protections(patch)}))


def _protections(patch: FilePatch) -> Iterator[RemovedProtection]:
    told: set[tuple[str, ...]] = set()
    blocks = _blocks(patch)
    inner = {number for within in blocks.values() for number in within}
    for kind, pattern in PROTECTIONS.items():
        gone = [number for number, line in enumerate(patch.removed) if pattern.search(line)]
        came = [number for number, line in enumerate(patch.added) if pattern.search(line)]
        moved = _texts(patch.removed, gone) & _texts(patch.added, came)
        new = _without(patch.added, came, moved)
        for number in _without(patch.removed, gone, moved):
            line = patch.removed[number].strip()
            within = tuple(patch.removed[one].strip() for one in blocks.get(number, ()))
            if (line, *within) in told or number in inner or _PROTECTS_NOTHING.search(line):
                continue
            told.add((line, *within))
            instead = "" if within else _successor(patch, number, new)
            yield RemovedProtection(patch.path, kind, line, instead, _place(patch, line), within)


def _texts(lines: tuple[str, ...], numbers: list[int]) -> Counter[str]:
    return Counter(lines[number].strip() for number in numbers)


def _without(lines: tuple[str, ...], numbers: list[int], moved: Counter[str]) -> list[int]:
    left, room = [], Counter(moved)
    for number in numbers:
        text = lines[number].strip()
        if room[text] > 0:
            room[text] -= 1
        else:
            left.append(number)
    return left


def _successor(patch: FilePatch, gone: int, came: list[int]) -> str:
    """Find the line of the same key in the same hunk, once for each."""
    key, hunk = _key(patch.removed[gone]), patch.removed_hunks[gone]
    for number in came:
        if patch.added_hunks[number] == hunk and _key(patch.added[number]) == key:
            came.remove(number)
            return patch.added[number].strip()
    return ""


def _key(line: str) -> str:
    """Tell what a line is about: the target of a mount, else its first word."""
    if mount := _MOUNT.match(line):
        return mount[1]
    word = _FIRST_WORD.match(line)
    return word[0].strip("\"' ").lower() if word else line.strip()


def _blocks(patch: FilePatch) -> Mapping[int, list[int]]:
    """Find for each bare key that goes the deeper lines that go with it; a key that comes back heads no block."""
    found: dict[int, list[int]] = {}
    came = {line.strip() for line in patch.added}
    for start, line in enumerate(patch.removed):
        if not _HEADS.match(line) or line.strip() in came:
            continue
        within: list[int] = []
        for number in range(start + 1, len(patch.removed)):
            if patch.removed_at[number] != patch.removed_at[start] or not _deeper(patch.removed[number], line):
                break
            within.append(number)
        found[start] = [number for number in within if patch.removed[number].strip()]
    return found


def _deeper(line: str, heading: str) -> bool:
    depth, above = (len(one) - len(one.lstrip()) for one in (line, heading))
    return not line.strip() or depth > above or (depth == above and line.lstrip().startswith("- "))


def _place(patch: FilePatch, line: str) -> int:
    places = (at for text, at in zip(patch.removed, patch.removed_at, strict=True) if text.strip() == line)
    return next(places, 1)


def _file(text: str) -> FilePatch:
    header, at, hunks = text.partition("\n@@")
    lines = (at + hunks).split("\n")
    return FilePatch(
        path=_path(header),
        text=text,
        removed=tuple(line[1:] for line in lines if line.startswith("-")),
        added=tuple(line[1:] for line in lines if line.startswith("+")),
        removed_at=tuple(_places(lines)),
        removed_hunks=tuple(_hunks(lines, "-")),
        added_hunks=tuple(_hunks(lines, "+")),
    )


def _places(lines: list[str]) -> Iterator[int]:
    """Count along the new side of the hunks."""
    new = 1
    for line in lines:
        if heading := _HUNK.match(line):
            new = max(int(heading[1]), 1)
        elif line.startswith("-"):
            yield new
        elif not line.startswith("\\"):
            new += 1


def _hunks(lines: list[str], sign: str) -> Iterator[int]:
    hunk = 0
    for line in lines:
        hunk += bool(_HUNK.match(line))
        if line.startswith(sign):
            yield hunk


def _path(header: str) -> str:
    """Read the name from the lines that name one file only; the first line of a header can be read in two ways."""
    names = dict(re.findall(r"^(\+\+\+|---|rename to) (.*?)\t?$", header, re.MULTILINE))
    named = [name for key in ("+++", "---") if (name := _unquoted(names.get(key, "/dev/null"))) != "/dev/null"]
    if named:
        return named[0][2:]
    if "rename to" in names:
        return _unquoted(names["rename to"])
    first = header.partition("\n")[0].removeprefix("diff --git ")
    return _unquoted(first[: len(first) // 2])[2:]


def _unquoted(name: str) -> str:
    if not (name.startswith('"') and name.endswith('"')):
        return name
    parts = re.findall(r'\\([0-7]{3})|\\(["\\a-z])|([^\\]+)', name[1:-1])
    return b"".join(
        bytes([int(octal, 8)]) if octal else _ESCAPES.get(escape, b"") if escape else plain.encode()
        for octal, escape, plain in parts
    ).decode(errors="replace")
