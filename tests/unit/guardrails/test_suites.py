from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.sources import SuiteKind
from guardrails.suites import combined
from tools.suites import SuiteResult

OUTCOMES = st.lists(st.sampled_from(["passed", "skipped", "warning", "failed"]))


def _results(outcomes: list[Any]) -> list[SuiteResult]:
    return [SuiteResult(f"s{number}", SuiteKind.UNIT, outcome) for number, outcome in enumerate(outcomes)]


@pytest.mark.parametrize(
    ("outcomes", "together"),
    [
        ([], "passed"),
        (["skipped"], "passed"),
        (["passed", "skipped", "passed"], "passed"),
        (["passed", "warning"], "warning"),
        (["warning", "failed", "passed"], "failed"),
        (["passed", "unheard-of"], "failed"),
    ],
)
def test_suites_pass_together_only_when_every_critical_one_passed(outcomes: list[str], together: str) -> None:
    assert combined(_results(outcomes)) == together


@given(OUTCOMES, st.sampled_from(["warning", "failed"]))
def test_one_more_bad_result_never_makes_it_better(outcomes: list[str], bad: str) -> None:
    rank = ["passed", "warning", "failed"]
    assert rank.index(combined(_results([*outcomes, bad]))) >= rank.index(combined(_results(outcomes)))
    assert rank.index(combined(_results([*outcomes, bad]))) >= rank.index(bad)
