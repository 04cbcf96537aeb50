"""Coverage as it went from release to release: read from what the journal keeps of every suite."""

from collections.abc import Mapping, Sequence

from agents.events import Covered, SuiteRan
from tools.history import Store
from tools.history.journal import PastEntry

RELEASES = 5
"""So many releases make a trend."""
_LOOK_BACK = 20
"""Releases further back are not looked at: some ran no suite that measures."""


async def covered(store: Store, service: str, environment: str) -> Mapping[str, tuple[Covered, ...]]:
    """Tell for every suite that measures what it covered in the last good releases of a target, newest first."""
    past = await store.journal.in_succeeded(service, environment, SuiteRan.KIND, _LOOK_BACK)
    return trends(past)


def trends(past: Sequence[PastEntry]) -> Mapping[str, tuple[Covered, ...]]:
    """Sort what was measured by suites; suites that measured nothing are left out."""
    found: dict[str, list[Covered]] = {}
    for entry in past:
        percent = entry.body.get("coverage")
        if percent is not None:
            one = Covered(entry.version, float(percent), entry.release, entry.at.isoformat())
            found.setdefault(str(entry.body["name"]), []).append(one)
    return {name: tuple(measured[:RELEASES]) for name, measured in sorted(found.items())}
