"""The smaller facts of a change: what nobody wrote, what is read from the environment, what going back meets."""

import pytest

from agents.words.differences import Difference, Sort
from agents.words.kinds import folded
from agents.words.patch import file_patches
from agents.words.variables import variables_read
from agents.words.way_back import UNHINDERED, destructive_lines, way_back
from tests.unit.agents.test_patch import patch

KINDS = {
    "package-lock.json": "lock file",
    "web/yarn.lock": "lock file",
    "uv.lock": "lock file",
    "vendor/a/b.go": "vendored",
    "web/node_modules/x/index.js": "vendored",
    "dist/app.js": "generated",
    "api_pb2.py": "generated",
    "web/__snapshots__/a.snap": "generated",
}


@pytest.mark.parametrize(("path", "kind"), KINDS.items())
def test_what_nobody_wrote_by_hand_is_known_by_its_name(path: str, kind: str) -> None:
    assert folded([path]) == {path: kind}


@pytest.mark.parametrize(
    "path", ["vendor/x/Dockerfile", "dist/docker-compose.yml", "generated/0001.sql", "vendor/.env", "src/lock.py"]
)
def test_how_something_runs_is_never_folded_away(path: str) -> None:
    assert folded([path]) == {}


READS = [
    ("a.py", 'os.environ["A_B"]', "reading of A_B"),
    ("a.py", "os.environ.get('A_B', 1)", "reading of A_B"),
    ("a.py", 'os.getenv("A_B")', "reading of A_B"),
    ("a.ts", "process.env.A_B", "reading of A_B"),
    ("a.js", 'process.env["A_B"]', "reading of A_B"),
    ("a.go", 'os.LookupEnv("A_B")', "reading of A_B"),
    ("a.rb", "ENV.fetch('A_B')", "reading of A_B"),
]


@pytest.mark.parametrize(("path", "line", "subject"), READS)
def test_a_variable_that_a_program_begins_or_ceases_to_read_is_told(path: str, line: str, subject: str) -> None:
    assert variables_read(file_patches(patch(path, [], [line]))) == (Difference(Sort.ADDED, path, subject),)
    assert variables_read(file_patches(patch(path, [line], []))) == (Difference(Sort.REMOVED, path, subject),)


def test_a_variable_that_only_moves_is_no_change() -> None:
    moved = patch("a.py", ['os.environ["A"]'], []) + patch("b.py", [], ['os.environ["A"]'])
    assert variables_read(file_patches(moved)) == ()


DESTRUCTIVE = [
    ("migrations/1.sql", "ALTER TABLE t DROP COLUMN c;", True),
    ("migrations/1.sql", "TRUNCATE t;", True),
    ("alembic/versions/1.py", '    op.drop_column("t", "c")', True),
    ("migrations/1.py", '    migrations.RemoveField("t", "c"),', True),
    ("migrations/1.sql", "CREATE TABLE t (id int);", False),
    ("migrations/1.down.sql", "DROP TABLE t;", False),
    ("migrations/1.sql", "-- DROP TABLE t;", False),
    ("docs/1.md", "DROP TABLE t;", False),
]


@pytest.mark.parametrize(("path", "line", "destroys"), DESTRUCTIVE)
def test_what_destroys_data_is_told(path: str, line: str, destroys: bool) -> None:
    migrations = () if path.startswith("docs") else (path,)
    assert bool(destructive_lines(file_patches(patch(path, [], [line])), migrations)) is destroys


def test_going_back_reckons_with_schema_storage_and_variables() -> None:
    settings = (
        Difference(Sort.REMOVED, "compose.yml api", "mount /data", "./data"),
        Difference(Sort.REMOVED, "compose.yml api", "variable QUEUE_URL"),
        Difference(Sort.ADDED, "compose.yml api", "mount /cache"),
    )
    told = way_back(("m/1.sql",), ("m/1.sql: DROP TABLE t;",), settings, ())
    assert [line.split(":")[0] for line in told] == [
        "Going back loses or misses data",
        "The version before must work with the schema as these leave it",
        "Data written until then lies elsewhere",
        "The version before still reads it, so keep it on the hosts",
    ]
    assert way_back((), (), (), ()) == (UNHINDERED,)
    assert "Not known, for its lines were not read: m/1.sql" in way_back(("m/1.sql",), (), (), ("m/1.sql",))[-1]
