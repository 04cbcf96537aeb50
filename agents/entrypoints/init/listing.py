"""The files of a repository as an inspection sees them."""

import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from agents.entrypoints.init.found import Origin
from tools.errors import NotFound
from tools.git import shown
from tools.worktree import files_below

TEXT_LIMIT_BYTES = 1_000_000
SOURCES = {".py", ".js", ".mjs", ".cjs", ".ts", ".tsx", ".jsx", ".mts", ".cts", ".vue", ".svelte", ".astro"}
MANIFESTS = {"pyproject.toml", "requirements.txt", "setup.py", "setup.cfg", "Pipfile", "package.json"}
_READ = SOURCES | {".toml", ".txt", ".json", ".cfg", ".yaml", ".yml", ".in", ".html"}
_ASIDE = re.compile(
    r"(^|/)(\.[^/]+|tests?|__tests__|e2e|docs?|examples?|samples?|fixtures|node_modules|venv|site-packages|dist|build|"
    r"vendor|third_party|benchmarks?|scripts|conftest\.py|test_[^/]*\.py|[^/]*_test\.py|[^/]*\.(test|spec|stories)\.\w+)"
    r"(/|$)"
)
_GITHUB = re.compile(r"(?:https?://(?:[^@/]+@)?|(?:ssh://)?git@)github\.com[:/](?P<name>[\w.-]+/[\w.-]+?)(?:\.git)?/?")


@dataclass(frozen=True, slots=True)
class Listing:
    """Every tracked file's path, and the text of those that may say something."""

    paths: frozenset[str]
    texts: Mapping[str, str]

    def text(self, path: str) -> str:
        """Return a file's text; empty where there is none."""
        return self.texts.get(path, "")

    def below(self, directory: str, without: frozenset[str] = frozenset()) -> "Listing":
        """See one directory as if it were the whole repository, without some directories below it."""
        prefix = f"{directory}/" if directory else ""
        apart = tuple(f"{other}/" for other in without if other.startswith(prefix) and other != directory)

        def belongs(path: str) -> bool:
            return path.startswith(prefix) and not path.startswith(apart)

        return Listing(
            frozenset(path.removeprefix(prefix) for path in self.paths if belongs(path)),
            {path.removeprefix(prefix): text for path, text in self.texts.items() if belongs(path)},
        )

    def sources(self, *suffixes: str) -> Iterator[tuple[str, str]]:
        """Yield what runs in production, by path: no tests, no documentation, no examples."""
        for path in sorted(self.texts):
            if PurePosixPath(path).suffix in (suffixes or SOURCES) and not is_aside(path):
                yield path, self.texts[path]


def is_aside(path: str) -> bool:
    """Tell a file that is not part of the program itself."""
    return bool(_ASIDE.search(path))


def read_listing(directory: Path) -> Listing:
    """Read a repository, or any directory; raises `NotFound` where there is none."""
    if not directory.is_dir():
        raise NotFound(f"There is no directory {directory}.", remedy="Name the directory of the repository.")
    files = {file.relative_to(directory).as_posix(): file for file in files_below(directory, untracked=True)}
    # A name with line ends in it would end a comment that names it.
    kept = {
        path: file
        for path, file in files.items()
        if path.isprintable() and "node_modules/" not in path and ".venv/" not in path
    }
    texts = {path: _text(file) for path, file in kept.items() if _is_read(path, file)}
    return Listing(frozenset(kept), texts)


def read_origin(directory: Path) -> Origin:
    """Ask git where a working copy came from; a directory that git does not know is its own origin."""
    url = _git(directory, "remote", "get-url", "origin") or str(directory.resolve())
    head = _git(directory, "symbolic-ref", "--short", "refs/remotes/origin/HEAD").removeprefix("origin/")
    return origin_of(url, head or _git(directory, "symbolic-ref", "--short", "HEAD") or "main")


def origin_of(url: str, branch: str) -> Origin:
    """Name an origin; a password in its address stays out."""
    plain = url if url.startswith("git@") else shown(url)
    github = _GITHUB.fullmatch(url)
    return Origin(f"https://github.com/{github['name']}.git" if github else plain, github and github["name"], branch)


def _is_read(path: str, file: Path) -> bool:
    name = PurePosixPath(path)
    wanted = name.suffix in _READ or name.name in MANIFESTS or name.name.startswith((".", "Dockerfile", "Procfile"))
    return wanted and file.stat().st_size <= TEXT_LIMIT_BYTES


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace")


def _git(directory: Path, *words: str) -> str:
    try:
        asked = subprocess.run(
            ("git", "-C", str(directory), *words), capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return asked.stdout.strip() if asked.returncode == 0 else ""
