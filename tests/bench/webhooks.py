"""How fast GitHub gets its answers with many webhooks at once, while a release is under way and neighbours are slow."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pydantic import SecretStr

from tests.bench.figures import Goal, Report, Series
from tests.emulators.github.webhooks import Delivery, Webhook
from tests.emulators.loopback import FOR_EVER
from tests.stage.conversation import Conversation
from tests.stage.observer.site import ObserverSite
from tests.stage.ports import free_port
from tests.stage.stage import Stage

AT_ONCE = 100
SLOW_SECONDS = 2.0
LIMIT_SECONDS = 1.0
HOME = "acme/observer"
STAGING = {"triggers": {"branches": ["main"], "tags": []}}


async def bench(stage: Stage, rounds: int) -> Report:
    """Send the deliveries of all rounds, each round at once: pushes, pull requests, checks, and what means nothing."""
    latencies: list[float] = []
    async with _told_by_github(stage) as (chat, hook):
        chat.github.faults.slow_down(SLOW_SECONDS, times=FOR_EVER)
        chat.says("/deploy observer v1.2.3")
        commit = chat.github[HOME].git.resolve("main") or ""
        for _ in range(rounds):
            said = await asyncio.gather(*(hook.sends(one) for one in _deliveries(hook, commit)))
            wrong = [answer for answer in said if answer.status != 202]
            if wrong:
                raise RuntimeError(f"{len(wrong)} of {AT_ONCE} webhooks were not taken: {wrong[0]}")
            latencies += [answer.seconds for answer in said]
        await chat.card(shows="(main) in staging")
    name = f"answer to {AT_ONCE} webhooks at once, a release under way, GitHub {SLOW_SECONDS:g} s late"
    series = Series(name, "s", tuple(latencies))
    return Report("webhooks", (series,), (Goal("answer, 99 of 100, seconds", series.percentile(0.99), LIMIT_SECONDS),))


def _deliveries(hook: Webhook, commit: str) -> list[Delivery]:
    kinds = (
        lambda: hook.delivery("push", HOME, "ana", ref="refs/heads/main", after=commit),
        lambda: hook.delivery("pull_request", HOME, "ana", number=7),
        lambda: hook.delivery("check_suite", HOME, "ana"),
        lambda: hook.delivery("push", HOME, "ana", ref="refs/heads/other", after=commit),
    )
    return [kinds[number % len(kinds)]() for number in range(AT_ONCE)]


@asynccontextmanager
async def _told_by_github(stage: Stage) -> AsyncIterator[tuple[Conversation, Webhook]]:
    secret, port = secrets.token_hex(16), free_port()
    bot = {"webhooks": {"port": port}}
    site = ObserverSite(stage, stage.scratch("bench-webhooks"), environments={"staging": STAGING}, bot=bot)
    try:
        await asyncio.to_thread(site.prepare)
        async with (
            Conversation(site, environ={"GITHUB_WEBHOOK_SECRET": secret}) as chat,
            Webhook(f"http://127.0.0.1:{port}/github", SecretStr(secret)) as hook,
        ):
            yield chat, hook
    finally:
        site.clear()
