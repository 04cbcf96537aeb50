"""Reading documents that people wrote by hand: what has another shape than agreed says nothing, and breaks nothing."""

from typing import Any


def table(document: Any, *keys: str) -> dict[str, Any]:
    """Return a table within a document; empty where there is none, whatever stands there instead."""
    for key in keys:
        document = document.get(key) if isinstance(document, dict) else None
    return document if isinstance(document, dict) else {}


def words(written: object) -> list[str]:
    """Return the texts of a list."""
    return [word for word in written if isinstance(word, str)] if isinstance(written, list) else []
