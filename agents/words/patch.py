"""A unified diff as data, and which protections its deletions take away. Pure."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise, zip_longest


@dataclass(frozen=True, slots=True)
class FilePatch:
    """The part of a diff that is about one file. `path` is the new name, or the old one of a deleted file."""

    path: str
    text: str
    removed: tuple[str, ...]
    added: tuple[str, ...]
    removed_at: tuple[int, ...] = ()
    """For each removed line, the line of the new file that now stands in its place."""


@dataclass(frozen=True, slots=True, order=True)
class RemovedProtection:
    """A line is gone that protected something. `replaced_by` is the line of the same kind that came, if one did."""

    path: str
    kind: str
    line: str
    replaced_by: str = ""
    at: int = 1
    """Line of the new file where it stood."""

    def __str__(self) -> str:
        if self.replaced_by:
            return f"{self.path}: {self.kind} changed: {self.line} -> {self.replaced_by}"
        return f"{self.path}: {self.kind} removed: {self.line}"


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
_HUNK = re.compile(r"@@ -\d+(?:,\d+)? \+(\d+)")
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
    told: set[str] = set()
    for kind, pattern in PROTECTIONS.items():
        gone = Counter(line.strip() for line in patch.removed if pattern.search(line))
        came = Counter(line.strip() for line in patch.added if pattern.search(line))
        moved = gone & came
        for line, new in zip_longest((gone - moved).elements(), (came - moved).elements()):
            if line is not None and line not in told:
                told.add(line)
                yield RemovedProtection(patch.path, kind, line, new or "", _place(patch, line))


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
