import json
from pathlib import Path

from observer.journal import Journal


def test_observations_are_numbered_from_one(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "observer.jsonl")
    for _ in range(3):
        journal.record({})
    journal.close()
    assert [json.loads(line)["sequence"] for line in journal.path.read_text().splitlines()] == [1, 2, 3]
