"""The watchdog's eyes: how a service behaves for a while. What it means is decided by `guardrails/watchdog.py`."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import median

from config.contracts import MetricWatch, Probe, Watch
from tools import prometheus
from tools.clock import Clock
from tools.containers import Containers
from tools.health import Answer, probe
from tools.hosts import Host
from tools.measurements import Measurement
from tools.resources import CPU, MEMORY, container_use, gpu_use

_SERVER_ERROR = 500
_STATS_TAKE = timedelta(seconds=2)
"""Looks that follow each other more quickly measure only what has a limit."""
_LOG_LINES = 2000
"""More error lines than this are not counted; long before that they are a surge."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at a service."""

    at: datetime
    status: int | None
    """The worst of all answers; None: a request had no answer, and `error` says which and why."""
    latency: timedelta
    """Of the request that the baseline was measured with, asked alone; the median where it was asked several times."""
    restarts: int
    error_lines: int
    """Matching log lines since the watch began."""
    running: bool = True
    error: str = ""
    measured: tuple[Measurement, ...] = ()
    """What else is watched, as the service's settings want it: CPU, memory, GPU, queries to Prometheus."""
    latencies: tuple[timedelta, ...] = ()
    """Of every answer behind `latency`; empty where there was one request."""

    @property
    def answered(self) -> tuple[timedelta, ...]:
        """List the latencies of this look; none where a request had no answer."""
        return () if self.status is None else self.latencies or (self.latency,)


def error_lines(log: str, pattern: str) -> int:
    """Count the log lines that match."""
    return sum(1 for line in log.splitlines() if re.search(pattern, line))


def worst(answers: Iterable[tuple[Probe, Answer]]) -> tuple[int | None, str]:
    """Pick the answer that weighs most, no answer before any status, and say what was asked where it is an error."""
    request, answer = max(answers, key=lambda pair: (pair[1].status is None, pair[1].status or 0))
    if answer.status is None:
        return None, f"GET {request.url}: {answer.error}"
    return answer.status, f"GET {request.url} answered {answer.status}" if answer.status >= _SERVER_ERROR else ""


async def observe(
    containers: Containers,
    container: str,
    requests: Sequence[Probe],
    watch: Watch,
    clock: Clock,
    *,
    enough: Callable[[Sequence[Sample]], bool] = lambda _: False,
) -> tuple[Sample, ...]:
    """Look at one container at once and then `every` so often until the window is over or the samples are `enough`.

    Each look times the first request alone, `watch.probes` times, and then puts `watch.load` of each of the others side
    by side, while what the container uses is measured: that takes a second or two, so looks may be further apart than
    `every`. A container that was replaced or removed counts as not running any more.
    """
    since, started = await containers.now(), clock.monotonic()
    samples: list[Sample] = []
    for number in range(watch.window // watch.every + 1):
        elapsed = timedelta(seconds=clock.monotonic() - started)
        await clock.sleep(max(timedelta(), number * watch.every - elapsed))
        at, alone = clock.now(), [await probe(containers.host, requests[0]) for _ in range(watch.probes)]
        together, measured = await asyncio.gather(
            _burst(containers.host, requests[1:], watch.load), measure(containers.host, container, watch)
        )
        look = timed(at, [(requests[0], one) for one in alone], together)
        samples.append(replace(await _inside(look, containers, container, watch, since), measured=measured))
        if enough(samples):
            break
    return tuple(samples)


async def measure(host: Host, container: str, watch: Watch) -> tuple[Measurement, ...]:
    """Measure side by side, in a fixed order, what has a limit; CPU and memory also where there is the time for it."""
    unhurried = watch.every >= _STATS_TAKE
    wanted = {CPU: unhurried or watch.cpu_percent, MEMORY: unhurried or watch.memory_percent}
    looks = [metric_value(name, metric) for name, metric in sorted(watch.metrics.items())]
    if watch.gpu_percent is not None:
        looks.insert(0, gpu_use(host))
    uses = container_use(host, container) if any(wanted.values()) else _nothing()
    measured, *others = await asyncio.gather(uses, *(_alone(look) for look in looks))
    return (*(one for one in measured if wanted[one.name]), *(one for other in others for one in other))


async def _nothing() -> tuple[Measurement, ...]:
    return ()


async def _alone(look: Awaitable[Measurement]) -> tuple[Measurement, ...]:
    return (await look,)


async def metric_value(name: str, metric: MetricWatch) -> Measurement:
    """Ask Prometheus for one of the service's own queries."""
    return Measurement(f"metric {name}", *await prometheus.ask(metric.url, metric.query))


async def _burst(host: Host, requests: Sequence[Probe], load: int) -> list[tuple[Probe, Answer]]:
    burst = [request for request in requests for _ in range(load)]
    return list(zip(burst, await asyncio.gather(*(probe(host, request) for request in burst)), strict=True))


def timed(at: datetime, alone: Sequence[tuple[Probe, Answer]], together: Sequence[tuple[Probe, Answer]]) -> Sample:
    """Sum up the answers of one look."""
    status, error = worst((*alone, *together))
    latencies = tuple(answer.latency for _, answer in alone if answer.status is not None)
    middle = median(latency.total_seconds() for latency in latencies or [alone[0][1].latency])
    return Sample(at, status, timedelta(seconds=middle), restarts=0, error_lines=0, error=error, latencies=latencies)


async def _inside(look: Sample, containers: Containers, container: str, watch: Watch, since: datetime) -> Sample:
    """Add to a look what the engine and the log tell."""
    seen = await containers.inspect(container)
    log = await containers.logs(container, since=since, tail=_LOG_LINES)
    return replace(
        look,
        restarts=seen.restarts if seen else 0,
        error_lines=error_lines(log, watch.error_log),
        running=seen is not None and seen.running,
    )
