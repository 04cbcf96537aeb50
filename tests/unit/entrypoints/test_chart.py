"""The picture of a watch, and the same in a line of a terminal."""

import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from agents.entrypoints.chart import HEIGHT, WIDTH, alt_text, drawable, png, sparkline
from agents.entrypoints.pictures import MOST, worth_drawing
from agents.events import Look, Watched

WATCHED = Watched(
    4,
    14.0,
    16.0,
    (),
    component="observer",
    host="alpha",
    limit_ms=50.0,
    looks=(Look(0, 15, 200, 0, 12, 30), Look(5, 16, 200, 1, 20, 31), Look(10, 49, 503, 3), Look(15, None, None, 3)),
)


def colours(event: Watched) -> set[tuple[int, ...]]:
    """Tell what is painted, as red, green and blue."""
    image = Image.open(io.BytesIO(png(event))).convert("RGB")
    assert image.size == (WIDTH, HEIGHT)
    return {colour for _, colour in image.getcolors(WIDTH * HEIGHT) or () if isinstance(colour, tuple)}


def near(colour: tuple[int, int, int], painted: set[tuple[int, ...]]) -> bool:
    return any(sum(abs(a - b) for a, b in zip(colour, other, strict=True)) < 40 for other in painted)


def test_the_picture_shows_latency_baseline_limit_and_errors_on_paper_of_its_own() -> None:
    painted = colours(WATCHED)
    latency, before, limit, bad = (92, 200, 255), (143, 214, 148), (255, 180, 84), (255, 107, 107)
    assert [colour for colour in (latency, before, limit, bad) if not near(colour, painted)] == []
    calm = replace(WATCHED, baseline_ms=None, limit_ms=None, looks=WATCHED.looks[:1] * 2)
    assert not any(near(colour, colours(calm)) for colour in (before, limit, bad))
    assert Image.open(io.BytesIO(png(WATCHED))).getpixel((0, 0)) == (22, 32, 46)


def test_the_picture_is_small_and_always_the_same() -> None:
    assert png(WATCHED) == png(WATCHED)
    assert len(png(WATCHED)) < 60_000


def test_its_words_tell_what_it_shows() -> None:
    assert alt_text(WATCHED) == (
        "observer on alpha: 4 looks in 15 s. Latency from 15 to 49 ms, 14 ms before, limit 50 ms. 2 looks with an "
        "error or no answer. 3 error lines in the log. CPU from 12 to 20 %. Memory from 30 to 31 %."
    )


def test_what_was_seen_from_outside_claims_nothing_about_a_log() -> None:
    outside = replace(WATCHED, component="", host="", looks=(Look(0, 15, 200), Look(5, 16, 200)))
    assert alt_text(outside) == (
        "2 looks in 5 s. Latency from 15 to 16 ms, 14 ms before, limit 50 ms. 0 looks with an error or no answer."
    )


@pytest.mark.parametrize(
    ("latencies", "limit", "line"),
    [
        ([10, 20, 40, 80], 80.0, "▂▃▅█  latency in 3 s, full height 80 ms, limit 80 ms"),
        ([10, None, 10], None, "█✗█  latency in 2 s, full height 10 ms"),
        ([10], 80.0, ""),
    ],
)
def test_a_terminal_draws_it_in_a_line(latencies: list[float | None], limit: float | None, line: str) -> None:
    looks = tuple(Look(float(at), one, 200 if one else None) for at, one in enumerate(latencies))
    assert sparkline(replace(WATCHED, looks=looks, limit_ms=limit)) == line


def test_of_many_watches_alarms_come_first_and_then_what_came_nearest_to_its_limit() -> None:
    many = [replace(WATCHED, host=f"host-{ms}", median_ms=float(ms)) for ms in (10, 40, 20, 30, 25)]
    alarm = replace(WATCHED, host="bad", median_ms=1.0, alarms=("5xx",))
    unseen = replace(WATCHED, host="older", looks=())
    chosen = worth_drawing([*many, alarm, unseen])
    assert [one.host for one in chosen] == ["bad", "host-40", "host-30", "host-25"][:MOST]


some = st.none() | st.floats(0, 1e7)
looks = st.lists(
    st.builds(Look, st.floats(0, 1e5), some, st.none() | st.integers(200, 599), st.integers(0, 9999), some, some),
    min_size=2,
    max_size=9,
)


@given(looks, some, some)
def test_whatever_was_seen_can_be_told_in_words(seen: list[Look], before: float | None, limit: float | None) -> None:
    event = replace(WATCHED, looks=tuple(seen), baseline_ms=before, limit_ms=limit)
    assert drawable(event)
    assert len(sparkline(event).split("  ")[0]) == len(seen)
    assert len(alt_text(event)) <= 1000


@pytest.mark.parametrize("latency", [None, 0.0, 1e7])
def test_whatever_was_seen_can_be_drawn(latency: float | None) -> None:
    seen = (Look(0, latency, None, 0, None, None), Look(0, latency, 200, 7, 1e6, 0.0), Look(1e5, 1, 503, 3, 5, None))
    assert colours(replace(WATCHED, looks=seen, baseline_ms=latency, limit_ms=latency))
