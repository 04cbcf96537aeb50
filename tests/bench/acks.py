"""How fast Slack gets its acknowledgements with many commands at once, while everything else is slow (P21)."""

import asyncio

from tests.bench.approval import conversation
from tests.bench.figures import Goal, Report, Series
from tests.emulators.loopback import FOR_EVER
from tests.stage.conversation import ANA, RELEASES, Conversation
from tests.stage.stage import Stage

AT_ONCE = 200
SLOW_SECONDS = 2.0
LIMIT_SECONDS = 0.3
COMMANDS = ("status", "history observer", "observer v9.9.9", "help")
"""The third opens a release, which the analyzer then refuses: that version does not exist."""


async def bench(stage: Stage, rounds: int) -> Report:
    """Send the commands of all rounds, each round at once."""
    latencies: list[float] = []
    async with conversation(stage, "bench-acks") as chat:
        _slow_down(chat)
        for _ in range(rounds):
            latencies += await _burst(chat)
    series = Series(f"ack of {AT_ONCE} commands at once, neighbours {SLOW_SECONDS:g} s late", "s", tuple(latencies))
    return Report("acks", (series,), (Goal("ack, 99 of 100, seconds", series.percentile(0.99), LIMIT_SECONDS),))


def _slow_down(chat: Conversation) -> None:
    chat.slack.faults.slow_down(SLOW_SECONDS, path="/api/", times=FOR_EVER)
    chat.github.faults.slow_down(SLOW_SECONDS, times=FOR_EVER)
    chat.model.faults.slow_down(SLOW_SECONDS, times=FOR_EVER)


async def _burst(chat: Conversation) -> list[float]:
    words = [COMMANDS[number % len(COMMANDS)] for number in range(AT_ONCE)]
    sent = [chat.slack.types(ANA, RELEASES, f"/deploy {word}") for word in words]
    settled = await asyncio.gather(*(delivery.settled() for delivery in sent if delivery is not None))
    lost = [delivery.outcome for delivery in settled if delivery.outcome != "acked"]
    if lost:
        raise RuntimeError(f"{len(lost)} of {AT_ONCE} commands were not acknowledged: {lost[0]}")
    return [delivery.latency.total_seconds() for delivery in settled if delivery.latency]
