"""What people should expect of the way back before they approve: how long it takes, and what it does not bring back."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from statistics import median

from agents.events import Moved, RolledBack, Settled
from agents.migrations import migrations_of
from agents.state import State
from agents.toolbox import Toolbox
from guardrails.migrations import not_undone
from guardrails.plan import Plan, WayBack
from guardrails.plan_targets import Running
from tools.history.journal import Entry

RECENT_COUNT = 20
"""So many releases are looked at; older ones ran on other machines and images."""
WRITTEN = "data written meanwhile, which stays as the new version wrote it"


async def foreseen(tools: Toolbox, state: State, plan: Plan) -> tuple[WayBack, ...]:
    """Add to each way back what was measured of earlier ones, and what the release would leave behind."""
    recent = await tools.store.releases.recent(plan.service, plan.environment, limit=RECENT_COUNT)
    kinds = (Moved.KIND, Settled.KIND, RolledBack.KIND)
    spans = measured(await tools.store.journal.of_many([one.id for one in recent], kinds))
    lost = not_undone(await migrations_of(tools, state.get("from_commit") or None, plan.commit))
    filled = {step.place for step in plan.steps if isinstance(step.before, Running)}
    return tuple(
        replace(way, takes=spans.get(way.place), lost=(WRITTEN, *lost)) if way.place in filled else way
        for way in plan.ways_back
    )


def measured(entries: Sequence[Entry]) -> Mapping[str, timedelta]:
    """Tell by host how long going back took, at the median; where it never did, how long the last way forward took."""
    forward = _by_host(entries, {Moved.KIND, Settled.KIND})
    back = _by_host((one for one in entries if one.body.get("healthy")), {RolledBack.KIND})
    newest = {host: spans[-1] for host, spans in forward.items()}
    typical = {host: median(spans) for host, spans in back.items()}
    return {host: timedelta(seconds=round(seconds, 1)) for host, seconds in (newest | typical).items()}


def _by_host(entries: Iterable[Entry], kinds: set[str]) -> dict[str, list[float]]:
    """Add up, by host and release, what the components took one after the other; oldest release first."""
    sums: dict[tuple[str, str], float] = {}
    for entry in entries:
        if entry.kind in kinds:
            key = (entry.release, str(entry.body["host"]))
            sums[key] = sums.get(key, 0.0) + float(entry.body["seconds"])
    spans: dict[str, list[float]] = {}
    for (_, host), seconds in sorted(sums.items()):
        spans.setdefault(host, []).append(seconds)
    return spans
