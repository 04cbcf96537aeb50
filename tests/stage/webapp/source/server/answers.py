"""What the API answers."""

import json
import os
from pathlib import Path
from typing import NamedTuple

from server.board import Board, Refused

KINDS = {".html": "text/html", ".js": "text/javascript", ".json": "application/json", ".css": "text/css"}


class Answer(NamedTuple):
    """One answer."""

    status: int
    body: bytes
    kind: str = "application/json"


class Answers:
    """The API, and the pages too where somebody works on both."""

    def __init__(self, board: Board, pages: Path | None = None) -> None:
        self._board = board
        self._pages = pages

    def get(self, path: str) -> Answer:
        """Answer a question; whether it is well, the API can only say when the database answers."""
        if path == "/health":
            self._board.notes()
            return _json(200, {"status": "ok", "version": os.environ.get("WEBAPP_VERSION", "dev")})
        if path == "/api/notes":
            return _json(200, self._board.notes())
        return self._page(path)

    def post(self, path: str, body: bytes) -> Answer:
        """Take a note."""
        if path != "/api/notes":
            return _json(404, {"error": "not found"})
        try:
            self._board.pin(str(json.loads(body)["text"]))
        except (Refused, KeyError, ValueError) as refusal:
            return _json(400, {"error": str(refusal)})
        return _json(201, {"pinned": True})

    def _page(self, path: str) -> Answer:
        file = self._pages / (path.lstrip("/") or "index.html") if self._pages and ".." not in path else None
        if file is None or not file.is_file():
            return _json(404, {"error": "not found"})
        return Answer(200, file.read_bytes(), KINDS.get(file.suffix, "text/plain"))


def _json(status: int, value: object) -> Answer:
    return Answer(status, json.dumps(value).encode())
