"""P14: an exception from the rule against written-out secrets names its reason, its last day and no value."""

from datetime import date
from pathlib import Path

import pytest

from config.faults import ConfigFaults
from config.loading import load

ENTRY = {
    "path": "compose.yml",
    "key": "DB_PASSWORD",
    "fingerprint": "3f9c-0d1f7a9be24c4c58",
    "reason": "an empty demo database",
    "expires": "2026-12-31",
}
SERVICE = Path(__file__).parents[3] / "config/services/app.yaml"


def loaded(tmp_path: Path, **changed: str | None) -> tuple[object, ...]:
    entry = {key: value for key, value in {**ENTRY, **changed}.items() if value is not None}
    lines = "\n    ".join(f"{key}: {value}" for key, value in entry.items())
    (tmp_path / "services").mkdir()
    text = SERVICE.read_text(encoding="utf-8").replace("service: app\n", "service: one\n", 1)
    (tmp_path / "services/one.yaml").write_text(f"{text}\nallowed_secrets:\n  - {lines.lstrip()}\n", encoding="utf-8")
    (tmp_path / "shipmate.yaml").write_text("{}\n", encoding="utf-8")
    return load(tmp_path / "shipmate.yaml", {}).services["one"].allowed_secrets


def test_a_whole_entry_is_taken_with_its_day_written_plainly(tmp_path: Path) -> None:
    (entry,) = loaded(tmp_path)
    assert entry.model_dump() == {**ENTRY, "expires": date(2026, 12, 31)}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("reason", None, "reason"),
        ("reason", '"  "', "should say why the value may stay, in 10 characters or more"),
        ("expires", None, "expires"),
        ("expires", "never", "should be a day such as 2026-12-31"),
        ("expires", "2026-13-45", "'2026-13-45' is no day; write one such as 2026-12-31"),
        ("fingerprint", "hunter2", "should be the fingerprint that the finding names"),
        ("path", "../other/compose.yml", "should be a path as the finding names it"),
        ("key", '" "', "should be the key that the finding names"),
    ],
)
def test_an_entry_without_a_reason_a_day_or_a_fingerprint_is_refused(
    tmp_path: Path, key: str, value: str | None, told: str
) -> None:
    with pytest.raises(ConfigFaults, match=told):
        loaded(tmp_path, **{key: value})


def test_two_entries_for_one_value_are_refused_with_the_place_of_the_second(tmp_path: Path) -> None:
    (tmp_path / "services").mkdir()
    entry = "  - {" + ", ".join(f"{key}: {value}" for key, value in ENTRY.items()) + "}\n"
    text = SERVICE.read_text(encoding="utf-8").replace("service: app\n", "service: one\n", 1)
    later = entry.replace("2026", "2027")
    (tmp_path / "services/one.yaml").write_text(f"{text}\nallowed_secrets:\n{entry}{later}", encoding="utf-8")
    (tmp_path / "shipmate.yaml").write_text("{}\n", encoding="utf-8")
    line = len(text.splitlines()) + 4
    with pytest.raises(ConfigFaults) as caught:
        load(tmp_path / "shipmate.yaml", {})
    (fault,) = caught.value.faults
    assert str(fault).endswith(f"one.yaml:{line}: allowed_secrets[1]: is for the value of allowed_secrets[0]; keep one")
