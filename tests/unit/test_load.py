"""The figures that a load is summed up in."""

import pytest

from tests.stage.load import Sample, report_of


def sample(
    started: float, ended: float, version: str = "v1", *, failure: str = "", kind: str = "get", repeated: bool = False
) -> Sample:
    return Sample(kind, True, started, ended, 0 if failure else 200, version, failure, repeated)


def test_a_load_tells_failures_the_longest_silence_and_who_answered_when() -> None:
    report = report_of(
        [
            sample(0.0, 0.1),
            sample(0.1, 0.2, repeated=True),
            sample(0.2, 0.3, failure="status 502"),
            sample(0.3, 2.0, kind="slow"),
            sample(0.9, 1.0, "v2"),
            sample(1.0, 1.1, "v2"),
            sample(1.2, 1.3, "v2", kind="post", failure="status 502"),
        ],
        "v2",
    )
    assert (report.requests, report.failed, report.repeated) == (7, 2, 1)
    assert report.failures == ("get on a fresh connection: status 502", "post on a fresh connection: status 502")
    assert report.gap == pytest.approx(0.8)
    assert (report.first_new, report.last_old) == (1.0, 0.2)
    assert report.p99 == pytest.approx(0.1)


def test_no_requests_are_no_failure_and_no_figures() -> None:
    report = report_of([])
    assert (report.requests, report.failed, report.first_new, report.last_old) == (0, 0, None, None)
