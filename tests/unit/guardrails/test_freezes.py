"""P7: freeze windows are right across clock changes."""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.freezes import Freeze
from guardrails.freezes import Frozen, Window, frozen_at, next_freeze

BERLIN, NEW_YORK, KOLKATA, LORD_HOWE = "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def freeze(starts: str, lasts: str, zone: str = BERLIN, reason: str = "quiet") -> Freeze:
    return Freeze.model_validate({"starts": starts, "lasts": lasts, "zone": zone, "reason": reason})


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


WEEKEND = freeze("0 18 * * FRI", "62h", reason="weekend")


@pytest.mark.parametrize(
    ("moment", "until"),
    [
        ("2026-06-12T15:59", None),
        ("2026-06-12T16:00", "2026-06-15T06:00"),
        ("2026-06-15T05:59", "2026-06-15T06:00"),
        ("2026-06-15T06:00", None),
        ("2026-03-28T12:00", "2026-03-30T06:00"),  # the clock is put forward within: Monday 08:00 is an hour earlier
        ("2026-10-24T12:00", "2026-10-26T07:00"),  # and put back: an hour later
    ],
)
def test_a_weekend_ends_on_monday_at_eight_whatever_the_clocks_did(moment: str, until: str | None) -> None:
    assert frozen_at([WEEKEND], utc(moment)) == (Frozen("weekend", utc(until)) if until else None)


@pytest.mark.parametrize(
    ("zone", "starts", "lasts", "around", "begins", "ends"),
    [
        # 02:00-03:00 does not exist on 29 March in Berlin: 01:00 UTC is 03:00 there.
        (BERLIN, "30 2 * * *", "1h", "2026-03-28T12:00", "2026-03-29T01:00", "2026-03-29T01:30"),
        (BERLIN, "30 1 * * *", "1h", "2026-03-28T12:00", "2026-03-29T00:30", "2026-03-29T01:00"),
        # 02:00-03:00 exists twice on 25 October: 00:00-01:00 UTC and 01:00-02:00 UTC.
        (BERLIN, "30 2 * * *", "1h", "2026-10-24T12:00", "2026-10-25T00:30", "2026-10-25T02:30"),
        (BERLIN, "30 2 * * *", "15m", "2026-10-24T12:00", "2026-10-25T00:30", "2026-10-25T01:45"),
        (BERLIN, "0 1 * * *", "1h", "2026-10-24T12:00", "2026-10-24T23:00", "2026-10-25T00:00"),
        (BERLIN, "0 23 * * *", "4h", "2026-10-24T12:00", "2026-10-24T21:00", "2026-10-25T02:00"),
        # New York, 8 March: 07:00 UTC is 03:00; 1 November: 01:00-02:00 is 05:00-06:00 and 06:00-07:00 UTC.
        (NEW_YORK, "15 2 * * *", "2h", "2026-03-07T12:00", "2026-03-08T07:00", "2026-03-08T08:15"),
        (NEW_YORK, "30 1 * * *", "20m", "2026-10-31T12:00", "2026-11-01T05:30", "2026-11-01T06:50"),
        # No clock is ever changed in Kolkata, half an hour off.
        (KOLKATA, "0 22 * * *", "9h", "2026-03-29T00:00", "2026-03-29T16:30", "2026-03-30T01:30"),
        # Lord Howe goes by half an hour: 4 October 02:00 -> 02:30 at 15:30 UTC; 5 April 02:00 -> 01:30 at 15:00 UTC.
        (LORD_HOWE, "10 2 * * *", "1h", "2026-10-03T00:00", "2026-10-03T15:30", "2026-10-03T16:10"),
        (LORD_HOWE, "45 1 * * *", "30m", "2026-04-04T00:00", "2026-04-04T14:45", "2026-04-04T15:45"),
    ],
)
def test_a_window_over_a_clock_change_begins_and_ends_when_the_clock_on_the_wall_says_so(
    zone: str, starts: str, lasts: str, around: str, begins: str, ends: str
) -> None:
    window = freeze(starts, lasts, zone)
    assert next_freeze([window], utc(around)) == Window(utc(begins), utc(ends), "quiet")
    assert frozen_at([window], utc(begins) - MINUTE) is None
    assert frozen_at([window], utc(begins)) == Frozen("quiet", utc(ends))
    assert frozen_at([window], utc(ends) - MINUTE) == Frozen("quiet", utc(ends))
    assert frozen_at([window], utc(ends)) is None


def test_a_window_in_an_hour_that_does_not_exist_never_is() -> None:
    window = freeze("10 2 * * *", "20m")
    assert next_freeze([window], utc("2026-03-28T12:00")) == Window(
        utc("2026-03-30T00:10"), utc("2026-03-30T00:30"), "quiet"
    )
    assert frozen_at([window], utc("2026-03-29T01:00")) is None


