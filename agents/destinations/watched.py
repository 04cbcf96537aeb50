"""What a watch over a moved service is told as, whatever kind of place it went to."""

from collections.abc import Sequence

from agents.events import ConditionLine, Watched
from guardrails.verdict import Level, Verdict
from tools.watch import Sample


def watched(
    samples: Sequence[Sample], baseline_ms: float | None, verdict: Verdict, seen: tuple[str, ...] = ()
) -> Watched:
    """Sum up a watch: how often was looked, the median latency before and now, and the alarms."""
    latencies = sorted(sample.latency.total_seconds() * 1000 for sample in samples if sample.status is not None)
    median = round(latencies[len(latencies) // 2], 1) if latencies else None
    alarms = tuple(finding.message for finding in verdict.findings if finding.level is Level.BLOCKING)
    return Watched(len(samples), baseline_ms, median, alarms, seen)


def line(name: str, verdict: Verdict) -> ConditionLine:
    """Tell one part of an examination in a line; notes are left out."""
    told = "; ".join(finding.message for finding in verdict.findings if finding.level is not Level.NOTE)
    return ConditionLine(name, not verdict.blocks, told or "as it should be")
