"""How the releases of a service do against its goals: reached or missed, with the numbers.

Counted are the newest releases of every environment. A goal in time is reached when at least 95 of 100 stayed within
it: one slow day among many is no missed goal.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import median
from typing import Any

from agents import events
from agents.entrypoints import figures
from agents.entrypoints.voice import Voice
from config.service import Goals, Service
from tools.history import Store
from tools.history.journal import Entry
from tools.history.releases import FAILURES, Outcome, Release

NEWEST = 100
SHARE = 95
_KINDS = (events.Built.KIND, events.Left.KIND, events.Entered.KIND, events.Asked.KIND, events.Decided.KIND)
KINDS = (*_KINDS, events.Synced.KIND, events.Finished.KIND)
_BUILD, _DEPLOY = f"{events.Left.KIND}:build", f"{events.Entered.KIND}:deploy"
_CARRIED_OUT = FAILURES | {Outcome.SUCCEEDED}


@dataclass(frozen=True, slots=True)
class Timed:
    """A goal in time."""

    name: str
    limit: timedelta
    seconds: tuple[float, ...]
    """What was measured."""

    @property
    def within(self) -> int:
        """Count those that stayed within the limit."""
        return sum(one <= self.limit.total_seconds() for one in self.seconds)

    @property
    def reached(self) -> bool | None:
        """Tell whether it is reached; None where nothing was measured."""
        return self.within * 100 >= SHARE * len(self.seconds) if self.seconds else None


@dataclass(frozen=True, slots=True)
class Counted:
    """A goal in percent."""

    name: str
    percent: float
    good: int
    all: int

    @property
    def reached(self) -> bool | None:
        """Tell whether it is reached; None where nothing was counted."""
        return self.good * 100 >= self.percent * self.all if self.all else None


Goal = Timed | Counted


@dataclass(frozen=True, slots=True)
class _Run:
    """One release, as far as goals ask."""

    release: Release
    entries: Mapping[str, Entry]

    def of(self, kind: str) -> Iterator[Entry]:
        return (entry for entry in self.entries.values() if entry.kind == kind)

    @property
    def built(self) -> bool | None:
        """Tell whether its build succeeded; None where nothing was built, or a guardrail refused what was."""
        left = self.entries.get(_BUILD)
        if left is None:
            return None
        if left.body["status"] == "failed":
            return False if self.release.outcome in FAILURES else None
        return True if any(not one.body.get("reused") for one in self.of(events.Built.KIND)) else None

    @property
    def build_seconds(self) -> float | None:
        return float(self.entries[_BUILD].body["seconds"]) if self.built else None

    @property
    def deployed(self) -> bool | None:
        """Tell whether its deploy succeeded; None where it never came to one, or a person called it off."""
        if _DEPLOY not in self.entries or self.release.outcome not in _CARRIED_OUT:
            return None
        return self.release.outcome is Outcome.SUCCEEDED

    @property
    def sync_seconds(self) -> float | None:
        synced = [one for one in self.of(events.Synced.KIND) if one.body["settled"]]
        return max(float(one.body["seconds"]) for one in synced) if synced and self.deployed else None

    @property
    def pipeline_seconds(self) -> float | None:
        """Measure from the first step to the end, without the wait for people."""
        ended = self.entries.get(events.Finished.KIND)
        begun = min((one.at for one in self.of(events.Entered.KIND)), default=None)
        if ended is None or begun is None or not self.deployed:
            return None
        return (ended.at - begun).total_seconds() - self._waited()

    def _waited(self) -> float:
        asked = {one.body["question"]: one.at for one in self.of(events.Asked.KIND)}
        decided = {one.body["question"]: one.at for one in self.of(events.Decided.KIND)}
        return sum((decided[one] - at).total_seconds() for one, at in asked.items() if one in decided)


async def measured(
    store: Store, services: Mapping[str, Service], service: str | None = None, environment: str | None = None
) -> Mapping[str, Sequence[Goal]]:
    """Measure every service that has goals, or only one, over all its environments or only one."""
    wanted = {name: one for name, one in services.items() if service in (None, name) and one.goals != Goals()}
    found = {}
    for name, one in wanted.items():
        places = [place for place in one.environments if environment in (None, place)]
        found[name] = judged(one.goals, [run for place in places for run in await _runs(store, name, place)])
    return found


async def _runs(store: Store, service: str, environment: str) -> Sequence[_Run]:
    past = await store.releases.recent(service, environment, NEWEST)
    releases = {one.id: one for one in past if one.kind == "deploy" and one.outcome}
    entries: dict[str, dict[str, Entry]] = {name: {} for name in releases}
    for entry in await store.journal.of_many(tuple(releases), KINDS):
        entries[entry.release][entry.key] = entry
    return [_Run(one, entries[name]) for name, one in releases.items()]


def judged(goals: Goals, runs: Sequence[_Run]) -> tuple[Goal, ...]:
    """Hold what was measured against the goals that there are."""
    timed = (
        ("build", goals.build, [one.build_seconds for one in runs]),
        ("pipeline", goals.pipeline, [one.pipeline_seconds for one in runs]),
        ("sync", goals.sync, [one.sync_seconds for one in runs]),
    )
    counted = (
        ("build success", goals.build_success, [one.built for one in runs]),
        ("deploy success", goals.deploy_success, [one.deployed for one in runs]),
    )
    return (
        *(Timed(name, limit, tuple(s for s in seconds if s is not None)) for name, limit, seconds in timed if limit),
        *(Counted(name, share, *_counts(each)) for name, share, each in counted if share is not None),
    )


def _counts(each: Iterable[bool | None]) -> tuple[int, int]:
    told = [one for one in each if one is not None]
    return sum(told), len(told)


def goals_text(found: Mapping[str, Sequence[Goal]], voice: Voice) -> str:
    """Tell how goals stand, one in a line; empty where there are none."""
    parts = [
        "\n".join((voice.say("Goals of {name:40}:", name=name), *map(_line, goals))) for name, goals in found.items()
    ]
    return "".join(f"\n{part}" for part in parts)


def _line(goal: Goal) -> str:
    mark = {True: "✓ reached", False: "✗ missed", None: "- not measured yet"}[goal.reached]
    if isinstance(goal, Counted):
        numbers = f"{goal.good} of {goal.all}, {figures.percent(goal.good, goal.all)}"
        return f"{mark}: {goal.name} at least {goal.percent:g} %" + (f": {numbers}" if goal.all else "")
    told = f"{mark}: {goal.name} within {figures.span(goal.limit)}"
    if not goal.seconds:
        return told
    middle, longest = figures.duration(median(goal.seconds)), figures.duration(max(goal.seconds))
    return f"{told}: {goal.within} of {len(goal.seconds)}, median {middle}, longest {longest}"


def goals_json(found: Mapping[str, Sequence[Goal]]) -> dict[str, Any]:
    """Give goals as JSON values: service -> goals."""
    return {name: [_json(goal) for goal in goals] for name, goals in found.items()}


def _json(goal: Goal) -> dict[str, Any]:
    told: dict[str, Any] = {"goal": goal.name.replace(" ", "_"), "reached": goal.reached}
    if isinstance(goal, Counted):
        share = round(100 * goal.good / goal.all, 2) if goal.all else None
        return told | {"at_least_percent": goal.percent, "percent": share, "succeeded": goal.good, "of": goal.all}
    told |= {"within_seconds": goal.limit.total_seconds(), "within": goal.within, "of": len(goal.seconds)}
    middle, longest = (round(median(goal.seconds), 3), max(goal.seconds)) if goal.seconds else (None, None)
    return told | {"median_seconds": middle, "longest_seconds": longest}
