"""P7: a freeze that cannot be meant is one line with file, line and path."""

from datetime import timedelta
from pathlib import Path

import pytest

from config.loading import load
from tests.unit.config.test_contradictions import production
from tests.unit.config.test_loading import OBSERVER, faults, written

GOOD = {"starts": "0 18 * * FRI", "lasts": "62h", "zone": "Europe/Berlin", "reason": "weekend"}
FIVE = "should be cron's five fields (minute hour day month weekday), such as 0 18 * * FRI"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"zone": "Europe/Berln"}, "zone: 'Europe/Berln' is no IANA time zone, did you mean 'Europe/Berlin'?"),
        ({"zone": "Europe"}, "zone: 'Europe' is no IANA time zone, did you mean 'Europe/Rome'?"),
        ({"zone": "../passwd"}, "zone: '../passwd' is no IANA time zone; write one such as Europe/Berlin or UTC"),
        ({"starts": "0 25 * * *"}, "starts: is no cron expression: Bad hour; write one such as 0 18 * * FRI"),
        ({"starts": "0 0 30 2 *"}, "starts: is no cron expression: Bad day-of-month; write one such as 0 18 * * FRI"),
        ({"starts": "0 0 1 * * *"}, f"starts: {FIVE}"),
        ({"starts": "@weekly"}, f"starts: {FIVE}"),
        ({"lasts": "30s"}, "lasts: should be a minute or more, such as 62h"),
        ({"lasts": "2 days"}, "lasts: write a duration such as 30s, 5m, 1h30m or 3d"),
        (
            {"lasts": "99999999999d"},
            "lasts: is longer than anything lasts; write a duration such as 30s, 5m, 1h30m or 3d",
        ),
        ({"lasts": "367d"}, "lasts: should be 366d or less, such as 62h"),
        ({"reason": ""}, "reason: should not be empty"),
        ({"reason": "x" * 201}, "reason: should have 200 characters or fewer"),
        ({"ends": "now"}, "ends: unknown key; valid are lasts, reason, starts, zone"),
    ],
)
def test_a_freeze_that_cannot_be_meant_is_the_one_fault(tmp_path: Path, change: dict[str, str], fault: str) -> None:
    section = f"freezes: [{written_out({**GOOD, **change})}]"
    place = "services/observer.yaml:19: environments.production.freezes[0]"
    assert faults(written(tmp_path, OBSERVER.replace(*production(section)))) == [f"{place}.{fault}"]
    assert faults(written(tmp_path / "bot", shipmate=section)) == [f"shipmate.yaml:1: freezes[0].{fault}"]


def test_a_freeze_is_read(tmp_path: Path) -> None:
    loaded = load(written(tmp_path, shipmate=f"freezes: [{written_out(GOOD)}]"), {})
    assert [freeze.model_dump(mode="json") for freeze in loaded.shipmate.freezes] == [{**GOOD, "lasts": "62h"}]


def test_a_freeze_may_last_days_as_a_lock_may(tmp_path: Path) -> None:
    loaded = load(written(tmp_path, shipmate=f"freezes: [{written_out({**GOOD, 'lasts': '3d12h'})}]"), {})
    assert [freeze.lasts for freeze in loaded.shipmate.freezes] == [timedelta(hours=84)]


def test_a_word_for_freezes_is_told_that_a_freeze_is_a_section(tmp_path: Path) -> None:
    told = "freezes: should be a list of sections with keys of their own"
    assert faults(written(tmp_path, shipmate="freezes: nobody")) == [f"shipmate.yaml:1: {told}"]


def written_out(freeze: dict[str, str]) -> str:
    return "{" + ", ".join(f"{key}: '{value}'" for key, value in freeze.items()) + "}"
