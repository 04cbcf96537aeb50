"""The notes on the board."""

import sqlite3
from pathlib import Path
from typing import Any

from server.migrate import migrate

BUSY_SECONDS = 10


class Refused(Exception):
    """A note that the board does not take."""


class Board:
    """Keeps notes in one SQLite file; every thread opens it for itself."""

    def __init__(self, file: Path, migrations: Path, limits: dict[str, Any]) -> None:
        self._file = file
        self._longest = int(limits["note"]["longest"])
        connection = self._open()
        try:
            self.migrated = migrate(connection, migrations)
        finally:
            connection.close()

    def notes(self) -> list[dict[str, Any]]:
        """List the notes, newest first."""
        return [{"text": text} for (text,) in self._run("SELECT text FROM notes ORDER BY id DESC")]

    def pin(self, text: str) -> None:
        """Pin a note to the board."""
        if not 0 < len(text) <= self._longest:
            raise Refused(f"A note has 1 to {self._longest} characters.")
        self._run("INSERT INTO notes (text) VALUES (?)", text)

    def _run(self, statement: str, *values: str) -> list[tuple[Any, ...]]:
        connection = self._open()
        try:
            return connection.execute(statement, values).fetchall()
        finally:
            connection.close()

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self._file, timeout=BUSY_SECONDS, isolation_level=None)
