"""The watchdog: one alarm is enough, and chance is not an alarm."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.contracts import MetricWatch, Watch
from guardrails.verdict import Level, Verdict
from guardrails.watchdog import alarmed, seen, service_well
from tools.former import Former
from tools.measurements import Measurement
from tools.watch import Sample

WATCH = Watch()
GOOD = Sample(
    datetime(2026, 2, 6, tzinfo=UTC), status=200, latency=timedelta(milliseconds=60), restarts=0, error_lines=0
)
BASELINE = Former(40)


def judge(*samples: Sample, former: Former = BASELINE, restarts: int = 0) -> Verdict:
    return service_well("observer", samples, former, restarts, WATCH)


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
    verdict = judge(*map(slow, milliseconds), former=Former(baseline_ms))
    assert [finding.rule for finding in verdict.findings] == ["watch-latency"] * alarm
    assert not alarmed([slow(value) for value in milliseconds], 0, WATCH)


def many(*milliseconds: int) -> Sample:
    return replace(GOOD, latencies=tuple(timedelta(milliseconds=one) for one in milliseconds))


@pytest.mark.parametrize(
    ("alarm", "former", "slow_answers", "looks"),
    [
        (True, Former(40, 45), 3, 7),
        (False, Former(40, 45), 2, 7),
        (False, Former(40, 45), 3, 6),
        (False, Former(40, None), 7, 7),
        (False, Former(40, 300), 7, 7),
        (False, Former(1, 20), 0, 7),
    ],
    ids=["3 of 21", "2 of 21", "18 are too few", "too few before", "was slow before", "below the floor"],
)
def test_a_slow_tenth_is_an_alarm_where_both_versions_gave_enough_answers(
    alarm: bool, former: Former, slow_answers: int, looks: int
) -> None:
    lengths = [500] * slow_answers + [40] * (3 * looks - slow_answers)
    verdict = judge(*(many(*lengths[at : at + 3]) for at in range(0, len(lengths), 3)), former=former)
    assert [finding.message for finding in verdict.findings] == [
        "One answer in ten takes longer than 500 ms, 45 ms before (limit 2 times)."
    ] * alarm


@pytest.mark.parametrize(
    ("per_minute", "lines", "alarm"),
    [(0, 5, False), (0, 6, True), (4, 6, True), (40, 40, False), (40, 41, True), (200, 190, False)],
)
def test_a_surge_of_error_lines_is_one_against_what_the_version_before_wrote(
    per_minute: float, lines: int, alarm: bool
) -> None:
    former = replace(BASELINE, errors_per_minute=per_minute)
    samples = [GOOD, replace(GOOD, error_lines=lines)]
    assert judge(*samples, former=former).blocks is alarm
    assert alarmed(samples, 0, WATCH, former) is alarm


def test_a_noisy_version_before_is_told_with_the_surge() -> None:
    (finding,) = judge(replace(GOOD, error_lines=50), former=Former(40, None, 12.5)).findings
    assert finding.message == "50 error lines in the log (12.5 a minute before, limit 12)."


def test_without_a_baseline_latency_is_only_noted() -> None:
    verdict = judge(slow(5000), former=Former())
    assert [(finding.rule, finding.level) for finding in verdict.findings] == [("watch-no-baseline", Level.NOTE)]


def test_a_watch_that_saw_nothing_is_an_alarm() -> None:
    assert [finding.rule for finding in judge().findings] == ["watch-unseen"]


def test_restarts_from_before_do_not_count_and_those_since_the_start_do() -> None:
    old = replace(GOOD, restarts=3)
    assert not judge(old, old, restarts=3).findings
    assert [finding.rule for finding in judge(old, old, restarts=2).findings] == ["watch-restarts"]


def test_a_client_error_or_a_few_error_lines_are_no_alarm() -> None:
    assert not judge(replace(GOOD, status=404), replace(GOOD, error_lines=5)).findings


WATCHED = Watch(
    cpu_percent=150,
    memory_percent=90,
    gpu_percent=95,
    metrics={"error-rate": MetricWatch(url="http://prometheus:9090", query="x", maximum=0.05)},
)


def looks(name: str, *values: float | None) -> list[Sample]:
    return [
        replace(GOOD, measured=(Measurement(name, value, "" if value is not None else "no answer"),))
        for value in values
    ]


def alarms(watched: list[Sample]) -> list[str]:
    verdict = service_well("kodex", watched, BASELINE, 0, WATCHED)
    return [finding.rule for finding in verdict.findings if finding.level is Level.BLOCKING]


@pytest.mark.parametrize(
    ("name", "values", "alarm", "early"),
    [
        ("cpu", [20, 300, 20, 300, 20], False, False),
        ("cpu", [300, 300, 20, 20, 20], False, False),
        ("cpu", [20, 151, 151, 151, 20], True, True),
        ("cpu", [150, 150, 150, 150], False, False),
        ("cpu", [300, 300], True, False),
        ("cpu", [300], False, False),
        ("cpu", [300, None, 300, None, 300], True, True),
        ("memory", [80, 91, 92, 93], True, True),
        ("gpu", [96, 96, 96], True, True),
        ("metric error-rate", [0, 0.06, 0.06, 0.07], True, True),
        ("metric error-rate", [0, 0.06, 0.06, 0.05], False, False),
    ],
)
def test_what_stays_above_its_limit_is_an_alarm_and_a_spike_is_none(
    name: str, values: list[float | None], alarm: bool, early: bool
) -> None:
    watched = looks(name, *values)
    assert alarms(watched) == [f"watch-{name.partition(' ')[0]}"] * alarm
    assert alarmed(watched, 0, WATCHED) is early


def test_an_alarm_tells_the_limit_and_how_far_it_went() -> None:
    verdict = service_well("kodex", looks("cpu", 20, 180, 398.5, 160), BASELINE, 0, WATCHED)
    assert "above 150 at 3 of 4 looks, at most 398.5." in verdict.findings[0].message


def test_what_cannot_be_seen_is_told_with_its_reason_and_is_no_alarm() -> None:
    watched = looks("metric error-rate", None, None)
    assert not alarms(watched)
    assert not alarmed(watched, 0, WATCHED)
    told = {finding.subject: finding for finding in service_well("kodex", watched, BASELINE, 0, WATCHED).findings}
    assert set(told) == {"kodex: cpu", "kodex: memory", "kodex: gpu", "kodex: metric error-rate"}
    assert told["kodex: metric error-rate"].level is Level.WARNING
    assert (
        "Not seen: no answer. The limit 0.05 of metric error-rate was not checked."
        in told["kodex: metric error-rate"].message
    )
    assert not service_well("kodex", watched, BASELINE, 0, WATCH).findings


def test_what_was_seen_is_told_in_a_line_for_each_limit() -> None:
    assert seen(looks("cpu", 31, 12.25, None), Watch(cpu_percent=150)) == ("CPU 12.25 to 31 (limit 150)",)
    assert seen(looks("gpu", None), Watch(gpu_percent=90)) == ("GPU not seen: no answer (limit 90)",)
    assert not seen(looks("cpu", 31), WATCH)


measurements = st.builds(
    Measurement, st.sampled_from(["cpu", "memory", "gpu", "metric error-rate", "other"]), st.none() | st.floats(0, 400)
)
samples = st.lists(
    st.builds(
        Sample,
        st.just(GOOD.at),
        st.none() | st.sampled_from([200, 404, 500, 503]),
        st.timedeltas(timedelta(0), timedelta(seconds=1)),
        st.integers(0, 2),
        st.integers(0, 9),
        st.booleans(),
        measured=st.lists(measurements, max_size=3).map(tuple),
    ),
    min_size=1,
    max_size=6,
)


@given(samples, samples)
def test_an_alarm_that_ends_the_watch_is_never_taken_back(before: list[Sample], later: list[Sample]) -> None:
    if alarmed(before, 0, WATCHED):
        assert alarmed([*before, *later], 0, WATCHED)
        assert service_well("kodex", [*before, *later], BASELINE, 0, WATCHED).blocks
