"""Freeze windows: when nothing may be released. Cron says when one begins, a duration how long it lasts."""

from datetime import datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, Field

from config.duration import Duration
from config.nearest import nearest
from config.settings import Settings

SHORTEST, LONGEST = timedelta(minutes=1), timedelta(days=366)
_FIELDS = 5
_ANY_MOMENT = datetime(2026, 1, 1)  # noqa: DTZ001 - on the clock of whatever zone


def _cron(text: str) -> str:
    if len(text.split()) != _FIELDS:
        raise ValueError("should be cron's five fields (minute hour day month weekday), such as 0 18 * * FRI")
    try:
        first = next(CronSim(text, _ANY_MOMENT), None)
    except CronSimError as error:
        raise ValueError(f"is no cron expression: {error}; write one such as 0 18 * * FRI") from error
    if first is None:
        raise ValueError("never begins: no day in the calendar fits")
    return text


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        guess = nearest(name, available_timezones())
        hint = f", did you mean '{guess}'?" if guess else "; write one such as Europe/Berlin or UTC"
        raise ValueError(f"'{name[:40]}' is no IANA time zone{hint}") from error
    return name


def _long_enough(duration: timedelta) -> timedelta:
    if duration < SHORTEST:
        raise ValueError("should be a minute or more, such as 62h")
    if duration > LONGEST:
        raise ValueError(f"should be {LONGEST.days}d or less, such as 62h")
    return duration


class Freeze(Settings):
    """A window in which nothing is released, again and again. Rollbacks are never frozen."""

    starts: Annotated[str, AfterValidator(_cron)]
    """When it begins, by the clock of the zone: cron's minute, hour, day, month, weekday."""
    lasts: Annotated[Duration, AfterValidator(_long_enough)]
    """How long, by the same clock: 62h from Friday 18:00 end on Monday 08:00, also when clocks change meanwhile."""
    zone: Annotated[str, AfterValidator(_zone)] = "UTC"
    """IANA time zone: `Europe/Berlin`."""
    reason: str = Field(min_length=1, max_length=200)
    """Told to whoever is refused."""
