"""What one look of the watchdog comes to."""

from datetime import timedelta

import pytest

from config.contracts import Probe
from tools.health import Answer
from tools.watch import worst


def answers(*statuses: int | None) -> list[tuple[Probe, Answer]]:
    return [
        (Probe(url=f"http://127.0.0.1/{number}"), Answer(status, timedelta(), error="" if status else "refused"))
        for number, status in enumerate(statuses)
    ]


@pytest.mark.parametrize(
    ("statuses", "status", "error"),
    [
        ([200, 200], 200, ""),
        ([200, 404, 200], 404, ""),
        ([200, 503, 500], 503, "GET http://127.0.0.1/1 answered 503"),
        ([500, None, 200], None, "GET http://127.0.0.1/1: refused"),
    ],
)
def test_the_worst_answer_of_a_look_counts_and_names_its_address(
    statuses: list[int | None], status: int | None, error: str
) -> None:
    assert worst(answers(*statuses)) == (status, error)
