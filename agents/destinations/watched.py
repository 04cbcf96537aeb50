"""What a watch over a moved service is told as, and what it compares with, whatever kind of place it went to."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from agents.events import ConditionLine, Look, Watched
from agents.state import State
from config.contracts import Watch
from guardrails.verdict import Level, Verdict
from guardrails.watchdog import latency_limit, seen
from tools.former import Former, typical
from tools.resources import CPU, MEMORY
from tools.watch import Sample


def remembered(former: Mapping[str, Former]) -> dict[str, dict[str, Any]]:
    """Write down how the version before behaved, place by place."""
    return {place: asdict(one) for place, one in former.items()}


def former_of(state: State, place: str) -> Former:
    """Read it back; a release that was planned before places were told apart knows one latency for all of them."""
    known = state.get("former", {}).get(place)
    return Former(**known) if known else Former(state.get("baseline_ms"))


def watched(
    samples: Sequence[Sample], former: Former, verdict: Verdict, watch: Watch, component: str = "", host: str = ""
) -> Watched:
    """Sum up a watch, and keep every look of it: people see it drawn."""
    now = typical([latency for sample in samples for latency in sample.answered])
    alarms = tuple(finding.message for finding in verdict.findings if finding.level is Level.BLOCKING)
    return Watched(
        len(samples),
        former.latency_ms,
        None if now is None else _ms(now.latency.total_seconds()),
        alarms,
        seen(samples, watch),
        component=component,
        host=host,
        limit_ms=latency_limit(former.latency_ms, watch),
        looks=tuple(_look(sample, samples[0].at) for sample in samples),
    )


def line(name: str, verdict: Verdict) -> ConditionLine:
    """Tell one part of an examination in a line; notes are left out."""
    told = "; ".join(finding.message for finding in verdict.findings if finding.level is not Level.NOTE)
    return ConditionLine(name, not verdict.blocks, told or "as it should be")


def _look(sample: Sample, begun: datetime) -> Look:
    used = {one.name: one.value for one in sample.measured}
    return Look(
        seconds=round((sample.at - begun).total_seconds(), 1),
        latency_ms=_ms(sample.latency.total_seconds()) if sample.status is not None else None,
        status=sample.status,
        error_lines=sample.error_lines,
        cpu=used.get(CPU),
        memory=used.get(MEMORY),
    )


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)
