"""What becomes of a canary: worse only where a difference is hardly chance and large enough to matter."""

from random import Random

import pytest

from config.rollout import Canary
from guardrails.canary import Answers, Requests, Side, Standing, compared, handicap, share_of

SETTINGS = Canary()
ROOT, HEALTH = "http://127.0.0.1:8080/", "http://127.0.0.1:8080/health"
_CHANCE = Random(3)  # noqa: S311 - no secret


def around(milliseconds: float, count: int = 180) -> tuple[float, ...]:
    return tuple(milliseconds * _CHANCE.lognormvariate(0, 0.2) for _ in range(count))


def side(*latencies: float, failed: int = 0, users: tuple[int, int] = (0, 0)) -> Side:
    return Side({ROOT: Answers(failed, latencies)}, Requests(*users))


TABLE = [
    ("alike", side(*around(10)), side(*around(10, 540)), Standing.NO_WORSE, "0 of 180 (0.0 %) failed, 0 of 540"),
    ("every request fails", side(failed=30), side(*around(10, 90)), Standing.WORSE, "30 of 30 (100.0 %) failed"),
    (
        "one in ten fails",
        side(*around(10, 162), failed=18),
        side(*around(10, 540)),
        Standing.WORSE,
        "18 of 180 (10.0 %)",
    ),
    (
        "both fail alike",
        side(*around(10, 162), failed=18),
        side(*around(10, 486), failed=54),
        Standing.NO_WORSE,
        "p 0.5",
    ),
    (
        "a single failure",
        side(*around(10, 179), failed=1),
        side(*around(10, 540)),
        Standing.NO_WORSE,
        "1 of 180 (0.6 %)",
    ),
    ("a few by chance", side(*around(10, 57), failed=3), side(*around(10, 59), failed=1), Standing.NO_WORSE, "p 0.3"),
    ("fewer failures", side(*around(10, 180)), side(*around(10, 400), failed=140), Standing.NO_WORSE, "140 of 540"),
    ("twice as slow", side(*around(100)), side(*around(50, 540)), Standing.WORSE, "ms slower"),
    ("slower by nothing that matters", side(*around(12)), side(*around(10, 540)), Standing.NO_WORSE, "2 ms slower"),
    ("slower by a tenth", side(*around(550)), side(*around(500, 540)), Standing.NO_WORSE, "ms slower"),
    ("faster", side(*around(50)), side(*around(100, 540)), Standing.NO_WORSE, "(p 1)"),
    ("a few answers", side(*around(10, 12)), side(*around(10, 60)), Standing.UNCLEAR, "12 answers of the new version"),
    (
        "nobody answers on the other side",
        side(*around(10)),
        side(),
        Standing.UNCLEAR,
        "0 of the old one, 30 are needed",
    ),
    (
        "users see what we do not",
        side(*around(10), users=(1000, 50)),
        side(*around(10, 540), users=(9000, 9)),
        Standing.WORSE,
        "requests of users: 50 of 1000 (5.0 %) failed, 9 of 9000 (0.1 %) before",
    ),
    (
        "a difference that is certain and tiny",
        side(*around(10), users=(1_000_000, 2_000)),
        side(*around(10, 540), users=(1_000_000, 1_000)),
        Standing.NO_WORSE,
        "by chance in less than 1 of 10,000 cases",
    ),
]


@pytest.mark.parametrize(("new", "old", "standing", "told"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_a_canary_is_judged_by_chance_and_by_size(new: Side, old: Side, standing: Standing, told: str) -> None:
    result = compared(new, old, SETTINGS)
    assert result.standing is standing, result.told
    assert told in "; ".join(result.told)


def test_an_address_that_got_slower_is_found_among_others_and_told_first() -> None:
    new = Side({HEALTH: Answers(0, around(2)), ROOT: Answers(0, around(90))})
    old = Side({HEALTH: Answers(0, around(2, 540)), ROOT: Answers(0, around(45, 540))})
    result = compared(new, old, SETTINGS)
    assert result.standing is Standing.WORSE
    assert result.told[0].startswith(f"GET {ROOT}: median")


def test_all_looks_together_spend_the_doubt_of_one() -> None:
    for looks in (1, 2, 60):
        assert sum(share_of(look, looks) for look in range(1, looks + 1)) == pytest.approx(1 if looks > 1 else 0.5)


def test_the_same_version_on_both_sides_is_sent_back_in_less_than_one_of_a_hundred_releases() -> None:
    """Looked at after every round, as the comparison does: the looks share the doubt."""
    chance = Random(5)  # noqa: S311 - no secret
    looks, back = 30, 0
    for _ in range(150):
        new: list[float] = []
        old: list[float] = []
        for look in range(1, looks + 1):
            new += [60 * chance.lognormvariate(0, 0.8) for _ in range(3)]
            old += [60 * chance.lognormvariate(0, 0.8) for _ in range(9)]
            if compared(side(*new), side(*old), SETTINGS, share_of(look, looks)).standing is Standing.WORSE:
                back += 1
                break
    assert back <= 3


def test_a_canary_on_a_slow_line_is_measured_against_itself_before() -> None:
    before = handicap({ROOT: Answers(0, (110.0, 111.0))}, {ROOT: Answers(0, (10.0, 11.0))})
    assert before == {ROOT: pytest.approx(100)}
    assert handicap({ROOT: Answers(0, (1.0,))}, {ROOT: Answers(0, (10.0,))}) == {ROOT: 0}
    assert handicap({ROOT: Answers(3)}, {ROOT: Answers(0, (10.0,))}) == {}
