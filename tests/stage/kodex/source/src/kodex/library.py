"""A small vector index on disk: passages, and the nearest of them to a question."""

import json
import math
import threading
from collections import Counter
from pathlib import Path


class Library:
    """Passages in one file, a line each."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._file = directory / "index.jsonl"
        self._lock = threading.Lock()

    def add(self, passage: str) -> None:
        with self._lock, self._file.open("a", encoding="utf-8") as index:
            index.write(json.dumps({"passage": passage, "vector": _vector(passage)}) + "\n")

    def nearest(self, question: str, most: int = 3) -> list[str]:
        wanted = _vector(question)
        lines = self._file.read_text(encoding="utf-8").splitlines() if self._file.exists() else []
        known = [json.loads(line) for line in lines]
        known.sort(key=lambda entry: -_likeness(wanted, entry["vector"]))
        return [entry["passage"] for entry in known[:most]]


def _vector(text: str) -> dict[str, int]:
    return dict(Counter(text.lower().split()))


def _likeness(one: dict[str, int], other: dict[str, int]) -> float:
    shared = sum(count * other.get(word, 0) for word, count in one.items())
    return shared / (_length(one) * _length(other) or 1.0)


def _length(vector: dict[str, int]) -> float:
    return math.sqrt(sum(count * count for count in vector.values()))
