"""Many hosts in few words: how far a release has come, and one message for what went alike on all of them (P24)."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agents import events
from agents.entrypoints import figures
from agents.entrypoints.view import ReleaseView
from agents.entrypoints.voice import Voice
from agents.entrypoints.words import sentence
from agents.events import Event
from guardrails.plan import Plan, PlannedStep

FEW = 4
"""So many steps are told one by one."""
APART = 3
"""So many of those that failed are still told each in a message of its own, with its log."""
_OF_HOSTS = events.Settled | events.RolledBack | events.Rescued | events.Watched
_KINDS = (events.Settled, events.RolledBack, events.Rescued, events.Watched)
_TITLES = {
    "settled": "Healthy",
    "rolled-back": "Back and healthy",
    "rescued": "What only a container had was saved",
    "watched": "Watched without an alarm",
}


@dataclass(frozen=True, slots=True)
class Progress:
    """So many hosts are done, of so many."""

    done: int
    hosts: int
    back: bool = False
    """They are put back."""

    def __str__(self) -> str:
        return f"{self.done} of {self.hosts} hosts{' back' if self.back else ''}"


def progress(view: ReleaseView) -> Progress | None:
    """Count the hosts on which all is done; None where nothing moves, or there is only one."""
    plan, stage = view.plan, view.stage
    if plan is None or stage is None or stage.name not in {"deploy", "roll_back"} or len(plan.target.places) == 1:
        return None
    back = stage.name == "roll_back"
    ended = view.every(events.RolledBack) if back else view.every(events.Settled)
    well = {(one.component, one.host) for one in ended if one.healthy}
    wanted = _touched(view, plan) if back else plan.steps
    hosts = {step.place for step in wanted}
    left = {step.place for step in wanted if (step.component, step.place) not in well}
    return Progress(len(hosts - left), len(hosts), back)


def _touched(view: ReleaseView, plan: Plan) -> list[PlannedStep]:
    """List what goes back: all batches of which anything was told."""
    ended: list[events.Moved | events.Settled | events.RolledBack] = [*view.every(events.Moved)]
    ended += [*view.every(events.Settled), *view.every(events.RolledBack)]
    known = {(one.component, one.host) for one in ended}
    seen = [number for number, step in enumerate(plan.steps, 1) if (step.component, step.place) in known]
    return [step for batch in plan.batches(max(seen, default=0)) for step in batch]


def told(view: ReleaseView, happened: Sequence[Event], voice: Voice) -> Iterator[tuple[str, str, Event]]:
    """Tell events by the keys of their messages; of a release to many hosts those that are alike in one."""
    many = view.plan is not None and len(view.plan.steps) > FEW
    alike = [one for one in happened if many and isinstance(one, _KINDS)]
    apart = _apart(alike)
    gathered: set[str] = set()
    for event in happened:
        if not many or not isinstance(event, _KINDS) or event in apart:
            yield event.key, sentence(event, voice), event
        elif event.KIND not in gathered:
            gathered.add(event.KIND)
            others = [one for one in alike if one.KIND == event.KIND and one not in apart]
            yield event.KIND, _together(others, voice), event


def _apart(alike: Sequence[_OF_HOSTS]) -> list[_OF_HOSTS]:
    """Keep apart the first ones that failed."""
    unwell = [one for one in alike if not _well(one)]
    return [one for kind in _KINDS for one in [one for one in unwell if isinstance(one, kind)][:APART]]


def _well(event: _OF_HOSTS) -> bool:
    if isinstance(event, events.Watched):
        return not event.alarms
    return not event.fault if isinstance(event, events.Rescued) else event.healthy


def _together(alike: Sequence[_OF_HOSTS], voice: Voice) -> str:
    """Count those that went well, and tell every one that did not in a line of its own."""
    well, unwell = [one for one in alike if _well(one)], [one for one in alike if not _well(one)]
    what = _TITLES[alike[0].KIND]
    lines = [f"{what}: {_counted(well, voice)}.", *(sentence(one, voice).partition("\n")[0] for one in unwell)]
    return "\n".join(lines)


def _counted(well: Sequence[_OF_HOSTS], voice: Voice) -> str:
    by_component = Counter(one.component for one in well)
    counts = [
        voice.say("{name:60} on {of}", name=name, of=figures.count(n, "host")) for name, n in by_component.items()
    ]
    last = voice.say(", the last {host:60}", host=well[-1].host) if well else ""
    return f"{', '.join(counts)}{last}" if counts else "none"
