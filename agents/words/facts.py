"""What the words of a release are about: everything in here was computed by a tool, and nothing else may be claimed."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from agents.words.dependencies import DependencyChange
from agents.words.differences import Difference, Sort
from agents.words.patch import RemovedProtection
from agents.words.taken import taken_by, untold
from agents.words.tested import NO_TESTS, Covered
from config.sources import Category
from guardrails.categories import Patterns, categorise
from guardrails.risks import risks
from guardrails.verdict import Finding
from tools.changes import ChangedFile, Commit, touched
from tools.github import PullRequest


@dataclass(frozen=True, slots=True)
class SuiteFact:
    """A suite that ran, and how it ended."""

    name: str
    outcome: str
    tests: int = 0
    coverage: float | None = None
    detail: str = ""
    figures: tuple[str, ...] = ()
    """Numbers of its reports beside tests and coverage, each with its limit."""


@dataclass(frozen=True, slots=True)
class ImageFact:
    """An image of the release; sizes in bytes."""

    name: str
    reference: str
    size_bytes: int | None = None
    previous_size_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class ReleaseFacts:
    """One release, or one range of commits where `service` is empty. Foreign words stand in it unescaped."""

    to_version: str
    to_commit: str
    from_version: str = ""
    """Empty: nothing ran before."""
    from_commit: str = ""
    service: str = ""
    environment: str = ""
    commits: tuple[Commit, ...] = ()
    pull_request: PullRequest | None = None
    files: Mapping[Category, tuple[ChangedFile, ...]] = field(default_factory=dict)
    risks: tuple[str, ...] = ()
    migrations: tuple[str, ...] = ()
    dependencies: tuple[DependencyChange, ...] = ()
    dependency_files: tuple[str, ...] = ()
    """What is known of changed files that name packages and do not list one by one what changed, in sentences."""
    differences: tuple[Difference, ...] = ()
    """How the service runs, old compose file against new, removals first."""
    settings: tuple[Difference, ...] = ()
    """Configuration in the repository, before against after, removals first."""
    removed_protections: tuple[RemovedProtection, ...] = ()
    """Deleted lines of the diff that protected something."""
    tested: Covered = NO_TESTS
    way_back: tuple[str, ...] = ()
    """What in the change speaks against going back, in sentences; empty: not examined."""
    folded: Mapping[str, str] = field(default_factory=dict)
    """Changed files that nobody wrote by hand: path -> lock file, vendored or generated."""
    unread: Mapping[str, str] = field(default_factory=dict)
    """Changed files whose lines were not looked at: path -> why."""
    tests: tuple[SuiteFact, ...] = ()
    not_run: Mapping[str, str] = field(default_factory=dict)
    """Suite -> why it did not run."""
    findings: tuple[Finding, ...] = ()
    images: tuple[ImageFact, ...] = ()
    rollback: str = ""
    """Whether, and to what, the release can be rolled back; empty: not examined."""

    @property
    def paths(self) -> frozenset[str]:
        """Every path that the change touches, the old names of renamed files included."""
        return frozenset(touched(file for group in self.files.values() for file in group))

    @property
    def taken(self) -> tuple[Difference | RemovedProtection, ...]:
        """What this release takes away, each once: from how the service runs, and from what protected it."""
        gone = (*(one for one in self.differences if one.sort is Sort.REMOVED), *taken_by(self.settings))
        return (*dict.fromkeys(gone), *untold(self.removed_protections, self.settings))

    @property
    def removals(self) -> tuple[str, ...]:
        """What this release takes away, in sentences."""
        return tuple(map(str, self.taken))

    @property
    def second_looks(self) -> tuple[str, ...]:
        """Every known reason for a second look, what is taken away first."""
        number = len(self.taken)
        gone = [f"protections or settings are taken away: {number}"] if number else []
        return (*gone, *self.risks)

    @property
    def changed(self) -> tuple[ChangedFile, ...]:
        """Every changed file, by category."""
        return tuple(file for group in self.files.values() for file in group)

    def as_json(self) -> dict[str, Any]:
        """Write the facts as plain JSON values."""
        fields: dict[str, Any] = json.loads(json.dumps(asdict(self), default=str))
        for name in ("differences", "settings"):
            told = zip(fields[name], getattr(self, name), strict=True)
            fields[name] = [written | {"sort": one.sort.name.lower()} for written, one in told]
        return fields | {"risks": list(self.second_looks), "removals": list(self.removals)}


def by_category(
    files: Iterable[ChangedFile], patterns: Patterns | None = None
) -> Mapping[Category, tuple[ChangedFile, ...]]:
    """Sort changed files by what they are about; every file is in exactly one category."""
    known = {file.path: file for file in files}
    return {category: tuple(known[path] for path in paths) for category, paths in categorise(known, patterns).items()}


def migrations(files: Iterable[ChangedFile]) -> tuple[str, ...]:
    """List the files that change a database."""
    paths = (path for path in touched(files) if any(risk.startswith("database migration") for risk in risks([path])))
    return tuple(sorted(paths))
