"""The way that led to what runs: the releases of a target, without those that were rolled away from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from guardrails.plan import Plan, from_json
from tools.history import Store
from tools.history.releases import Outcome, Release

LOOK_BACK = 200
"""Releases further back than this are forgotten."""


@dataclass(frozen=True, slots=True)
class Lineage:
    """What may be gone back to."""

    line: tuple[Release, ...] = ()
    """One release for each version on the way to what runs now, oldest first; the last one runs."""
    left: frozenset[str] = frozenset()
    """Versions that ran once and were rolled away from: only a deploy brings them again."""

    def of(self, version: str) -> Release | None:
        """Return the newest release on the way that brought a version."""
        return next((release for release in reversed(self.line) if release.version == version), None)

    def before(self, version: str) -> Release | None:
        """Return the release that a version took the place of."""
        found = self.of(version)
        at = self.line.index(found) if found else 0
        return self.line[at - 1] if at else None


async def lineage(store: Store, service: str, environment: str) -> Lineage:
    """Read the way of a target from the history."""
    recent = await store.releases.recent(service, environment, limit=LOOK_BACK)
    return traced(release for release in reversed(recent) if release.outcome is Outcome.SUCCEEDED)


def traced(succeeded: Iterable[Release]) -> Lineage:
    """Follow releases that succeeded, oldest first: a deploy goes a step on, a rollback takes the later steps away."""
    line: list[Release] = []
    versions: set[str] = set()
    for release in succeeded:
        versions.add(release.version)
        known = [at for at, other in enumerate(line) if other.version == release.version]
        if release.kind == "rollback" and known:
            del line[known[-1] + 1 :]
        elif release.kind == "rollback":  # to what ran before Shipmate came
            line = [release]
        else:
            again = known[-1:] == [len(line) - 1]  # what runs already was released once more
            line = [*(line[:-1] if again else line), release]
    return Lineage(tuple(line), frozenset(versions - {release.version for release in line}))


def records(release: str, plan: Plan) -> dict[str, dict[str, Any]]:
    """Write down what a plan made each component run, in the shape of the rollback registry."""
    common = {"release": release, "version": plan.version, "commit": plan.commit}
    return {
        part.name: {
            **common,
            "image": part.image,
            "tag": part.tag,
            "digest": part.digest,
            "size_bytes": part.size_bytes,
        }
        for part in plan.components
    }


async def recorded(store: Store, release: Release | None) -> Mapping[str, Mapping[str, Any]]:
    """Tell what a release made each component run; nothing where that is not known."""
    stored = await store.decisions.plan(release.id) if release else None
    return records(release.id, from_json(stored[1])) if release and stored else {}
