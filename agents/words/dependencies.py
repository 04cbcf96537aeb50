"""Which packages a change adds, removes or moves to another version, told from the files that declare them. Pure."""

import json
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

_REQUIREMENT = re.compile(r"^\s*([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?\s*([^;#\s][^;#]*)?")


@dataclass(frozen=True, slots=True, order=True)
class DependencyChange:
    """One package in one file; an empty version is not there, `any` is not pinned."""

    path: str
    package: str
    before: str
    after: str

    def __str__(self) -> str:
        return self.told(str)

    def told(self, quoted: Callable[[str], str]) -> str:
        """Say it in one line, with what others wrote quoted."""
        if not self.before:
            return f"{quoted(self.package)} {quoted(self.after)} added"
        if not self.after:
            return f"{quoted(self.package)} {quoted(self.before)} removed"
        return f"{quoted(self.package)} {quoted(self.before)} -> {quoted(self.after)}"


def declares_dependencies(path: str) -> bool:
    """Tell whether a file of this name declares packages in a form that is understood here."""
    return _reader(path) is not None


def dependency_changes(
    old: Mapping[str, bytes | None], new: Mapping[str, bytes | None]
) -> tuple[DependencyChange, ...]:
    """Compare declaring files (path -> content, None where absent), sorted; an unreadable file declares nothing."""
    return tuple(
        DependencyChange(path, package, before.get(package, ""), after.get(package, ""))
        for path in sorted(old.keys() | new.keys())
        for before, after in [(_declared(path, old.get(path)), _declared(path, new.get(path)))]
        for package in sorted(before.keys() | after.keys())
        if before.get(package) != after.get(package)
    )


def _declared(path: str, content: bytes | None) -> dict[str, str]:
    reader = _reader(path)
    if reader is None or content is None:
        return {}
    try:
        return reader(content.decode(errors="replace"))
    except (ValueError, TypeError, AttributeError, RecursionError):
        return {}


def _reader(path: str) -> Callable[[str], dict[str, str]] | None:
    name = PurePosixPath(path).name
    if re.fullmatch(r"(requirements|constraints).*\.(txt|lock|in)", name):
        return lambda text: _requirements(text.splitlines())
    return {"pyproject.toml": _pyproject, "package.json": _package}.get(name)


def _requirements(lines: list[str]) -> dict[str, str]:
    found = (_REQUIREMENT.match(line) for line in lines)
    return {match[1].lower().replace("_", "-"): (match[2] or "any").strip(" \\") for match in found if match}


def _pyproject(text: str) -> dict[str, str]:
    document: dict[str, Any] = tomllib.loads(text)
    project = document.get("project", {})
    groups = [*project.get("optional-dependencies", {}).values(), *document.get("dependency-groups", {}).values()]
    listed = [*project.get("dependencies", []), *(entry for group in groups for entry in group)]
    return _requirements([entry for entry in listed if isinstance(entry, str)])


def _package(text: str) -> dict[str, str]:
    document: dict[str, Any] = json.loads(text)
    sections = (document.get(key) or {} for key in ("dependencies", "devDependencies", "optionalDependencies"))
    return {name: str(version) for section in sections for name, version in section.items()}
