"""Reading and writing a bare git repository with plain git commands."""

import os
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

IDENTITY = {
    "GIT_AUTHOR_NAME": "shipmate",
    "GIT_AUTHOR_EMAIL": "shipmate@example.invalid",
    "GIT_COMMITTER_NAME": "GitHub",
    "GIT_COMMITTER_EMAIL": "noreply@example.invalid",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "LC_ALL": "C",
}
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
STATUSES = {"A": "added", "M": "modified", "D": "removed", "R": "renamed", "T": "changed", "C": "copied"}


class GitFailed(Exception):
    """Git said no."""


@dataclass(frozen=True, slots=True)
class CommitFacts:
    """What git knows of a commit; dates are ISO 8601."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: tuple[str, str, str]
    committer: tuple[str, str, str]
    message: str


@dataclass(frozen=True, slots=True)
class FileChange:
    """One changed file; without a patch where it is binary."""

    path: str
    previous: str | None
    status: str
    blob: str
    added: int
    deleted: int
    patch: str | None


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """One line of a tree; without a mode and a sha it removes the path."""

    path: str
    mode: str = "100644"
    kind: str = "blob"
    sha: str | None = None
    size: int | None = None


class BareGit:
    """One bare repository."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def run(self, *args: str, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> str:
        """Run one git command and return its output."""
        return self.raw(*args, stdin=stdin, env=env).decode("utf-8", "surrogateescape")

    def raw(self, *args: str, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> bytes:
        """Run one git command and return its output as bytes."""
        done = subprocess.run(
            ("git", f"--git-dir={self.directory}", *args),
            input=stdin,
            capture_output=True,
            check=False,
            env={**os.environ, **IDENTITY, **(env or {})},
        )
        if done.returncode != 0:
            raise GitFailed(done.stderr.decode(errors="replace").strip())
        return done.stdout

    def resolve(self, name: str, kind: str = "commit") -> str | None:
        """Find a commit (or another kind of object) by branch, tag or sha."""
        for candidate in (f"refs/heads/{name}", f"refs/tags/{name}", name):
            try:
                peeled = f"{candidate}^{{{kind}}}"
                return self.run("rev-parse", "--verify", "--quiet", "--end-of-options", peeled).strip()
            except GitFailed:
                continue
        return None

    def refs(self, prefix: str) -> list[tuple[str, str, str]]:
        """List (full name, sha, object type) below a prefix such as `refs/heads`."""
        lines = self.run("for-each-ref", "--format=%(refname) %(objectname) %(objecttype)", prefix).splitlines()
        return [(name, sha, kind) for name, sha, kind in (line.split(" ") for line in lines)]

    def commit(self, sha: str) -> CommitFacts:
        """Read one commit."""
        form = "%H%x00%T%x00%P%x00%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%cI%x00%B"
        parts = self.run("show", "--no-patch", f"--format={form}", sha).split("\0")
        author, committer = (parts[3], parts[4], parts[5]), (parts[6], parts[7], parts[8])
        return CommitFacts(parts[0], parts[1], tuple(parts[2].split()), author, committer, parts[9].rstrip("\n"))

    def log(self, *revisions: str, path: str | None = None) -> list[str]:
        """List commits, newest first."""
        return self.run("rev-list", *revisions, "--", *([path] if path else [])).split()

    def merge_base(self, one: str, other: str) -> str | None:
        """Find where two commits parted."""
        try:
            return self.run("merge-base", one, other).strip()
        except GitFailed:
            return None

    def changes(self, base: str, head: str) -> list[FileChange]:
        """List what changed from one commit or tree to another, renames found."""
        common = ("-M", "--no-color", "--no-ext-diff", base, head)
        raw = self.run("diff", "--raw", "--no-abbrev", "-z", *common).split("\0")[:-1]
        counts = self.run("diff", "--numstat", "-z", *common).split("\0")[:-1]
        patches = ("\n" + self.run("diff", "--src-prefix=a/", "--dst-prefix=b/", *common)).split("\ndiff --git ")[1:]
        return [
            _change(fields, count, patch)
            for fields, count, patch in zip(_raw_fields(raw), _counts(counts), patches, strict=True)
        ]

    def entries(self, tree: str, *, recursive: bool = False) -> list[TreeEntry]:
        """List a tree."""
        flags = ("-r", "-t") if recursive else ()
        lines = self.run("ls-tree", "-z", "-l", *flags, tree).split("\0")[:-1]
        return [_entry(line) for line in lines]

    def blob(self, sha: str) -> bytes:
        """Read a file's content."""
        return self.raw("cat-file", "blob", sha)

    def store(self, content: bytes) -> str:
        """Write a blob."""
        return self.run("hash-object", "-w", "--stdin", stdin=content).strip()

    def tree(self, base: str | None, entries: Iterable[TreeEntry]) -> str:
        """Write a tree that differs from a base by some entries."""
        with tempfile.TemporaryDirectory() as scratch:
            env = {"GIT_INDEX_FILE": f"{scratch}/index"}
            self.run("read-tree", base or "--empty", env=env)
            lines = (_index_line(entry) for entry in entries)
            self.run("update-index", "-z", "--index-info", stdin="".join(lines).encode(), env=env)
            return self.run("write-tree", env=env).strip()

    def write_commit(self, tree: str, parents: Iterable[str], message: str) -> str:
        """Write a commit; no ref moves."""
        flags = [part for parent in parents for part in ("-p", parent)]
        return self.run("commit-tree", tree, *flags, stdin=message.encode()).strip()

    def move(self, ref: str, new: str, old: str | None = None) -> None:
        """Point a ref at an object, only where it still points at `old` if one is given."""
        self.run("update-ref", ref, new, *([old] if old else []))


def _entry(line: str) -> TreeEntry:
    meta, _, path = line.partition("\t")
    mode, kind, sha, size = meta.split()
    return TreeEntry(path, mode, kind, sha, None if size == "-" else int(size))


def _index_line(entry: TreeEntry) -> str:
    if entry.sha is None:
        return f"0 {'0' * 40}\t{entry.path}\0"
    return f"{entry.mode} {entry.sha}\t{entry.path}\0"


def _raw_fields(parts: list[str]) -> list[tuple[str, str, str, str | None]]:
    found: list[tuple[str, str, str, str | None]] = []
    rest = iter(parts)
    for meta in rest:
        _, _, _, blob, status = meta.split(" ")
        first = next(rest)
        renamed = status[0] in "RC"
        found.append((status[0], blob, next(rest) if renamed else first, first if renamed else None))
    return found


def _counts(parts: list[str]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    rest = iter(parts)
    for line in rest:
        added, deleted, path = line.split("\t")
        found.append((0 if added == "-" else int(added), 0 if deleted == "-" else int(deleted)))
        if not path:  # a rename: both names follow
            next(rest)
            next(rest)
    return found


def _change(fields: tuple[str, str, str, str | None], count: tuple[int, int], patch: str | None) -> FileChange:
    status, blob, path, previous = fields
    hunks = (patch or "").partition("\n@@")[2]
    return FileChange(path, previous, STATUSES[status], blob, *count, f"@@{hunks}" if hunks else None)