def test_overlapping_and_touching_windows_are_one_and_name_every_reason_of_now() -> None:
    nights = freeze("0 22 * * *", "9h", reason="night")
    sunday = freeze("0 7 * * SUN", "15h", reason="Sunday")
    assert frozen_at([nights, WEEKEND, sunday], utc("2026-06-12T20:30")) == Frozen(
        "night; weekend", utc("2026-06-15T06:00")
    )
    assert frozen_at([nights, sunday], utc("2026-06-13T22:00")) == Frozen("night", utc("2026-06-15T05:00"))


def test_windows_without_a_pause_have_no_end_in_sight() -> None:
    assert frozen_at([freeze("0 * * * *", "1h")], utc("2026-06-12T20:30")) == Frozen("quiet", None)


def test_the_next_freeze_is_the_first_of_all() -> None:
    nights = freeze("0 22 * * *", "9h", reason="night")
    coming = next_freeze([WEEKEND, nights], utc("2026-06-12T12:00"))
    assert coming is not None
    assert coming.reason == "weekend"
    assert next_freeze([], utc("2026-06-12T12:00")) is None


def test_where_nothing_is_declared_nothing_is_frozen() -> None:
    assert frozen_at([], utc("2026-06-12T12:00")) is None


CHANGES = {
    BERLIN: ("2026-03-29T01:00", "2026-10-25T01:00"),
    NEW_YORK: ("2026-03-08T07:00", "2026-11-01T06:00"),
    KOLKATA: ("2026-03-29T01:00", "2026-12-31T18:30"),
    LORD_HOWE: ("2026-04-04T15:00", "2026-10-03T15:30"),
}
STARTS = st.builds(
    "{} {} * * {}".format,
    st.sampled_from(("0", "10", "30", "*/45", "0,50")),
    st.sampled_from(("*", "0", "1", "2", "3", "23", "1-3")),
    st.sampled_from(("*", "SUN", "0,6", "5")),
)


class Walk:
    """The slow oracle: the clock on the wall, minute by minute, and cron's fields looked up one by one."""

    def __init__(self, zone: str, change: datetime, days: int) -> None:
        self.moments = [change + MINUTE * n for n in range(-days * 1440, days * 1440)]
        self.walls = [moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) for moment in self.moments]

    def frozen(self, starts: str, lasts: timedelta) -> list[bool]:
        """Tell for every minute whether a window is open."""
        found = [False] * len(self.walls)
        highest, lowest_to_come = self._running()
        wall = self.walls[0] - lasts - HOUR
        while wall < self.walls[-1]:
            if fits(starts, wall):
                begin = bisect_left(highest, wall)
                end = bisect_left(lowest_to_come, wall + lasts)
                found[begin:end] = [True] * max(0, min(end, len(found)) - begin)
            wall += MINUTE
        return found

    def _running(self) -> tuple[Sequence[datetime], Sequence[datetime]]:
        highest, lowest = list(self.walls), list(self.walls)
        for n in range(1, len(highest)):
            highest[n] = max(highest[n], highest[n - 1])
        for n in range(len(lowest) - 2, -1, -1):
            lowest[n] = min(lowest[n], lowest[n + 1])
        return highest, lowest


def fits(starts: str, wall: datetime) -> bool:
    minute, hour, _, _, weekday = starts.split()
    names = weekday.replace("SUN", "0")
    return _in(minute, wall.minute) and _in(hour, wall.hour) and _in(names, wall.isoweekday() % 7)


def _in(field: str, value: int) -> bool:
    if field.startswith("*"):
        return value % int(field[2:] or 1) == 0
    low, dash, high = field.partition("-")
    return int(low) <= value <= int(high) if dash else str(value) in field.split(",")


@settings(max_examples=60, deadline=None)
@given(
    zone=st.sampled_from(tuple(CHANGES)),
    spring=st.booleans(),
    starts=STARTS,
    lasts=st.integers(1, 300).map(lambda n: MINUTE * n),
    looks=st.lists(st.integers(-260, 260), min_size=12, max_size=12),
)
def test_every_minute_is_as_frozen_as_a_walk_along_the_clock_says(
    zone: str, spring: bool, starts: str, lasts: timedelta, looks: list[int]
) -> None:
    change = utc(CHANGES[zone][not spring])
    window = Freeze(starts=starts, lasts=lasts, zone=zone, reason="quiet")
    walk = Walk(zone, change, days=1)
    frozen = walk.frozen(starts, lasts)
    for look in looks:
        at = 1440 + look
        held = frozen_at([window], walk.moments[at])
        assert (held is not None) == frozen[at], walk.moments[at]
        if held and False in frozen[at:]:
            assert held.until == walk.moments[frozen.index(False, at)]
