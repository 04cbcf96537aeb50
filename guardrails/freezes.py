"""When releases are frozen, by the clocks of the zones that people live in; pure, the moment is handed in.

A window reaches from the first moment at which its zone's clock shows its start, or has skipped it, to the moment
after which that clock never again shows less than its end. So a window over a clock change ends when the clock on
the wall says so, one that begins in an hour that exists twice begins with the first, and one that lies in an hour
that does not exist never is.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim

from config.freezes import Freeze

MOST_MERGED = 1000
"""Windows that follow each other without a pause; of more nobody can say when they end."""
_A_WHILE = timedelta(hours=3)
"""Longer than any clock is put back by."""
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Window:
    """One window, in UTC; `ends` is the first moment after it."""

    begins: datetime
    ends: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Frozen:
    """Releases are frozen: why, and until when; `until` is None where no end is in sight."""

    reason: str
    until: datetime | None


def frozen_at(freezes: Sequence[Freeze], moment: datetime) -> Frozen | None:
    """Tell why and until when releases are frozen at a moment; windows that touch each other are one."""
    holding = [window for freeze in freezes if (window := _at(freeze, moment))]
    if not holding:
        return None
    reason = "; ".join(dict.fromkeys(window.reason for window in holding))
    until = max(window.ends for window in holding)
    for _ in range(MOST_MERGED):
        later = max((window.ends for freeze in freezes if (window := _at(freeze, until))), default=until)
        if later == until:
            return Frozen(reason, until)
        until = later
    return Frozen(reason, None)


def next_freeze(freezes: Iterable[Freeze], moment: datetime) -> Window | None:
    """Return the first window that begins after a moment."""
    coming = [window for freeze in freezes if (window := _after(freeze, moment))]
    return min(coming, key=lambda window: (window.begins, window.ends), default=None)


def _at(freeze: Freeze, moment: datetime) -> Window | None:
    """Return the last window that has begun, where it has not ended; of those before none lasts longer."""
    zone = ZoneInfo(freeze.zone)
    begun = CronSim(freeze.starts, _highest(moment, zone) + _SECOND, reverse=True)
    window = next((_window(freeze, start, zone) for start in begun), None)
    return window if window and moment < window.ends else None


def _after(freeze: Freeze, moment: datetime) -> Window | None:
    zone = ZoneInfo(freeze.zone)
    windows = (_window(freeze, start, zone) for start in CronSim(freeze.starts, _highest(moment, zone)))
    return next((window for window in windows if window.begins < window.ends), None)


def _window(freeze: Freeze, start: datetime, zone: ZoneInfo) -> Window:
    return Window(_first_shown(start, zone), _last_passed(start + freeze.lasts, zone), freeze.reason)


def _wall(moment: datetime, zone: ZoneInfo) -> datetime:
    """Tell what the clock on the wall shows."""
    return moment.astimezone(zone).replace(tzinfo=None, microsecond=0, fold=0)


def _highest(moment: datetime, zone: ZoneInfo) -> datetime:
    """Tell the latest time that a clock has shown by now: more than now, where it was put back a while ago."""
    now, before = _wall(moment, zone), _wall(moment - _A_WHILE, zone)
    put_back = before + _A_WHILE - now
    if put_back <= timedelta(0):
        return now
    return max(now, _wall(_change(moment - _A_WHILE, moment, zone) - _SECOND, zone))


def _first_shown(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the first moment at which a clock shows a time, or has skipped it."""
    moment = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    return moment if _wall(moment, zone) == wall else _skip(wall, zone)


def _last_passed(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the first moment after which a clock never shows less than a time."""
    moment = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if _wall(moment, zone) != wall:
        return _skip(wall, zone)
    # Where the clock is put back to exactly this time, it has shown nothing less since it came by first.
    return moment if _wall(moment - _SECOND, zone) < wall else wall.replace(tzinfo=zone, fold=0).astimezone(UTC)


def _skip(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment at which a clock jumps over a time."""
    before, after = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (1, 0))
    return _change(before, after, zone)


def _change(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment between two at which a clock is put forward or back; there is one."""
    offset = after.astimezone(zone).utcoffset()
    before, after = before.replace(microsecond=0), after.replace(microsecond=0)
    while after - before > _SECOND:
        middle = (before + (after - before) / 2).replace(microsecond=0)
        changed = middle.astimezone(zone).utcoffset() == offset
        before, after = (before, middle) if changed else (middle, after)
    return after
