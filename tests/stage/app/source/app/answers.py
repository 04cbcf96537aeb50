"""What is answered to which path."""

import json

from app import __version__
from app.settings import Settings


def answer(path: str, settings: Settings) -> tuple[int, str]:
    """Answer one path with a status and a body."""
    if path == "/health":
        return 200, json.dumps({"status": "ok", "version": __version__})
    if path == "/":
        return 200, json.dumps(about(settings))
    return 404, json.dumps({"error": "no such path"})


def about(settings: Settings) -> dict[str, str]:
    """Tell who speaks, and with which settings."""
    return {"greeting": settings.greeting, "key": settings.key_name, "version": __version__}
