"""What the benchmarks print and pass on: a missed goal is told, and the figures are those that were measured."""

import pytest

from tests.bench import overhead
from tests.bench.figures import Goal, Report, Series
from tests.bench.table import Table, middle

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


def test_competitors_stand_in_one_table_with_what_does_not_apply_left_out() -> None:
    rows = {"Shipmate, rolling": (3.25, 0.0), "plain <ssh>": (2.0, None)}
    lines = Table("under load", ("s", "failed"), rows).lines()
    assert lines == [
        "| under load        |    s | failed |",
        "| ----------------- | ---: | -----: |",
        "| Shipmate, rolling | 3.25 |      0 |",
        "| plain <ssh>       |    2 |      - |",
    ]


def test_a_picture_shows_one_bar_for_each_competitor_that_has_the_figure() -> None:
    table = Table("under load", ("s", "failed"), {"Shipmate": (3.0, 4.0), "plain <ssh>": (2.0, None)})
    assert table.picture().count("<rect") == 2
    assert "plain &lt;ssh&gt;" in table.picture()
    failed = Table(table.title, table.columns, table.rows, drawn="failed").picture()
    assert failed.count("<rect") == 1


def test_the_middle_of_several_rounds_leaves_out_what_a_round_could_not_tell() -> None:
    assert middle([(1.0, None), (3.0, None), (2.0, 5.0)]) == (2.0, 5.0)
    assert middle([(None,), (None,)]) == (None,)


async def test_the_crew_around_tools_that_do_nothing_is_measured_stage_by_stage() -> None:
    report = await overhead.bench(1)
    stage, question, end = report.series
    assert len(stage.values) == overhead.STAGES - 1
    assert 0 < stage.median < min(question.median, end.median)
