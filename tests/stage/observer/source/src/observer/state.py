"""What the next start should know of this one: config/observer/state.json."""

import json
import os
from pathlib import Path
from typing import Any


class State:
    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.path = directory / "state.json"

    def save(self, **values: Any) -> None:
        draft = self.path.with_suffix(".new")
        draft.write_text(json.dumps(values), encoding="utf-8")
        os.replace(draft, self.path)

    def load(self) -> dict[str, Any]:
        return json.loads(self.path.read_text(encoding="utf-8")) if self.path.is_file() else {}
