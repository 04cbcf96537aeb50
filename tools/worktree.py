"""Files on this machine as git sees them: tracked ones inside a repository, all of them elsewhere."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

GIT_TIMEOUT_SECONDS = 30


def files_below(path: Path, *, untracked: bool = False) -> Iterator[Path]:
    """Yield a file itself, or a directory's files in order: the tracked ones inside a repository, never `.git`.

    With `untracked` also those that could be added: what is not ignored, or everything where a repository around
    the directory ignores it as a whole.
    """
    if not path.is_dir():
        yield path
        return
    tracked = (_listed(path, "--others", "--exclude-standard") or None) if untracked else _listed(path)
    for file in sorted(_walked(path) if tracked is None else tracked):
        if file.is_file() and not file.is_symlink():
            yield file


def ignored_below(path: Path) -> int:
    """Count what git ignores below a directory; a directory that is ignored as a whole counts once."""
    if not path.is_dir():
        return 0
    return len(_listed(path, "--ignored", "--exclude-standard", "--directory", kind="--others") or ())


def _listed(directory: Path, *further: str, kind: str = "--cached") -> list[Path] | None:
    try:
        listed = subprocess.run(
            ("git", "-C", str(directory), "ls-files", "-z", kind, *further),
            capture_output=True,
            timeout=GIT_TIMEOUT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    if listed.returncode != 0:
        return None
    return [directory / os.fsdecode(name) for name in listed.stdout.split(b"\0") if name]


def _walked(directory: Path) -> Iterator[Path]:
    for root, directories, names in os.walk(directory):
        directories[:] = [name for name in directories if name != ".git"]
        yield from (Path(root, name) for name in names)
