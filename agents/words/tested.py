"""Which tests a change touches, and which of its areas it changes without one. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from config.sources import Category
from guardrails.categories import Patterns, categorise
from tools.changes import ChangedFile

_CODE = frozenset({Category.FRONTEND, Category.BACKEND, Category.SHARED, Category.DATABASE})
_NO_CODE = frozenset(
    {".md", ".rst", ".txt", ".json", ".yml", ".yaml", ".toml", ".svg", ".png", ".lock", ".css", ".html"}
)
_DEPTH = 2


@dataclass(frozen=True, slots=True)
class Covered:
    """Tests that came or changed, tests that went, and areas without a touched test, each `place: files`."""

    touched: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    areas_without: tuple[str, ...] = ()


NO_TESTS = Covered()


def touched_tests(files: Sequence[ChangedFile], folded: Iterable[str], patterns: Patterns | None = None) -> Covered:
    """Compare the code that a change touches with the tests that it touches, by place and by name."""
    by_path = {file.path: file for file in files}
    grouped = categorise(by_path.keys() - set(folded), patterns)
    tests = grouped.get(Category.TEST, ())
    kept = tuple(sorted(path for path in tests if by_path[path].status != "deleted"))
    code = sorted(
        path
        for category in _CODE
        for path in grouped.get(category, ())
        if by_path[path].status != "deleted" and PurePosixPath(path).suffix not in _NO_CODE
    )
    return Covered(kept, tuple(sorted(set(tests) - set(kept))), _without(code, kept))


def _without(code: Sequence[str], tests: Sequence[str]) -> tuple[str, ...]:
    areas: dict[str, list[str]] = {}
    for path in code:
        areas.setdefault(_area(path), []).append(path)
    lacking = {area: paths for area, paths in areas.items() if not any(_tests(test, area, paths) for test in tests)}
    return tuple(f"{area}: {len(paths)} file{'s' * (len(paths) != 1)}" for area, paths in sorted(lacking.items()))


def _area(path: str) -> str:
    parts = PurePosixPath(path).parts[:-1][:_DEPTH]
    return "/".join(parts) or "the top level"


def _tests(test: str, area: str, paths: Iterable[str]) -> bool:
    """Tell whether a test lies in an area, or is named for the area or one of its files."""
    words = set(re.split(r"[^a-z0-9]+", test.lower()))
    names = {PurePosixPath(path).name.partition(".")[0].lower() for path in paths} | {area.rpartition("/")[2].lower()}
    return test.startswith(f"{area}/") or any(set(re.split(r"[^a-z0-9]+", name)) <= words for name in names if name)
