"""Talking no faster than allowed, and figures for people."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agents.entrypoints import figures
from agents.entrypoints.pace import Limit, Pace


@example([1, 0, 0], 1, 1.0)
@given(st.lists(st.integers(0, 30_000), max_size=60), st.integers(1, 5), st.floats(0.5, 10))
def test_no_window_ever_holds_more_than_allowed(gaps_ms: list[int], calls: int, seconds: float) -> None:
    pace, now, said = Pace({"edit": Limit(calls, seconds)}), 0.0, []
    for gap in gaps_ms:
        now += gap / 1000
        now += pace.wait("edit", now)
        if pace.wait("edit", now) == 0:
            pace.note("edit", now)
            said.append(now)
    for begin in said:
        assert sum(begin <= moment < begin + seconds - 1e-6 for moment in said) <= calls


def test_each_channel_has_its_own_pace() -> None:
    pace = Pace()
    pace.note("post C1", 0.0)
    assert pace.wait("post C1", 0.1) > 0.9
    assert pace.wait("post C2", 0.1) == 0


def test_a_silence_ends_and_may_be_about_one_thing_only() -> None:
    pace = Pace()
    pace.silence(5, 0.0, "edit")
    assert pace.wait("edit", 1.0) == 4
    assert pace.wait("post C1", 1.0) == 0
    pace.silence(2, 0.0)
    assert pace.wait("post C1", 1.0) == 1
    assert pace.wait("edit", 6.0) == 0


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.04, "0.0 s"),
        (2.31, "2.3 s"),
        (12.6, "13 s"),
        (185, "3 min 5 s"),
        (7800, "2 h 10 min"),
        (273_600, "3 d 4 h"),
        (59.7, "1 min"),
    ],
)
def test_durations_are_short(seconds: float, told: str) -> None:
    assert figures.duration(seconds) == told


@pytest.mark.parametrize(
    ("size", "before", "told"),
    [
        (512, None, "512 B"),
        (48_100_000, 46_900_000, "48.1 MB (+1.2 MB)"),
        (46_900_000, 48_100_000, "46.9 MB (-1.2 MB)"),
        (1_000, 1_000, "1.0 kB (unchanged)"),
        (5_300_000_000_000, None, "5300.0 GB"),
    ],
)
def test_sizes_are_told_with_their_change(size: int, before: int | None, told: str) -> None:
    assert figures.growth(size, before) == told
