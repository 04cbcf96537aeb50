"""The model is asked so often and no more, and again once time has passed."""

from agents.words.allowance import MOST, MOST_FOR_ONE, WITHIN_SECONDS, Allowance
from tools.clock import SystemClock


class StillClock(SystemClock):
    """A clock that moves when it is told to."""

    seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds


def test_one_asker_leaves_something_for_the_others_and_all_together_have_a_limit() -> None:
    clock = StillClock()
    allowance = Allowance(clock)
    assert [allowance.take("a") for _ in range(MOST_FOR_ONE + 1)] == [True] * MOST_FOR_ONE + [False]
    assert sum(allowance.take(str(number)) for number in range(MOST)) == MOST - MOST_FOR_ONE
    clock.seconds = WITHIN_SECONDS
    assert allowance.take("a")
