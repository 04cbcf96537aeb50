from itertools import islice
from pathlib import Path

from observer import feed
from observer.state import State


def test_what_was_saved_is_there_at_the_next_start(tmp_path: Path) -> None:
    State(tmp_path / "observer").save(observations=3)
    assert State(tmp_path / "observer").load() == {"observations": 3}


def test_a_first_start_knows_nothing(tmp_path: Path) -> None:
    assert State(tmp_path).load() == {}


def test_the_same_seed_walks_the_same_way() -> None:
    first, second = ([price["price"] for price in islice(feed.prices(7), 5)] for _ in range(2))
    assert first == second
