"""The watchdog's judgement: any one alarm rolls the release back."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from statistics import median

from config.contracts import Watch
from guardrails.verdict import Finding, Level, Verdict
from tools.watch import Sample

_SERVER_ERROR = 500


def service_well(
    service: str, samples: Sequence[Sample], baseline: timedelta | None, restarts: int, watch: Watch
) -> Verdict:
    """Judge a whole window: one 5xx, no answer, latency, restarts, error log.

    `baseline` is the median latency before the deploy, None where nothing answered then;
    `restarts` is the container's count at the start of the watch.
    """
    if not samples:
        return Verdict.of([_finding("watch-unseen", service, "Nobody watched the service, so nobody knows.")])
    return Verdict.of((*_lasting(service, samples, restarts, watch), *_slow(service, samples, baseline, watch)))


def alarmed(samples: Sequence[Sample], restarts: int, watch: Watch) -> bool:
    """Tell whether watching on is useless: an alarm was raised that no later sample takes back.

    Latency is none of these: one slow answer is chance, and only the whole window has a median.
    """
    return bool(samples) and any(True for _ in _lasting("", samples, restarts, watch))


def _lasting(service: str, samples: Sequence[Sample], restarts: int, watch: Watch) -> Iterator[Finding]:
    failed = [sample for sample in samples if sample.status is not None and sample.status >= _SERVER_ERROR]
    silent = [sample.error or "no reason known" for sample in samples if sample.status is None]
    grown = max(sample.restarts for sample in samples) - restarts
    errors = max(sample.error_lines for sample in samples)
    if failed:
        first = failed[0].error or f"first {failed[0].status}"
        told = f"{len(failed)} of {len(samples)} looks met a server error: {first}."
        yield _finding("watch-server-error", service, told)
    if silent:
        told = f"{len(silent)} of {len(samples)} looks met no answer: {silent[0]}."
        yield _finding("watch-no-answer", service, told)
    if grown > 0:
        yield _finding("watch-restarts", service, f"The container restarted {grown} time(s).")
    if not all(sample.running for sample in samples):
        yield _finding("watch-stopped", service, "The container stopped running.")
    if errors > watch.error_log_surge:
        yield _finding("watch-error-log", service, f"{errors} error lines in the log (limit {watch.error_log_surge}).")


def _slow(service: str, samples: Sequence[Sample], baseline: timedelta | None, watch: Watch) -> Iterator[Finding]:
    """Compare medians: one slow answer is chance, and two tiny numbers have no ratio worth an alarm."""
    answered = [sample.latency.total_seconds() for sample in samples if sample.status is not None]
    if not answered:
        return
    typical = timedelta(seconds=median(answered))
    if baseline is None:
        message = f"Median latency {_ms(typical)}; there is no baseline to compare it with."
        yield _finding("watch-no-baseline", service, message, Level.NOTE)
    elif typical > max(watch.latency_floor, baseline * watch.latency_ratio):
        message = f"Median latency {_ms(typical)}, {_ms(baseline)} before (limit {watch.latency_ratio:g} times)."
        yield _finding("watch-latency", service, message)


def _finding(rule: str, service: str, message: str, level: Level = Level.BLOCKING) -> Finding:
    remedy = (
        "Nothing to do." if level is Level.NOTE else "Read the log of the watched window, fix the cause, release again."
    )
    return Finding(rule=rule, subject=service, message=message, remedy=remedy, level=level)


def _ms(duration: timedelta) -> str:
    return f"{duration.total_seconds() * 1000:.0f} ms"
