from datetime import UTC, datetime, timedelta
from typing import Any

from agents.coverage import RELEASES, trends
from tools.history.journal import PastEntry

NOON = datetime(2026, 2, 6, 12, tzinfo=UTC)


def entry(number: int, name: str, coverage: float | None) -> PastEntry:
    body: dict[str, Any] = {"name": name, "coverage": coverage}
    return PastEntry(f"r{number}", f"v1.{number}.0", body, NOON + timedelta(days=number))


def test_every_suite_that_measures_has_a_line_of_its_own_newest_first() -> None:
    found = trends([entry(2, "unit", 91.0), entry(2, "lint", None), entry(1, "unit", 90.0), entry(1, "web", 70.0)])
    assert {name: [one.version for one in line] for name, line in found.items()} == {
        "unit": ["v1.2.0", "v1.1.0"],
        "web": ["v1.1.0"],
    }


def test_a_trend_is_made_of_the_last_releases_only() -> None:
    assert len(trends([entry(9 - number, "unit", 90.0) for number in range(9)])["unit"]) == RELEASES
