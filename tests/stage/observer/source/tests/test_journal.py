import json
from pathlib import Path

from observer.journal import Journal


def test_every_observation_becomes_one_line(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "deep" / "observer.jsonl")
    journal.record({"price": 1.5})
    journal.record({"price": 2.5})
    journal.close()
    lines = [json.loads(line) for line in journal.path.read_text().splitlines()]
    assert [line["price"] for line in lines] == [1.5, 2.5]
    assert journal.count == 2
