"""The first seconds of a container: healthy, started, on time, with its files."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from config.contracts import Startup
from guardrails.startup import Started, started_well
from guardrails.verdict import Level

STARTUP = Startup(line=r"^Observer v\d+\.\d+\.\d+ started")
LOG = "loading\nObserver v1.2.3 started on :8000\n"
GOOD = Started(
    container="observer",
    healthy=True,
    log=LOG,
    clock_drift=timedelta(seconds=0.4),
    missing_paths=(),
)


def test_a_good_start_passes() -> None:
    assert not started_well(GOOD, STARTUP).findings


@pytest.mark.parametrize(
    ("rule", "told", "change"),
    [
        ("start-unhealthy", "is not healthy", {"healthy": False}),
        ("start-unhealthy", "nobody could read", {"healthy": None}),
        ("start-log-unread", "could not be read", {"log": None}),
        ("start-line-missing", "never showed", {"log": "loading\n"}),
        ("start-fatal-line", "1 fatal line(s): FATAL: no key", {"log": f"{LOG} FATAL: no key\n"}),
        ("start-fatal-line", "Traceback", {"log": f"{LOG}Traceback (most recent call last):\n"}),
        ("clock-drift", "5.1 s (limit 5 s)", {"clock_drift": timedelta(seconds=5.1)}),
        ("clock-drift", "9.0 s", {"clock_drift": timedelta(seconds=-9)}),
        ("path-missing", "config/observer must exist", {"missing_paths": ("config/observer",)}),
        ("paths-unknown", "could not be listed", {"missing_paths": None}),
    ],
)
def test_each_fault_alone_fails_the_start_and_names_itself(rule: str, told: str, change: dict[str, Any]) -> None:
    verdict = started_well(replace(GOOD, **change), STARTUP)
    assert [finding.rule for finding in verdict.findings] == [rule]
    assert told in verdict.findings[0].message
    assert verdict.blocks


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(3600, "3600 s ahead of the bot's"), (-60, "60 s behind the bot's"), (5, None), (-5, None)],
)
def test_p13_a_wrong_clock_of_the_host_is_warned_of_and_fails_nothing(seconds: int, told: str | None) -> None:
    verdict = started_well(replace(GOOD, host_drift=timedelta(seconds=seconds)), STARTUP)
    assert [finding.rule for finding in verdict.findings] == ["clock-host"] * (told is not None)
    assert not verdict.blocks
    assert all((told or "") in finding.message for finding in verdict.findings)


def test_an_image_that_cannot_tell_the_time_is_only_warned_of() -> None:
    verdict = started_well(replace(GOOD, clock_drift=None), STARTUP)
    assert [(finding.rule, finding.level) for finding in verdict.findings] == [("clock-unknown", Level.WARNING)]


def test_a_long_hostile_log_is_shown_in_a_few_short_lines() -> None:
    verdict = started_well(replace(GOOD, log=LOG + ("FATAL " + "x" * 5000 + "\n") * 50), STARTUP)
    (finding,) = verdict.findings
    assert "50 fatal line(s)" in finding.message
    assert len(finding.message) < 600


def test_no_start_up_line_is_asked_for_where_none_is_declared() -> None:
    assert not started_well(replace(GOOD, log=""), Startup()).findings
