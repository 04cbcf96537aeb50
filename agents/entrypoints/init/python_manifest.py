"""What the manifests of a Python project say: how it is installed, what it depends on, which Python it wants."""

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from agents.entrypoints.init.found import Installer
from agents.entrypoints.init.listing import Listing
from agents.entrypoints.init.shapes import table, words

OLDEST, NEWEST, USUAL = 11, 14, 13
"""Minor versions of Python 3: the oldest that gets security fixes, the newest, and the one for who says nothing."""
DEVELOPMENT = ("requirements-dev.txt", "dev-requirements.txt", "requirements-test.txt", "requirements/dev.txt")

_NAME = re.compile(r"\s*(?P<name>[A-Za-z0-9][\w.-]*)(?P<extras>\[[^\]]*\])?")
_BOUND = re.compile(r"(?P<operator>>=|~=|==|\^|~|>|<=|<)?\s*3\.(?P<minor>\d+)(?P<patch>\.\d+)?")


@dataclass(frozen=True, slots=True)
class Manifest:
    """All manifests of one Python project together."""

    installer: Installer
    dependencies: frozenset[str]
    """Lower-case names with `-`, extras written as a further name: `fastapi[standard]`."""
    development: frozenset[str]
    scripts: tuple[tuple[str, str], ...]
    """Console scripts: name -> `package.module:function`."""
    ruff: bool
    minor: int | None
    """Python 3.x that is asked for; None where nothing says."""
    extras: tuple[str, ...]
    groups: tuple[str, ...]
    """Dependency groups of pyproject.toml."""

    def has(self, *names: str) -> bool:
        """Tell whether the program depends on one of some packages."""
        return bool(self.dependencies & set(names))


def read_manifest(listing: Listing) -> Manifest | None:
    """Read the manifests; None where there are none."""
    project = _toml(listing.text("pyproject.toml"))
    installer = _installer(listing, project)
    if installer is None:
        return None
    declared, poetry = table(project, "project"), table(project, "tool", "poetry")
    groups, extras = table(project, "dependency-groups"), table(declared, "optional-dependencies")
    written = [*words(declared.get("dependencies")), *table(poetry, "dependencies")]
    written += _required(listing.text("requirements.txt"))
    further = [name for group in (*groups.values(), *extras.values()) for name in words(group)]
    further += [name for group in table(poetry, "group") for name in table(poetry, "group", group, "dependencies")]
    further += [line for file in DEVELOPMENT for line in _required(listing.text(file))]
    wanted = declared.get("requires-python") or table(poetry, "dependencies").get("python")
    scripts = {**table(declared, "scripts"), **table(poetry, "scripts")}
    return Manifest(
        installer=installer,
        dependencies=frozenset(_names(written)),
        development=frozenset(_names(further)),
        scripts=tuple(sorted((name, target) for name, target in scripts.items() if isinstance(target, str))),
        ruff="ruff" in table(project, "tool") or bool({"ruff.toml", ".ruff.toml"} & listing.paths),
        minor=_minor(listing.text(".python-version"), wanted),
        extras=tuple(sorted(extras)),
        groups=tuple(sorted(groups)),
    )


def _installer(listing: Listing, project: dict[str, Any]) -> Installer | None:
    locks: tuple[tuple[str, Installer], ...] = (
        ("uv.lock", "uv"),
        ("poetry.lock", "poetry"),
        ("requirements.txt", "requirements"),
    )
    for lock, installer in locks:
        if lock in listing.paths:
            return installer
    if table(project, "project").get("dependencies"):
        return "pyproject"
    if table(project, "tool", "poetry", "dependencies"):
        return "setup"
    if "setup.py" in listing.paths or ("setup.cfg" in listing.paths and "pyproject.toml" not in listing.paths):
        return "setup"
    return "nothing" if "pyproject.toml" in listing.paths else None


def _toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError):
        return {}


def _required(text: str) -> Iterator[str]:
    yield from (
        line for line in text.splitlines() if line.strip() and not line.lstrip().startswith(("#", "-", ".", "/"))
    )


def _names(written: Iterable[str]) -> Iterator[str]:
    for line in written:
        if found := _NAME.match(line):
            name = re.sub(r"[-_.]+", "-", found["name"]).lower()
            yield name
            if found["extras"]:
                yield name + found["extras"].replace(" ", "")


def _minor(pinned: str, wanted: object) -> int | None:
    """Choose the oldest maintained Python that is allowed, since that is what the project promises to work with."""
    if found := re.search(r"\b3\.(\d+)", pinned):
        return int(found[1])
    lowest, highest = None, NEWEST
    for bound in _BOUND.finditer(wanted if isinstance(wanted, str) else ""):
        operator, minor = bound["operator"] or "==", int(bound["minor"])
        if operator in {"==", "~"}:
            return minor
        if operator in {"<", "<="}:
            highest = minor if operator == "<=" or bound["patch"] else minor - 1
        else:
            lowest = minor
    if lowest is None and highest == NEWEST:
        return None
    return min(max(lowest or OLDEST, OLDEST), highest)
