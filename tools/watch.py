"""The watchdog's eyes: how a service behaves for a while. What it means is decided by `guardrails/watchdog.py`."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from config.service import Probe, Watch
from tools.clock import Clock
from tools.containers import Containers
from tools.health import probe
from tools.hosts import Host

BASELINE_PROBES = 5
_LOG_LINES = 2000
"""More error lines than this are not counted; long before that they are a surge."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at a service."""

    at: datetime
    status: int | None
    """None: nothing answered, and `error` says why."""
    latency: timedelta
    restarts: int
    error_lines: int
    """Matching log lines since the watch began."""
    running: bool = True
    error: str = ""


@dataclass(frozen=True, slots=True)
class Baseline:
    """How a service answered before the deploy: the median of the good answers."""

    latency: timedelta
    answers: int


def error_lines(log: str, pattern: str) -> int:
    """Count the log lines that match."""
    return sum(1 for line in log.splitlines() if re.search(pattern, line))


def typical(latencies: Sequence[timedelta]) -> Baseline | None:
    """Take the median; None where there was no good answer, as before a first deploy."""
    if not latencies:
        return None
    return Baseline(timedelta(seconds=median(latency.total_seconds() for latency in latencies)), len(latencies))


async def baseline(host: Host, request: Probe, clock: Clock, probes: int = BASELINE_PROBES) -> Baseline | None:
    """Measure the version that runs now, in a few requests one after the other."""
    latencies = []
    for number in range(probes):
        if number:
            await clock.sleep(timedelta(milliseconds=50))
        answer = await probe(host, request)
        if answer.status == request.status:
            latencies.append(answer.latency)
    return typical(latencies)


async def observe(
    containers: Containers,
    container: str,
    request: Probe,
    watch: Watch,
    clock: Clock,
    *,
    enough: Callable[[Sequence[Sample]], bool] = lambda _: False,
) -> tuple[Sample, ...]:
    """Look at one container at once and then `every` so often until the window is over or the samples are `enough`.

    A container that was replaced or removed counts as not running any more.
    """
    since, started = await containers.now(), clock.monotonic()
    samples: list[Sample] = []
    for number in range(watch.window // watch.every + 1):
        elapsed = timedelta(seconds=clock.monotonic() - started)
        await clock.sleep(max(timedelta(), number * watch.every - elapsed))
        samples.append(await _sample(containers, container, request, watch.error_log, since, clock.now()))
        if enough(samples):
            break
    return tuple(samples)


async def _sample(
    containers: Containers, container: str, request: Probe, error_log: str, since: datetime, at: datetime
) -> Sample:
    answer = await probe(containers.host, request)
    seen = await containers.inspect(container)
    log = await containers.logs(container, since=since, tail=_LOG_LINES)
    return Sample(
        at=at,
        status=answer.status,
        latency=answer.latency,
        restarts=seen.restarts if seen else 0,
        error_lines=error_lines(log, error_log),
        running=seen is not None and seen.running,
        error=answer.error,
    )
