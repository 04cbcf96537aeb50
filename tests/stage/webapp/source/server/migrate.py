"""The database brought up to what this version needs: every file of `migrations/` once, in the order of their names."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path


def migrate(database: sqlite3.Connection, directory: Path) -> list[str]:
    """Apply what is new, all of it or nothing; returns the names. A second instance waits for the first."""
    database.execute("BEGIN IMMEDIATE")
    try:
        database.execute("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY)")
        known = {name for (name,) in database.execute("SELECT name FROM migrations")}
        new = [file for file in sorted(directory.glob("*.sql")) if file.name not in known]
        for file in new:
            for statement in _statements(file.read_text()):
                database.execute(statement)
            database.execute("INSERT INTO migrations (name) VALUES (?)", (file.name,))
    except sqlite3.Error:
        database.execute("ROLLBACK")
        raise
    database.execute("COMMIT")
    return [file.name for file in new]


def _statements(text: str) -> Iterator[str]:
    statement = ""
    for line in text.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
