"""Where a release stands, folded from its row and its events: what every card and every report is drawn from."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from pydantic import ValidationError

from agents import events
from agents.events import Event
from guardrails.plan import Plan, digest, from_json
from tools.history.journal import Entry
from tools.history.releases import Outcome, Release, Status

STAGES = ("analyze", "test", "build", "plan", "approve", "deploy", "verify")
PENDING, RUNNING = "pending", "running"
_ENDED = frozenset({"passed", "warning", "failed", "skipped"})
_UNTOLD = frozenset({"close"})
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the way: pending, running, passed, warning, failed or skipped."""

    name: str
    status: str = PENDING
    seconds: float | None = None
    cause: str = ""


@dataclass(frozen=True, slots=True)
class ReleaseView:
    """All that is known of one release."""

    release: Release
    happened: Mapping[str, Event] = field(default_factory=dict)
    """By key, in order of arrival."""
    moments: Mapping[str, datetime] = field(default_factory=dict)
    """When each happened first, by key."""

    def one(self, kind: type[T]) -> T | None:
        """Return the newest event of a kind."""
        return next((event for event in reversed(list(self.happened.values())) if isinstance(event, kind)), None)

    def every(self, kind: type[T]) -> tuple[T, ...]:
        """List the events of a kind in order."""
        return tuple(event for event in self.happened.values() if isinstance(event, kind))

    @property
    def outcome(self) -> Outcome | None:
        """Tell how the release ended, as soon as either the row or the journal knows."""
        finished = self.one(events.Finished)
        return self.release.outcome or (Outcome(finished.outcome) if finished else None)

    @property
    def cause(self) -> str:
        """Tell why it ended so."""
        finished = self.one(events.Finished)
        return finished.cause if finished else self.release.cause

    @property
    def stages(self) -> tuple[Stage, ...]:
        """List the steps; those not reached only while they still may be."""
        passed = {name: stage for name, stage in _stages(self.happened.values()) if name not in _UNTOLD}
        wanted = STAGES[: STAGES.index(self.release.only) + 1] if self.release.stops_early else STAGES
        expected = wanted if self.release.kind == "deploy" and self.outcome is None else ()
        missing = tuple(Stage(name) for name in expected if name not in passed)
        known = [passed[name] for name in STAGES if name in passed] + list(missing)
        order = {name: place for place, name in enumerate(STAGES)}
        later = [stage for name, stage in passed.items() if name not in STAGES]
        return (*sorted(known, key=lambda stage: order[stage.name]), *later)

    @property
    def stage(self) -> Stage | None:
        """Return the step that is under way."""
        return next((stage for stage in self.stages if stage.status == RUNNING), None)

    @property
    def waits_for_checks(self) -> events.ChecksAwaited | None:
        """Return how the checks of the commit stand, as long as they keep the release from its place in line."""
        if self.outcome is not None or self.release.status is not Status.PENDING:
            return None
        return self.one(events.ChecksAwaited) or events.ChecksAwaited("waiting", "GitHub is asked how they stand.")

    @property
    def held_back(self) -> events.HeldBack | None:
        """Return the lock or the freeze that keeps the release out of the line."""
        held = self.outcome is None and self.release.status is Status.HELD
        return self.one(events.HeldBack) if held else None

    @property
    def waits_in_line(self) -> events.Queued | None:
        """Return the place in the queue, until the first step begins."""
        begun = self.outcome is not None or self.one(events.Entered) is not None
        return None if begun else self.one(events.Queued)

    @property
    def asked(self) -> events.Asked | None:
        """Return the newest question about the plan."""
        return self.one(events.Asked)

    @property
    def decision(self) -> events.Decided | None:
        """Return what was decided about the newest question."""
        asked = self.asked
        decided = self.every(events.Decided)
        return next((one for one in reversed(decided) if asked and one.question == asked.question), None)

    @property
    def votes(self) -> tuple[events.Voted, ...]:
        """List the answers to the newest question."""
        asked = self.asked
        return tuple(vote for vote in self.every(events.Voted) if asked and vote.question == asked.question)

    @property
    def plan(self) -> Plan | None:
        """Return the plan, or None where there is none or this version of Shipmate cannot read it."""
        planned = self.one(events.Planned)
        return _plan(planned) if planned else None

    @property
    def open_question(self) -> events.Asked | None:
        """Return the question that can be answered now: undecided, and about the plan that is shown."""
        asked, planned = self.asked, self.one(events.Planned)
        if asked is None or planned is None or self.decision or self.outcome is not None:
            return None
        plan = self.plan
        shown = plan is not None and asked.digest == planned.digest == digest(plan)
        return asked if shown else None

    @property
    def locked(self) -> bool:
        """Tell whether this release's failure locked its target, and people were called for it."""
        escalated = self.one(events.Escalated)
        return escalated is not None and escalated.level == "locked" and escalated.announce


def fold(release: Release, entries: Collection[Entry]) -> ReleaseView:
    """Build the view. What this version of Shipmate cannot read is left out, never guessed."""
    known = {entry.key: event for entry in entries if (event := _event(entry)) is not None}
    return ReleaseView(release, known, {entry.key: entry.at for entry in entries})


def _event(entry: Entry) -> Event | None:
    try:
        return events.load(entry.kind, entry.body)
    except (KeyError, ValidationError):
        return None


def _plan(planned: events.Planned) -> Plan | None:
    try:
        return from_json(planned.plan)
    except ValidationError:
        return None


def _stages(happened: Iterable[Event]) -> Iterable[tuple[str, Stage]]:
    for event in happened:
        if isinstance(event, events.Entered):
            yield event.stage, Stage(event.stage, RUNNING)
        elif isinstance(event, events.Left) and event.status in _ENDED:
            yield event.stage, Stage(event.stage, event.status, event.seconds, event.cause)
