"""The sample's files at one commit, as text by path, and small changes to them."""

from collections.abc import Callable
from pathlib import Path

Tree = dict[str, str]
Change = Callable[[Tree], Tree]

SOURCE = Path(__file__).parent / "source"


def source_tree() -> Tree:
    """Read the newest good tree."""
    skipped = {"__pycache__", ".pytest_cache", ".coverage", ".ruff_cache", ".mypy_cache"}
    return {
        file.relative_to(SOURCE).as_posix(): file.read_text(encoding="utf-8")
        for file in sorted(SOURCE.rglob("*"))
        if file.is_file() and not skipped & set(file.relative_to(SOURCE).parts)
    }


def replaced(path: str, old: str, new: str) -> Change:
    """Change one piece of text; a piece that is not there is an error, so that no trap turns harmless unseen."""

    def change(tree: Tree) -> Tree:
        if old not in tree[path]:
            raise ValueError(f"{path} does not contain {old!r}")
        return tree | {path: tree[path].replace(old, new)}

    return change


def removed(path: str) -> Change:
    """Take a file away that is there."""

    def change(tree: Tree) -> Tree:
        remaining = dict(tree)
        del remaining[path]
        return remaining

    return change


def both(*changes: Change) -> Change:
    """Make one change of several."""

    def change(tree: Tree) -> Tree:
        for one in changes:
            tree = one(tree)
        return tree

    return change


def released(version: str) -> Change:
    """Write the version that the program tells."""
    return replaced("src/observer/__init__.py", '__version__ = "0.0.0"', f'__version__ = "{version}"')
