from datetime import UTC, datetime, timedelta, timezone

import pytest

from tools.containers import drift_between, inspected, listed, logged, moment_of
from tools.inspection import FORMAT


def test_a_services_containers_are_found_by_composes_labels_stopped_ones_too() -> None:
    assert " ".join(listed("observer", "web")) == (
        "docker ps --all --quiet --no-trunc --filter label=com.docker.compose.project=observer"
        " --filter label=com.docker.compose.service=web --filter label=com.docker.compose.oneoff=False"
    )


def test_several_containers_are_described_by_one_command() -> None:
    assert inspected(("a", "b")) == ("docker", "inspect", "--type", "container", "--format", FORMAT, "a", "b")


@pytest.mark.parametrize(
    ("since", "words"),
    [
        (None, ()),
        (datetime(2026, 2, 6, 16, tzinfo=UTC), ("--since", "2026-02-06T16:00:00.000000Z")),
        (datetime(2026, 2, 6, 17, tzinfo=timezone(timedelta(hours=1))), ("--since", "2026-02-06T16:00:00.000000Z")),
    ],
)
def test_a_log_is_asked_for_since_a_moment(since: datetime | None, words: tuple[str, ...]) -> None:
    assert logged("abc", since, 20)[4:] == (*words, "--tail", "20", "abc")


@pytest.mark.parametrize(
    ("before", "inside", "after", "drift"),
    [(100, 100, 100, 0), (100, 101, 102, 0), (100, 109, 102, 7), (100, 94, 102, -6)],
)
def test_a_clock_drifts_only_beyond_the_time_that_the_question_took(
    before: int, inside: int, after: int, drift: int
) -> None:
    assert drift_between(before, inside, after) == timedelta(seconds=drift)


@pytest.mark.parametrize(
    ("text", "microsecond"), [("1770393600.123456789\n", 123456), ("1770393600.%N\n", 0), ("1770393600", 0)]
)
def test_the_hosts_clock_is_read_with_or_without_its_fraction(text: str, microsecond: int) -> None:
    assert moment_of(text) == datetime(2026, 2, 6, 16, 0, 0, microsecond, tzinfo=UTC)
