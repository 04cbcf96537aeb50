"""The watchdog: one alarm is enough, and chance is not an alarm."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.contracts import Watch
from guardrails.verdict import Level, Verdict
from guardrails.watchdog import alarmed, service_well
from tools.watch import Sample

WATCH = Watch()
GOOD = Sample(
    datetime(2026, 2, 6, tzinfo=UTC), status=200, latency=timedelta(milliseconds=60), restarts=0, error_lines=0
)
BASELINE = timedelta(milliseconds=40)


def judge(*samples: Sample, baseline: timedelta | None = BASELINE, restarts: int = 0) -> Verdict:
    return service_well("observer", samples, baseline, restarts, WATCH)


def slow(milliseconds: float) -> Sample:
    return replace(GOOD, latency=timedelta(milliseconds=milliseconds))


def test_seven_good_answers_raise_no_alarm() -> None:
    assert not judge(*[GOOD] * 7).findings


@pytest.mark.parametrize(
    ("rule", "told", "change"),
    [
        ("watch-server-error", "1 of 7 looks met a server error: first 503", {"status": 503}),
        ("watch-no-answer", "1 of 7 looks met no answer: refused", {"status": None, "error": "refused"}),
        ("watch-restarts", "restarted 1 time", {"restarts": 1}),
        ("watch-stopped", "stopped", {"running": False}),
        ("watch-error-log", "6 error lines in the log (limit 5)", {"error_lines": 6}),
    ],
)
def test_one_bad_sample_is_an_alarm_that_ends_the_watch(rule: str, told: str, change: dict[str, Any]) -> None:
    samples = [*[GOOD] * 6, replace(GOOD, **change)]
    (finding,) = judge(*samples).findings
    assert finding.rule == rule
    assert told in finding.message
    assert judge(*samples).blocks
    assert alarmed(samples, 0, WATCH)
    assert not alarmed(samples[:-1], 0, WATCH)


@pytest.mark.parametrize(
    ("alarm", "baseline_ms", "milliseconds"),
    [
        (False, 40, [60, 60, 60]),
        (False, 40, [80, 80, 80]),
        (True, 40, [81, 81, 81]),
        (False, 40, [60, 60, 5000]),
        (True, 40, [60, 400, 400]),
        (False, 1, [49, 50, 50]),
        (True, 1, [51, 51, 51]),
        (True, 0, [51, 51]),
    ],
)
def test_latency_alarms_by_its_median_over_the_ratio_and_the_floor(
    alarm: bool, baseline_ms: int, milliseconds: list[int]
) -> None:
    before = timedelta(milliseconds=baseline_ms)
    verdict = judge(*map(slow, milliseconds), baseline=before)
    assert [finding.rule for finding in verdict.findings] == ["watch-latency"] * alarm
    assert not alarmed([slow(value) for value in milliseconds], 0, WATCH)


def test_without_a_baseline_latency_is_only_noted() -> None:
    verdict = judge(slow(5000), baseline=None)
    assert [(finding.rule, finding.level) for finding in verdict.findings] == [("watch-no-baseline", Level.NOTE)]


def test_a_watch_that_saw_nothing_is_an_alarm() -> None:
    assert [finding.rule for finding in judge().findings] == ["watch-unseen"]


def test_restarts_from_before_do_not_count_and_those_since_the_start_do() -> None:
    old = replace(GOOD, restarts=3)
    assert not judge(old, old, restarts=3).findings
    assert [finding.rule for finding in judge(old, old, restarts=2).findings] == ["watch-restarts"]


def test_a_client_error_or_a_few_error_lines_are_no_alarm() -> None:
    assert not judge(replace(GOOD, status=404), replace(GOOD, error_lines=5)).findings


samples = st.lists(
    st.builds(
        Sample,
        st.just(GOOD.at),
        st.none() | st.sampled_from([200, 404, 500, 503]),
        st.timedeltas(timedelta(0), timedelta(seconds=1)),
        st.integers(0, 2),
        st.integers(0, 9),
        st.booleans(),
    ),
    min_size=1,
    max_size=6,
)


@given(samples, samples)
def test_an_alarm_that_ends_the_watch_is_never_taken_back(seen: list[Sample], later: list[Sample]) -> None:
    if alarmed(seen, 0, WATCH):
        assert alarmed([*seen, *later], 0, WATCH)
        assert judge(*seen, *later).blocks
