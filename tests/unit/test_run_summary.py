"""The last line of a test run."""

from tests.run import Step, summary


def test_the_last_line_counts_the_tests_of_all_tiers_and_tells_where_the_time_went() -> None:
    steps = [Step("lint", 0, 0.5), Step("unit", 0, 3.0, passed=40), Step("contract", 0, 6.5, passed=2, skipped=1)]
    assert summary(steps) == "42 passed, 1 skipped in 10.0 s (lint 0.5, unit 3.0, contract 6.5)"


def test_the_last_line_starts_with_the_step_that_failed() -> None:
    assert summary([Step("lint", 0, 1.0), Step("unit", 1, 2.0, passed=7)]).startswith("unit FAILED, 7 passed in 3.0 s")
