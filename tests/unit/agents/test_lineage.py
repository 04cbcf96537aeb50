"""A rollback goes back along the way that led to what runs, and never forward."""

import pytest

from agents.lineage import traced
from tests.unit.entrypoints.material import release


@pytest.mark.parametrize(
    ("history", "line", "left"),
    [
        ("", "", ""),
        ("+1 +2 +3", "1 2 3", ""),
        ("+1 +2 +3 -2", "1 2", "3"),
        ("+1 +2 +3 -2 -1", "1", "2 3"),
        ("+1 +2 +3 -2 +3", "1 2 3", ""),
        ("+1 +2 +3 -2 +4", "1 2 4", "3"),
        ("+1 +2 +2 -1", "1", "2"),
        ("+1 +2 +1", "1 2 1", ""),
        ("+2 +3 -1", "1", "2 3"),
        ("+1 +2 -2", "1 2", ""),
    ],
)
def test_a_rollback_takes_away_the_steps_after_the_version_it_went_to(history: str, line: str, left: str) -> None:
    releases = [
        release(id=f"r{number}", version=step[1:], kind="deploy" if step[0] == "+" else "rollback")
        for number, step in enumerate(history.split())
    ]
    way = traced(releases)
    assert " ".join(one.version for one in way.line) == line
    assert " ".join(sorted(way.left)) == left


def test_what_came_before_a_version_is_found_along_the_way() -> None:
    way = traced(release(id=f"r{number}", version=str(number)) for number in (1, 2, 3))
    assert [one and one.version for one in (way.before("3"), way.before("1"), way.before("7"))] == ["2", None, None]
