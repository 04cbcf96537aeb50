"""The plan: everything a release will do to the world, the way back included, under one digest.

People approve this digest and nothing else. Fields are of two sorts: those that take
effect, which the digest covers, and advice, which it leaves out. An approval dies with
any change of the first sort and outlives any change of the second.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from itertools import takewhile
from typing import Any, ClassVar

from pydantic import ConfigDict, TypeAdapter

from guardrails.plan_past import modern
from guardrails.plan_targets import EXACT, ComposePlan, GitopsPlan, Pinned, Running
from guardrails.waves import waves


@dataclass(frozen=True, slots=True)
class PlannedComponent:
    """One image of the release; the sizes are advice."""

    __pydantic_config__: ClassVar[ConfigDict] = EXACT

    name: str
    image: str
    tag: str
    digest: str
    size_bytes: int | None = None
    previous_size_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Intended:
    """What shall run at a place after a step."""

    __pydantic_config__: ClassVar[ConfigDict] = EXACT

    image: str
    tag: str
    digest: str


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One component at one place, from what runs there to what shall; `before` is None on a first deploy."""

    __pydantic_config__: ClassVar[ConfigDict] = EXACT

    component: str
    place: str
    """A host, or an ArgoCD application."""
    before: Running | Pinned | None
    after: Intended


@dataclass(frozen=True, slots=True)
class WayBack:
    """Whether a place can be put back, proved before anyone is asked; all but that is advice."""

    __pydantic_config__: ClassVar[ConfigDict] = EXACT

    place: str
    possible: bool
    reason: str = ""
    takes: timedelta | None = None
    """How long it is expected to take; None where nothing was measured yet."""
    lost: tuple[str, ...] = ()
    """What going back does not undo."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One release as data. Steps are in order; components are a set."""

    __pydantic_config__: ClassVar[ConfigDict] = EXACT

    service: str
    environment: str
    version: str
    commit: str
    components: tuple[PlannedComponent, ...]
    target: ComposePlan | GitopsPlan
    strategy: str
    steps: tuple[PlannedStep, ...]
    ways_back: tuple[WayBack, ...]
    expected_downtime: timedelta = timedelta(0)
    notes: tuple[str, ...] = ()
    """What people should know; never what is done."""

    @property
    def compose(self) -> ComposePlan:
        """The part of a plan for servers; who asks for it has made sure that it is one."""
        if not isinstance(self.target, ComposePlan):
            raise TypeError(f"a plan for {self.target.repository} has no compose file")
        return self.target

    @property
    def gitops(self) -> GitopsPlan:
        """The part of a plan for a deployment repository; who asks for it has made sure that it is one."""
        if not isinstance(self.target, GitopsPlan):
            raise TypeError(f"a plan for {', '.join(self.target.hosts)} has no deployment repository")
        return self.target

    @property
    def can_roll_back(self) -> bool:
        """Tell whether every place of the plan can be put back; one without proof cannot."""
        proved = {way.place for way in self.ways_back if way.possible}
        refused = {way.place for way in self.ways_back if not way.possible}
        return bool(self.target.places) and set(self.target.places) <= proved - refused

    def batch(self, done: int) -> tuple[PlannedStep, ...]:
        """List what is done in one go after so many steps: all that one commit says, or a component on a wave of hosts.

        The components of a wave follow one another: one has arrived on all its hosts before the next one moves.
        """
        following = self.steps[done:]
        if isinstance(self.target, GitopsPlan) or not following:
            return following
        component = following[0].component
        wave = next(wave for wave in self.waves if following[0].place in wave)
        return tuple(takewhile(lambda step: step.component == component and step.place in wave, following))

    @property
    def waves(self) -> tuple[tuple[str, ...], ...]:
        """List the places that are moved side by side, wave after wave; those that a way back leaves alone are out."""
        places = tuple(dict.fromkeys(step.place for step in self.steps))
        if isinstance(self.target, GitopsPlan):
            return (places,)
        return waves(places, self.target.at_once, self.target.canaries)

    def completes_canaries(self, done: int) -> bool:
        """Tell whether after so many steps the canaries run the new version, and nobody else does."""
        return 0 < sum(step.place in self.canaries for step in self.steps) == done < len(self.steps)

    @property
    def canaries(self) -> tuple[str, ...]:
        """Name the places that go first, to be compared with the others."""
        first = 0 if isinstance(self.target, GitopsPlan) else self.target.canaries
        return tuple(dict.fromkeys(step.place for step in self.steps))[:first]

    def batches(self, touched: int) -> tuple[tuple[PlannedStep, ...], ...]:
        """List what was done in so many steps, in order."""
        found: list[tuple[PlannedStep, ...]] = []
        while (done := sum(map(len, found))) < min(touched, len(self.steps)):
            found.append(self.batch(done))
        return tuple(found)


_PLAN = TypeAdapter(Plan)
_PLAIN: Mapping[str, Any] = {"at_once": 1, "canaries": 0, "share_percent": 0, "rolling": None, "settings": []}
"""Younger than stored plans: what says nothing else than these did leaves the digest as it was."""


def to_json(plan: Plan) -> dict[str, Any]:
    """Turn a plan into plain JSON values; `from_json` gives it back unchanged."""
    dumped: dict[str, Any] = _PLAN.dump_python(plan, mode="json")
    return dumped


def from_json(data: Mapping[str, Any]) -> Plan:
    """Read a stored plan; raises pydantic's `ValidationError` where a field is missing, unknown or mistyped."""
    return _PLAN.validate_python(modern(data))


def digest(plan: Plan) -> str:
    """Name the plan by what it does: SHA-256, in hex, over the canonical JSON of its effective fields."""
    fields = {name: value for name, value in effective(plan).items() if name not in _PLAIN or _PLAIN[name] != value}
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def effective(plan: Plan) -> dict[str, Any]:
    """Keep only what takes effect: advice dropped, everything without a meaningful order sorted."""
    fields: dict[str, Any] = asdict(plan)
    fields |= _effective_target(fields.pop("target"))
    for advice in ("expected_downtime", "notes"):
        del fields[advice]
    fields["components"] = _ordered(_without(c, "size_bytes", "previous_size_bytes") for c in fields["components"])
    fields["ways_back"] = _ordered(_without(way, "reason", "takes", "lost") for way in fields["ways_back"])
    fields["steps"] = [{**step, "before": _without(step["before"], "container_id")} for step in fields["steps"]]
    return fields


def _effective_target(fields: dict[str, Any]) -> dict[str, Any]:
    for records in ("services", "mounts", "pins", "settings"):
        if records in fields:
            fields[records] = _ordered(fields[records])
    if fields.get("rolling"):
        fields["rolling"] |= {"routes": _ordered(fields["rolling"]["routes"])}
    for names in ("hosts", "environment_names"):
        if names in fields:
            fields[names] = sorted(set(fields[names]))
    fields.pop("head", None)
    return fields


def _without(fields: Any, *names: str) -> Any:
    return fields and {name: value for name, value in fields.items() if name not in names}


def _ordered(items: Any) -> list[Any]:
    distinct = {json.dumps(item, sort_keys=True): item for item in items}
    return [distinct[key] for key in sorted(distinct)]
