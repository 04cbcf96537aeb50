"""`shipmate serve`: the bot. It listens in Slack, moves releases on, and keeps every card true."""

import asyncio
import gc
import signal
from datetime import timedelta
from functools import partial

from agents.crew import Crew
from agents.entrypoints.courier import escalated_elsewhere
from agents.entrypoints.feed import Feed, Places
from agents.entrypoints.github_feed import mirrored_on_github
from agents.entrypoints.hearing import hearing_of_github
from agents.entrypoints.issue_feed import told_to_issues
from agents.entrypoints.pace import Limit, Pace
from agents.entrypoints.pictures import Pictures
from agents.entrypoints.posting import Poster
from agents.entrypoints.settling import hosts_settled
from agents.entrypoints.slack import Slack, check_tokens, open_slack
from agents.entrypoints.terminal import Out
from agents.entrypoints.warmth import warm_time_ended
from agents.entrypoints.wiring import working_bot
from config.shipmate import Configuration
from tools.tasks import end

FAREWELL = timedelta(seconds=5)
"""How long the last edits of cards may take at the end."""


async def serve(configuration: Configuration, out: Out) -> int:
    """Serve until SIGTERM or Ctrl-C; what is under way then goes on at the next start.

    Raises `Denied` for a missing or wrong token, before anything has been started.
    """
    await check_tokens(configuration)
    async with working_bot(configuration) as bot:
        crew = bot.crew
        slack = await open_slack(crew, configuration)
        crew.membership.home, crew.membership.tell = slack.team, slack.members
        _settle_down()
        try:
            names = ", ".join(configuration.services) or "no service yet"
            async with (
                mirrored_on_github(crew, configuration, slack.permalink),
                told_to_issues(crew, configuration, slack.permalink),
                escalated_elsewhere(crew, configuration),
                hosts_settled(crew),
                warm_time_ended(crew, configuration),
                hearing_of_github(bot, configuration) as heard,
            ):
                listening = f"Listening in Slack for {configuration.shipmate.slack.command} about {names}."
                out.write("\n".join((*heard, listening, "")))
                out.flush()
                await _until_told_to_stop(crew, slack, configuration)
        finally:
            await slack.close()
    out.write("Stopped. Releases under way go on at the next start.\n")
    return 0


def _settle_down() -> None:
    """Spare everybody the search for garbage among what lives as long as the process: it stopped the bot for 0.2 s."""
    gc.collect()
    gc.freeze()


def owners(configuration: Configuration, name: str) -> tuple[str, ...]:
    """Tell whom a service calls on; nobody where it is no longer configured."""
    service = configuration.services.get(name)
    return service.owners if service else ()


async def _until_told_to_stop(crew: Crew, slack: Slack, configuration: Configuration) -> None:
    settings = configuration.shipmate.slack
    pace = Pace(posts=Limit(1, settings.post_every.total_seconds()))
    poster = Poster(crew.store.messages, slack.board, crew.clock, settings.edit_every, pace)
    places = Places(settings.releases_channel, settings.escalation_channel)
    pictures = Pictures(poster, slack.pictures)
    feed = Feed(crew.store, poster, slack.voice, places, partial(owners, configuration), pictures)
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    writing = asyncio.create_task(feed.run())
    try:
        await told.wait()
    finally:
        await end([writing])
        await feed.caught_up(FAREWELL)
