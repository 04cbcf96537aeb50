"""What the benchmarks print and pass on: a missed goal is told, and the figures are those that were measured."""

import pytest

from tests.bench import overhead
from tests.bench.figures import Goal, Report, Series

SERIES = Series("ack", "s", tuple(number / 100 for number in range(1, 101)))


@pytest.mark.parametrize(("share", "value"), [(0.0, 0.01), (0.5, 0.5), (0.99, 0.99), (1.0, 1.0)])
def test_a_percentile_is_the_smallest_value_that_enough_of_the_others_stay_below(share: float, value: float) -> None:
    assert SERIES.percentile(share) == value


def test_a_goal_is_met_up_to_its_limit_and_missed_beyond() -> None:
    assert Goal("ratio", 1.3, 1.3).met
    assert not Goal("ratio", 1.31, 1.3).met


def test_the_table_and_the_json_tell_the_same() -> None:
    report = Report("acks", (SERIES,), (Goal("ack, seconds", 0.99, 0.3),), ("on loopback",))
    lines = "\n".join(report.lines())
    assert "MISSED ack, seconds: 0.99 (limit 0.3)" in lines
    assert "on loopback" in lines
    document = report.document()
    assert document["series"][0]["values"] == list(SERIES.values)
    assert document["goals"] == [{"name": "ack, seconds", "measured": 0.99, "limit": 0.3, "met": False}]


async def test_the_crew_around_tools_that_do_nothing_is_measured_stage_by_stage() -> None:
    report = await overhead.bench(1)
    stage, question, end = report.series
    assert len(stage.values) == overhead.STAGES - 1
    assert 0 < stage.median < min(question.median, end.median)
