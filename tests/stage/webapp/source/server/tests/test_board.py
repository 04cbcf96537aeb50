import json
import sqlite3
from pathlib import Path

import pytest

from server.answers import Answers
from server.board import Board
from server.migrate import migrate

MIGRATIONS = Path("migrations")
LIMITS = json.loads(Path("shared/limits.json").read_text())


@pytest.fixture
def answers(tmp_path: Path) -> Answers:
    (tmp_path / "index.html").write_text("<h1>Board</h1>")
    return Answers(Board(tmp_path / "webapp.db", MIGRATIONS, LIMITS), tmp_path)


def test_what_is_pinned_is_listed_newest_first(answers: Answers) -> None:
    for text in ("one", "two"):
        assert answers.post("/api/notes", json.dumps({"text": text}).encode()).status == 201
    listed = json.loads(answers.get("/api/notes").body)
    assert [note["text"] for note in listed] == ["two", "one"]


@pytest.mark.parametrize("text", ["", "x" * (LIMITS["note"]["longest"] + 1)])
def test_a_note_that_is_empty_or_too_long_is_refused(answers: Answers, text: str) -> None:
    assert answers.post("/api/notes", json.dumps({"text": text}).encode()).status == 400
    assert json.loads(answers.get("/api/notes").body) == []


def test_health_asks_the_database(answers: Answers) -> None:
    assert json.loads(answers.get("/health").body)["status"] == "ok"


def test_pages_are_served_and_nothing_beside_them(answers: Answers) -> None:
    assert answers.get("/").body == b"<h1>Board</h1>"
    assert answers.get("/../secret").status == 404
    assert answers.post("/elsewhere", b"").status == 404


def test_a_migration_is_applied_once_and_a_broken_one_not_at_all(tmp_path: Path) -> None:
    database = sqlite3.connect(tmp_path / "one.db", isolation_level=None)
    assert migrate(database, MIGRATIONS)
    assert migrate(database, MIGRATIONS) == []
    (tmp_path / "9999_broken.sql").write_text("CREATE TABLE half (id INTEGER);\nNONSENSE;\n")
    with pytest.raises(sqlite3.OperationalError):
        migrate(database, tmp_path)
    assert not list(database.execute("SELECT 1 FROM sqlite_master WHERE name = 'half'"))
    database.close()
