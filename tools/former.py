"""How the version before behaves while it still runs: what the watch over its successor compares with."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from statistics import median

from config.contracts import Probe, Watch
from tools.clock import Clock
from tools.containers import Container, Containers
from tools.health import Answer, probe
from tools.hosts import Host
from tools.watch import error_lines

BASELINE_PROBES, FEWEST_PROBES = 20, 5
PATIENCE = timedelta(seconds=3)
"""A service that answers slowly is asked less often, so that the plan need not wait for it."""
_PAUSE = timedelta(milliseconds=5)
ENOUGH = 20
"""Fewer answers have no slowest tenth: one chance answer would be it."""
_LOG_WINDOWS, _LOG_LINES = 5, 5000


@dataclass(frozen=True, slots=True)
class Baseline:
    """How quickly good answers came: their median, and what one in ten exceeds, where there are enough to tell."""

    latency: timedelta
    answers: int
    slow: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Former:
    """What is known of the version before; None where nobody knows, as before a first deploy."""

    latency_ms: float | None = None
    slow_ms: float | None = None
    """One answer in ten took longer."""
    errors_per_minute: float = 0.0


def typical(latencies: Sequence[timedelta]) -> Baseline | None:
    """Take the median; None where there was no good answer, as before a first deploy."""
    if not latencies:
        return None
    middle = timedelta(seconds=median(latency.total_seconds() for latency in latencies))
    return Baseline(middle, len(latencies), slowest_tenth(latencies))


def slowest_tenth(latencies: Sequence[timedelta]) -> timedelta | None:
    """Tell what one answer in ten exceeds; None where there are too few to tell it from chance."""
    return sorted(latencies)[ceil(len(latencies) * 0.9) - 1] if len(latencies) >= ENOUGH else None


async def baseline(host: Host, request: Probe, clock: Clock, probes: int = BASELINE_PROBES) -> Baseline | None:
    """Measure the version that runs now, in requests one after the other, as seen from its host."""
    return await measured(lambda: probe(host, request), request, clock, probes)


async def measured(
    asked: Callable[[], Awaitable[Answer]], request: Probe, clock: Clock, probes: int = BASELINE_PROBES
) -> Baseline | None:
    """Ask again and again, less often where the answers are slow, and count the good ones."""
    latencies, begun = [], clock.monotonic()
    for number in range(probes):
        if number >= FEWEST_PROBES and clock.monotonic() - begun > PATIENCE.total_seconds():
            break
        if number:
            await clock.sleep(_PAUSE)
        answer = await asked()
        if answer.status == request.status:
            latencies.append(answer.latency)
    return typical(latencies)


async def errors_per_minute(containers: Containers, container: Container, watch: Watch) -> float:
    """Tell how many error lines the container writes in a minute, from the last few windows of its log."""
    now = await containers.now()
    since = now - _LOG_WINDOWS * watch.window
    since = max(since, container.started_at) if container.started_at else since
    log = await containers.logs(container.id, since=since, tail=_LOG_LINES)
    minutes = max(now - since, watch.window) / timedelta(minutes=1)
    return error_lines(log, watch.error_log) / minutes


def told(measured: Baseline | None, errors: float = 0.0) -> Former:
    """Put together what was measured."""
    if measured is None:
        return Former(errors_per_minute=round(errors, 2))
    slow = None if measured.slow is None else _ms(measured.slow)
    return Former(_ms(measured.latency), slow, round(errors, 2))


def _ms(duration: timedelta) -> float:
    return round(duration.total_seconds() * 1000, 1)
