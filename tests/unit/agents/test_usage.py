"""Whose a file is that changed in the very second of a start."""

from datetime import UTC, datetime, timedelta

import pytest

from agents.destinations.compose.usage import since

STARTED = datetime(2026, 2, 6, 16, 0, 0, 400_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("milliseconds", "ours"),
    [(-1000, False), (-250, False), (-50, True), (0, True), (300, True), (5000, True)],
)
def test_what_the_version_before_wrote_last_is_not_taken_for_the_new_ones(milliseconds: int, ours: bool) -> None:
    assert since(STARTED, STARTED + timedelta(milliseconds=milliseconds)) is ours


@pytest.mark.parametrize(("second", "ours"), [(-1, False), (0, True), (1, True)])
def test_where_only_seconds_are_known_the_second_of_the_start_counts(second: int, ours: bool) -> None:
    assert since(STARTED, STARTED.replace(microsecond=0) + timedelta(seconds=second)) is ours
