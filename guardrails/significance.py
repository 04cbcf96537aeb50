"""Whether a difference may be chance: two tests that assume nothing about how values are spread. Pure."""

from collections import Counter
from collections.abc import Sequence
from itertools import accumulate
from math import comb, erfc, exp, lgamma, sqrt
from statistics import median

EXACT_UP_TO = 24
"""Values of both sides together; beyond that the normal approximation is as good."""
_NEGLIGIBLE = 1e-17
_PAIRED = 300
"""So many values of each side are compared with each other, at most."""


def more_failures(failed: int, asked: int, failed_before: int, asked_before: int) -> float:
    """Tell how likely so many failures, or more, are on the first side if both fail alike: Fisher's exact test."""
    failures, total = failed + failed_before, asked + asked_before
    if failed * total > failures * asked:
        return _tail(failed, asked, failures, total)
    # from the other end, where terms only get smaller: successes that are so many, or more, on this side
    return 1.0 - _tail(asked - failed + 1, asked, total - failures, total)


def _tail(least: int, asked: int, marked: int, total: int) -> float:
    """Tell how likely at least so many marked ones are among those asked, beyond what is expected."""
    most = min(marked, asked)
    if least > most:
        return 0.0
    term = exp(_log_comb(marked, least) + _log_comb(total - marked, asked - least) - _log_comb(total, asked))
    likely = 0.0
    for number in range(least, most + 1):
        likely += term
        if term < likely * _NEGLIGIBLE:
            break
        term *= (marked - number) * (asked - number) / ((number + 1) * (total - marked - asked + number + 1))
    return min(1.0, likely)


def larger(values: Sequence[float], others: Sequence[float]) -> float:
    """Tell how likely values rank so high among others if both are alike: Mann and Whitney's U, ties in their middle.

    Exact for a few values, else by the normal approximation with correction for ties and continuity.
    """
    if not values or not others:
        return 1.0
    ranks = _doubled_ranks((*values, *others))
    mine = sum(ranks[: len(values)])
    if len(ranks) <= EXACT_UP_TO:
        return _exactly(ranks, len(values), mine)
    return _nearly(ranks, len(values), mine)


def shift(values: Sequence[float], others: Sequence[float]) -> float:
    """Tell by how much values lie above others: the median of all differences, after Hodges and Lehmann.

    Of very many values as many are taken, evenly from the smallest to the largest.
    """
    return median(one - other for one in _few(values) for other in _few(others))


def _log_comb(of: int, taken: int) -> float:
    return lgamma(of + 1) - lgamma(taken + 1) - lgamma(of - taken + 1)


def _few(values: Sequence[float]) -> list[float]:
    ordered = sorted(values)
    if len(ordered) <= _PAIRED:
        return ordered
    return [ordered[round(place * (len(ordered) - 1) / (_PAIRED - 1))] for place in range(_PAIRED)]


def _doubled_ranks(values: Sequence[float]) -> list[int]:
    """Rank values from one upwards, ties by the middle of their ranks; doubled, so that all are whole."""
    counted = Counter(values)
    distinct = sorted(counted)
    ends = accumulate(counted[one] for one in distinct)
    rank = {one: 2 * end - counted[one] + 1 for one, end in zip(distinct, ends, strict=True)}
    return [rank[one] for one in values]


def _exactly(ranks: Sequence[int], count: int, mine: int) -> float:
    """Count the choices of as many ranks that reach the same sum, among all choices."""
    choices: list[Counter[int]] = [Counter({0: 1}), *(Counter[int]() for _ in range(count))]
    for rank in ranks:
        for taken in range(count, 0, -1):
            for total, ways in choices[taken - 1].items():
                choices[taken][total + rank] += ways
    reached = sum(ways for total, ways in choices[count].items() if total >= mine)
    return reached / comb(len(ranks), count)


def _nearly(ranks: Sequence[int], count: int, mine: int) -> float:
    total, others = len(ranks), len(ranks) - count
    ties = sum(tied**3 - tied for tied in Counter(ranks).values())
    variance = count * others / 12 * ((total + 1) - ties / (total * (total - 1)))
    if variance <= 0:
        return 1.0
    above = mine / 2 - count * (total + 1) / 2
    return erfc((above - 0.5) / sqrt(2 * variance)) / 2
