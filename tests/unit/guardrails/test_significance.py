"""Both tests against brute force: every way in which the same values could have been dealt out."""

from collections.abc import Sequence
from itertools import combinations
from math import comb
from random import Random
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrails import significance
from guardrails.significance import larger, more_failures, shift

FEW = st.lists(st.integers(0, 6), min_size=1, max_size=6)


def above(values: Sequence[float], others: Sequence[float]) -> float:
    return sum((one > other) + (one == other) / 2 for one in values for other in others)


def by_force(values: Sequence[float], others: Sequence[float]) -> float:
    """Deal all values out in every way, and count those that rank the first side as high."""
    everything, seen = (*values, *others), above(values, others)
    deals = list(combinations(range(len(everything)), len(values)))
    reached = 0
    for deal in deals:
        mine = [everything[place] for place in deal]
        theirs = [everything[place] for place in range(len(everything)) if place not in deal]
        reached += above(mine, theirs) >= seen
    return reached / len(deals)


@given(FEW, FEW)
def test_ranks_of_a_few_values_are_weighed_exactly_with_ties(values: list[int], others: list[int]) -> None:
    assert larger(values, others) == pytest.approx(by_force(values, others))


@pytest.mark.parametrize("ties", [1000, 8])
def test_the_approximation_for_many_values_agrees_with_the_exact_test_where_both_can_be_had(
    monkeypatch: pytest.MonkeyPatch, ties: int
) -> None:
    chance = Random(7)  # noqa: S311 - no secret
    for _ in range(40):
        values = [chance.randrange(ties) + 0.3 * chance.random() * (ties > 100) for _ in range(12)]
        others = [chance.randrange(ties) for _ in range(12)]
        exact = larger(values, others)
        monkeypatch.setattr(significance, "EXACT_UP_TO", 0)
        assert larger(values, others) == pytest.approx(exact, abs=0.02)
        monkeypatch.undo()


def test_equal_sides_are_rarely_called_different() -> None:
    """Of two thousand comparisons of the same with the same about one in a hundred may fall below one percent."""
    chance = Random(11)  # noqa: S311 - no secret

    def sample(count: int) -> list[float]:
        return [chance.lognormvariate(2, 0.5) for _ in range(count)]

    false = sum(larger(sample(30), sample(60)) < 0.01 for _ in range(2000))
    assert 8 <= false <= 36


def test_a_slower_side_is_found() -> None:
    chance = Random(13)  # noqa: S311 - no secret
    found = [
        larger([chance.lognormvariate(2.6, 0.5) for _ in range(60)], [chance.lognormvariate(2, 0.5) for _ in range(60)])
        for _ in range(50)
    ]
    assert fmean(p < 0.001 for p in found) > 0.95


def fisher(failed: int, asked: int, failed_before: int, asked_before: int) -> float:
    failures, total = failed + failed_before, asked + asked_before
    ways = range(failed, min(failures, asked) + 1)
    return sum(
        comb(failures, k) * comb(total - failures, asked - k) for k in ways if asked - k <= total - failures
    ) / comb(total, asked)


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60), st.integers(0, 60))
def test_failures_are_weighed_exactly(failed: int, good: int, failed_before: int, good_before: int) -> None:
    table = (failed, failed + good, failed_before, failed_before + good_before)
    assert more_failures(*table) == pytest.approx(fisher(*table), abs=1e-9)


@pytest.mark.parametrize(
    ("table", "least", "most"),
    [
        ((0, 0, 0, 0), 1, 1),
        ((0, 100, 0, 100), 1, 1),
        ((100, 100, 0, 300), 0, 1e-80),
        ((900_000, 1_000_000, 1_000, 1_000_000), 0, 1e-100),
        ((1_000, 1_000_000, 900_000, 1_000_000), 1, 1),
        ((5_050, 1_000_000, 5_000, 1_000_000), 0.2, 0.5),
    ],
)
def test_millions_of_requests_are_weighed_as_well(table: tuple[int, int, int, int], least: float, most: float) -> None:
    assert least - 1e-9 <= more_failures(*table) <= most


def test_a_shift_is_the_median_of_all_differences() -> None:
    assert shift([10, 20, 30], [1, 2, 3]) == 18
    assert shift([5], [5]) == 0


def test_the_shift_of_very_many_values_is_nearly_the_same_and_takes_no_longer() -> None:
    many = [float(number % 977) for number in range(50_000)]
    assert shift([one + 40 for one in many], many) == pytest.approx(40, abs=4)


@pytest.mark.parametrize(("values", "others"), [([], [1.0]), ([1.0], []), ([5.0] * 40, [5.0] * 40)])
def test_nothing_to_compare_is_no_difference(values: list[float], others: list[float]) -> None:
    assert larger(values, others) == 1
