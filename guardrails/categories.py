"""What a changed file is about, told from its path alone."""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from config.sources import Category

Patterns = Mapping[Category, tuple[str, ...]]

DEFAULT_PATTERNS: Patterns = {
    Category.TEST: (
        *(f".{kind}.{language}" for kind in ("test", "spec") for language in ("ts", "tsx", "js", "jsx")),
        *("__tests__/", "tests/", "test_*.py", "*_test.py", "conftest.py", "*_test.go"),
    ),
    Category.DATABASE: ("migrations/", "prisma/", "drizzle/", ".sql"),
    Category.SHARED: ("shared/", "common/", "lib/", "packages/shared/"),
    Category.CONFIG: ("docker/", ".github/", "Dockerfile*", "package.json"),
    Category.FRONTEND: (".tsx", ".jsx", "src/pages/", "src/components/", "tailwind.config*"),
    Category.BACKEND: ("server/", "api/", ".go", ".py", "src/api/", "src/routes/"),
}
"""The first category that matches wins; a file that both sides claim is shared."""

_SIDES = frozenset({Category.FRONTEND, Category.BACKEND})


def categorise(files: Iterable[str], patterns: Patterns | None = None) -> Mapping[Category, tuple[str, ...]]:
    """Sort each path into exactly one category; categories without a file are left out.

    `patterns` replaces the default patterns of the categories it names.
    """
    known = {**DEFAULT_PATTERNS, **(patterns or {})}
    sorted_in: dict[Category, list[str]] = {}
    for path in dict.fromkeys(files):
        sorted_in.setdefault(_category(path, known), []).append(path)
    return {category: tuple(sorted_in[category]) for category in Category if category in sorted_in}


def sides(files: Iterable[str], patterns: Patterns | None = None) -> Mapping[Category, tuple[str, ...]]:
    """Sort each path as `categorise` does, but a test goes to what it tests (`other` where its path does not tell)."""
    return categorise(files, {**(patterns or {}), Category.TEST: ()})


def _category(path: str, patterns: Patterns) -> Category:
    for category in (c for c in DEFAULT_PATTERNS if c not in _SIDES):
        if _matches_any(path, patterns[category]):
            return category
    claimed = [side for side in DEFAULT_PATTERNS if side in _SIDES and _matches_any(path, patterns[side])]
    if len(claimed) > 1:
        return Category.SHARED
    return claimed[0] if claimed else Category.OTHER


def _matches_any(path: str, patterns: Iterable[str]) -> bool:
    return any(_matches(path, pattern) for pattern in patterns)


def _matches(path: str, pattern: str) -> bool:
    name = path.rpartition("/")[2]
    if pattern.endswith("/"):
        return f"/{pattern}" in f"/{path}"
    if "/" in pattern:
        return fnmatchcase(path, pattern)
    if pattern.startswith("."):
        return name.endswith(pattern)
    return fnmatchcase(name, pattern)
