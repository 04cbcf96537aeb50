"""The journal: one JSON line per observation, appended and never rewritten."""

import json
import os
from pathlib import Path
from typing import Any


class Journal:
    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.count = 0
        self._file = path.open("a", encoding="utf-8")

    def record(self, observation: dict[str, Any]) -> None:
        self.count += 1
        self._file.write(json.dumps({"sequence": self.count, **observation}) + "\n")
        self._file.flush()

    def close(self) -> None:
        os.fsync(self._file.fileno())
        self._file.close()
