"""Whether people can be called: the mail server and its login, the webhook and its secret, and what waits for them."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import make_url

from agents.entrypoints.checkup.check import Check, State, missing, ok, optional, settled, unknown
from agents.entrypoints.courier import EMAIL, TOO_OLD, WEBHOOK
from agents.entrypoints.figures import count
from agents.entrypoints.wiring import Databases, opened_store
from config.shipmate import Configuration
from tools.errors import TimedOut, Unreachable
from tools.history.outbox import Parcel
from tools.mail import Mail
from tools.references import is_loopback

MAIL, HOOK, SECRET = "escalation.email", "escalation.webhook", "SHIPMATE_ESCALATION_SECRET"


async def escalation_checks(configuration: Configuration, limit: timedelta) -> tuple[Check, ...]:
    """Look at both channels; no letter is sent, and nothing is posted."""
    found = [settled(MAIL, _mail(configuration), limit), settled(HOOK, _hook(configuration), limit)]
    wanted = {EMAIL: MAIL, WEBHOOK: HOOK}
    found += [
        settled(name, _waiting(configuration, channel, name), limit, State.UNKNOWN) for channel, name in wanted.items()
    ]
    return tuple(check for check in await asyncio.gather(*found) if check.detail)


async def _mail(configuration: Configuration) -> Check:
    settings, credentials = configuration.shipmate.escalation.email, configuration.credentials
    if settings.host is None:
        return optional(MAIL, "no host: no letters are sent", f"Set host and recipients in {configuration.path}.")
    if not settings.recipients:
        return missing(
            MAIL, f"nobody to write to by {settings.host}", f"Set {MAIL}.recipients in {configuration.path}."
        )
    try:
        await Mail(settings, credentials.smtp_username, credentials.smtp_password).check()
    except (Unreachable, TimedOut) as error:
        return unknown(MAIL, error.happened, "Check the address, the port and the network; letters wait meanwhile.")
    login = "login accepted" if credentials.smtp_username and settings.security != "none" else "no login"
    return ok(MAIL, f"{settings.host}:{settings.port}, {settings.security}, {login}")


async def _hook(configuration: Configuration) -> Check:
    url = configuration.shipmate.escalation.webhook.url
    if url is None:
        return optional(HOOK, "no url: nothing is posted", f"Set url in {configuration.path}, and {SECRET}.")
    parts = urlsplit(url)
    if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
        return missing(HOOK, f"{parts.hostname} is not asked by https", f"Set {HOOK}.url to an https:// address.")
    if configuration.credentials.escalation_secret is None:
        return missing(
            HOOK, f"{SECRET} is not set: nothing is posted", f"{SECRET}=$(openssl rand -hex 32), on both sides."
        )
    return ok(HOOK, f"{parts.hostname}, signed; not tried, because that would post something")


async def _waiting(configuration: Configuration, channel: str, name: str) -> Check:
    """Tell what has not arrived or never will, and why; nothing where all has."""
    file = make_url(Databases.of(configuration).store).database
    if not file or not await asyncio.to_thread(Path(file).exists):
        return ok(name)
    async with opened_store(configuration) as store:
        return judged(name, await store.outbox.open(channel), await store.outbox.given_up(channel, TOO_OLD))


def judged(name: str, waiting: tuple[Parcel, ...], lost: tuple[Parcel, ...]) -> Check:
    """Tell how much waits since when, how much was given up lately, and why; nothing where all has arrived."""
    found = [*_waits(waiting), *_lost(lost)]
    told, remedies = (" ".join(part) for part in zip(*found, strict=True)) if found else ("", "")
    return unknown(f"{name}: outbox", told, remedies) if found else ok(name)


def _waits(waiting: tuple[Parcel, ...]) -> Iterator[tuple[str, str]]:
    troubled = [parcel for parcel in waiting if parcel.attempts]
    if troubled:
        since, last = min(parcel.at for parcel in troubled), max(troubled, key=lambda one: one.attempts)
        told = f"{count(len(waiting), 'message')} not delivered since {since:%Y-%m-%d %H:%M} UTC: {last.note}"
        yield told, "They are sent by themselves when that is mended, for two days."


def _lost(lost: tuple[Parcel, ...]) -> Iterator[tuple[str, str]]:
    if lost:
        told = f"{count(len(lost), 'message')} not sent in the last two days, the newest about {lost[-1].thread}:"
        yield (
            f"{told} {lost[-1].note}",
            "What was given up is not sent again; ./shipmate status tells how things stand.",
        )
