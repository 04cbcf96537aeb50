"""How the bot hears of GitHub: by webhooks where it has their secret, by asking where it is told to, or not at all."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from agents.entrypoints.dispatch import Dispatcher
from agents.entrypoints.polling import Poller
from agents.entrypoints.webhooks import Door, open_webhooks
from agents.entrypoints.wiring import Bot
from config.shipmate import Configuration
from tools.tasks import end


@asynccontextmanager
async def hearing_of_github(bot: Bot, configuration: Configuration) -> AsyncIterator[tuple[str, ...]]:
    """Listen, ask, and work off what was told, until left; gives a sentence for each way to hear.

    What was accepted before a stop is worked off even where nothing is heard any more.
    """
    settings, crew = configuration.shipmate, bot.crew
    dispatcher = Dispatcher(crew, bot.repository_of, bot.pull_requests, bot.github, bot.gating)
    told: list[str] = []
    async with AsyncExitStack() as stack:
        work = [dispatcher.run(), bot.gating.run()]
        secret = configuration.credentials.github_webhook_secret
        if secret:
            door = Door(secret, configuration.services, crew.store.deliveries, dispatcher.ring)
            address = await stack.enter_async_context(open_webhooks(settings.webhooks, door))
            told.append(f"Listening for GitHub's webhooks at {address}.")
        if settings.polling.enabled and bot.github:
            every, deliveries = settings.polling.every, crew.store.deliveries
            poller = Poller(configuration.services, bot.github, deliveries, crew.clock, every, dispatcher.ring)
            work.append(poller.run())
            told.append(f"Asking GitHub for news every {every.total_seconds():g} s.")
        tasks = [asyncio.create_task(one) for one in work]
        try:
            yield tuple(told)
        finally:
            await end(tasks)
