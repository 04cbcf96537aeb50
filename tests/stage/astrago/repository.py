"""Write the monorepo, as a hosting service keeps it: the good versions on `main`, the others beside it."""

from collections.abc import Mapping
from pathlib import Path

from tests.stage.astrago.history import FIRST, GOOD, OTHERS
from tests.stage.astrago.writing import begin, git
from tests.stage.observer.tree import Change, Tree, both, replaced
from tests.stage.versions import WHO, publish

SOURCE = Path(__file__).parent / "source"
COMPONENTS = ("core", "batch", "monitor", "web")
PYTHON_BASE, NODE_BASE, SERVER_BASE = "python:3.11-slim", "node:20-slim", "busybox:1.36"


def build_astrago(bare: Path, bases: Mapping[str, str] | None = None) -> Path:
    """Make the bare repository; `bases` says by which names base images are known (`python:3.11-slim` -> ...).

    The same arguments make the same commits.
    """
    begin(bare, _based_on(bases or {})(source_tree()), "Begin with four components", WHO)
    git(bare, "tag", FIRST, "refs/heads/main")
    for version in (*GOOD, *OTHERS):
        publish(bare, version.tag, on=version.on, change=version.change, subject=version.message)
    git(bare, "update-ref", "refs/heads/main", GOOD[-1].tag)
    return bare


def push(bare: Path, change: Change, message: str, branch: str = "main") -> str:
    """Commit a change on a branch, as somebody pushes it; returns the commit."""
    commit = publish(bare, "pushed", on=branch, change=change, subject=message)
    git(bare, "tag", "--delete", "pushed")
    git(bare, "update-ref", f"refs/heads/{branch}", commit)
    git(bare, "update-ref", "-d", "refs/heads/release/pushed")
    return commit


def source_tree() -> Tree:
    """Read the tree of the first version."""
    files = (file for file in sorted(SOURCE.rglob("*")) if file.is_file() and "__pycache__" not in file.parts)
    return {file.relative_to(SOURCE).as_posix(): file.read_text(encoding="utf-8") for file in files}


def _based_on(bases: Mapping[str, str]) -> Change:
    places = {PYTHON_BASE: ("core", "batch", "monitor"), NODE_BASE: ("web",), SERVER_BASE: ("web",)}
    changes = [
        replaced(f"{component}/Dockerfile", f"={name}\n", f"={bases[name]}\n")
        for name, components in places.items()
        for component in components
        if name in bases
    ]
    return both(*changes)
