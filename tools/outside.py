"""A service as its users meet it: asked over its addresses from the bot's own machine, with no container in sight."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta

from config.contracts import Health, Probe, Watch
from tools.clock import Clock
from tools.former import Baseline, measured
from tools.health import POLL, Answer, ask, wrong
from tools.watch import Sample, metric_value, timed


async def baseline(request: Probe, clock: Clock) -> Baseline | None:
    """Measure the version that runs now, in requests one after the other."""
    return await measured(lambda: ask(request), request, clock)


async def answers_well(health: Health, clock: Clock) -> str:
    """Wait until the probe is answered as it should be; returns what is wrong when all attempts are over."""
    fault = ""
    for _ in range(health.retries + 1):
        deadline = clock.monotonic() + health.timeout.total_seconds()
        fault = wrong(await ask(health.probe), health.probe)
        while fault and clock.monotonic() < deadline:
            await clock.sleep(POLL)
            fault = wrong(await ask(health.probe), health.probe)
        if not fault:
            break
    return fault


async def samples(requests: Sequence[Probe], watch: Watch, clock: Clock) -> AsyncIterator[Sample]:
    """Look at once and then `every` so often until the window is over.

    Each look times the first request alone, `watch.probes` times, and then puts `watch.load` of each of the others side
    by side.
    """
    started = clock.monotonic()
    for number in range(watch.window // watch.every + 1):
        elapsed = timedelta(seconds=clock.monotonic() - started)
        await clock.sleep(max(timedelta(), number * watch.every - elapsed))
        yield await _sample(requests, watch, clock)


async def _sample(requests: Sequence[Probe], watch: Watch, clock: Clock) -> Sample:
    at, alone = clock.now(), [await ask(requests[0]) for _ in range(watch.probes)]
    together, known = await asyncio.gather(
        _burst(requests[1:], watch.load),
        asyncio.gather(*(metric_value(name, settings) for name, settings in sorted(watch.metrics.items()))),
    )
    return replace(timed(at, [(requests[0], one) for one in alone], together), measured=tuple(known))


async def _burst(requests: Sequence[Probe], load: int) -> list[tuple[Probe, Answer]]:
    burst = [request for request in requests for _ in range(load)]
    return list(zip(burst, await asyncio.gather(*map(ask, burst)), strict=True))
