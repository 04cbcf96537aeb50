"""GitHub's own webhook payloads; see NOTICE for where they come from."""

import json
from pathlib import Path
from typing import Any

PAYLOADS = tuple(sorted(path.stem for path in Path(__file__).parent.glob("*.json")))


def payload(name: str) -> dict[str, Any]:
    """Return a payload, as GitHub sent it once."""
    loaded: dict[str, Any] = json.loads(content(name))
    return loaded


def content(name: str) -> bytes:
    """Return a payload's bytes."""
    return (Path(__file__).parent / f"{name}.json").read_bytes()


def event_of(name: str) -> str:
    """Tell which event a payload belongs to."""
    return name.partition("-")[0]
