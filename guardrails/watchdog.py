"""The watchdog's judgement: any one alarm rolls the release back."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from statistics import median

from config.contracts import Watch
from guardrails.verdict import Finding, Level, Verdict
from tools.former import Former, slowest_tenth
from tools.measurements import Measurement
from tools.resources import CPU, GPU, MEMORY
from tools.watch import Sample

SUSTAINED = 3
"""Looks in a row above a limit that are no spike any more; in a shorter window all of them, and at least two."""
NOTHING_KNOWN = Former()
_SERVER_ERROR = 500
_CALLED: Mapping[str, str] = {CPU: "CPU", MEMORY: "memory", GPU: "GPU"}
_PERCENT: Mapping[str, str] = {
    CPU: "CPU use, in percent of one CPU",
    MEMORY: "Memory use, in percent of the container's limit",
    GPU: "GPU use of the host, in percent",
}


def service_well(service: str, samples: Sequence[Sample], former: Former, restarts: int, watch: Watch) -> Verdict:
    """Judge a whole window: one 5xx, no answer, latency, restarts, error log, and what stays above its limit.

    `former` is how the version before behaved; `restarts` is how often the container had restarted when it was moved.
    """
    if not samples:
        return Verdict.of([_finding("watch-unseen", service, "Nobody watched the service, so nobody knows.")])
    lasting = _lasting(service, samples, restarts, watch, former)
    return Verdict.of((*lasting, *_slow(service, samples, former, watch), *_used(service, samples, watch)))


def alarmed(samples: Sequence[Sample], restarts: int, watch: Watch, former: Former = NOTHING_KNOWN) -> bool:
    """Tell whether watching on is useless: an alarm was raised that no later sample takes back.

    Latency is none of these: one slow answer is chance, and only the whole window has a median.
    """
    lasting = _lasting("", samples, restarts, watch, former) if samples else ()
    return any(True for _ in lasting) or _exceeded(samples, watch)


def latency_limit(former_ms: float | None, watch: Watch) -> float | None:
    """Tell the milliseconds above which a latency is too long; None where there is none of before to compare with."""
    floor = watch.latency_floor / timedelta(milliseconds=1)
    return None if former_ms is None else max(floor, former_ms * watch.latency_ratio)


def errors_limit(former: Former, watch: Watch) -> int:
    """Tell how many error lines a whole window may bring; a version that always wrote many may go on doing so."""
    expected = former.errors_per_minute * (watch.window / timedelta(minutes=1))
    return max(watch.error_log_surge, int(expected * watch.error_log_ratio))


def limits(watch: Watch) -> dict[str, float]:
    """Name what is measured beside the answers, with the value that it must not stay above."""
    uses = {CPU: watch.cpu_percent, MEMORY: watch.memory_percent, GPU: watch.gpu_percent}
    metrics = {f"metric {name}": metric.maximum for name, metric in sorted(watch.metrics.items())}
    return {name: limit for name, limit in uses.items() if limit is not None} | metrics


def seen(samples: Sequence[Sample], watch: Watch) -> tuple[str, ...]:
    """Tell in words what was measured: from the lowest to the highest, or why there is nothing."""
    return tuple(_told(name, limit, series(samples, name)) for name, limit in limits(watch).items())


def series(samples: Sequence[Sample], name: str) -> tuple[Measurement, ...]:
    """List what was measured under a name, look by look."""
    return tuple(one for sample in samples for one in sample.measured if one.name == name)


def _lasting(service: str, samples: Sequence[Sample], restarts: int, watch: Watch, former: Former) -> Iterator[Finding]:
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
    if errors > errors_limit(former, watch):
        before = f"{former.errors_per_minute:g} a minute before, " if former.errors_per_minute else ""
        told = f"{errors} error lines in the log ({before}limit {errors_limit(former, watch)})."
        yield _finding("watch-error-log", service, told)


def _slow(service: str, samples: Sequence[Sample], former: Former, watch: Watch) -> Iterator[Finding]:
    """Compare medians, and what one answer in ten exceeds: one slow answer is chance, and so are two tiny numbers."""
    answered = [latency for sample in samples for latency in sample.answered]
    if not answered:
        return
    typical, slowest = median(map(_ms, answered)), slowest_tenth(answered)
    if former.latency_ms is None:
        message = f"Median latency {typical:.0f} ms; there is no baseline to compare it with."
        yield _finding("watch-no-baseline", service, message, Level.NOTE)
    elif too_slow(typical, former.latency_ms, watch):
        message = f"Median latency {typical:.0f} ms, {former.latency_ms:.0f} ms before"
        yield _finding("watch-latency", service, f"{message} (limit {watch.latency_ratio:g} times).")
    elif slowest is not None and too_slow(_ms(slowest), former.slow_ms, watch):
        message = f"One answer in ten takes longer than {_ms(slowest):.0f} ms, {former.slow_ms:.0f} ms before"
        yield _finding("watch-latency", service, f"{message} (limit {watch.latency_ratio:g} times).")


def too_slow(milliseconds: float, former_ms: float | None, watch: Watch) -> bool:
    """Tell whether a latency is above its limit."""
    limit = latency_limit(former_ms, watch)
    return limit is not None and milliseconds > limit


def _used(service: str, samples: Sequence[Sample], watch: Watch) -> Iterator[Finding]:
    """Object to what stays above its limit. Silence is told and is no alarm: it says nothing about the service."""
    for name, limit in limits(watch).items():
        measured = series(samples, name)
        known = [one.value for one in measured if one.value is not None]
        subject = f"{service}: {name}"
        if _stays_above(known, limit):
            above = sum(value > limit for value in known)
            told = f"{_PERCENT.get(name, name.capitalize())}: above {limit:g} at {above} of {len(known)} looks"
            yield _finding(f"watch-{name.partition(' ')[0]}", subject, f"{told}, at most {max(known):g}.")
        elif not known:
            reason = measured[-1].unseen if measured else "nobody looked"
            yield _unseen(subject, f"Not seen: {reason}. The limit {limit:g} of {_called(name)} was not checked.")


def _told(name: str, limit: float, measured: Sequence[Measurement]) -> str:
    known = sorted(one.value for one in measured if one.value is not None)
    if known:
        return f"{_called(name)} {known[0]:.4g} to {known[-1]:.4g} (limit {limit:g})"
    return f"{_called(name)} not seen: {measured[-1].unseen if measured else 'nobody looked'} (limit {limit:g})"


def _called(name: str) -> str:
    return _CALLED.get(name, name)


def _exceeded(samples: Sequence[Sample], watch: Watch) -> bool:
    """Tell whether a limit was exceeded for so long that no later look takes it back."""
    for name, limit in limits(watch).items():
        known = [one.value for one in series(samples, name) if one.value is not None]
        if _longest_row(known, limit) >= SUSTAINED:
            return True
    return False


def _stays_above(known: Sequence[float], limit: float) -> bool:
    row = _longest_row(known, limit)
    return row >= SUSTAINED or 1 < row == len(known)


def _longest_row(values: Sequence[float], limit: float) -> int:
    longest = row = 0
    for value in values:
        row = row + 1 if value > limit else 0
        longest = max(longest, row)
    return longest


def _unseen(subject: str, message: str) -> Finding:
    remedy = "Mend what cannot be seen, or take its limit out of `watch`."
    return Finding(rule="watch-unmeasured", subject=subject, message=message, remedy=remedy, level=Level.WARNING)


def _finding(rule: str, service: str, message: str, level: Level = Level.BLOCKING) -> Finding:
    remedy = (
        "Nothing to do." if level is Level.NOTE else "Read the log of the watched window, fix the cause, release again."
    )
    return Finding(rule=rule, subject=service, message=message, remedy=remedy, level=level)


def _ms(duration: timedelta) -> float:
    return duration.total_seconds() * 1000
