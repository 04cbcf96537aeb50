"""P10 the way back is proved first: what a migration loses, breaks or merely adds, by each tool's own conventions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.migrations import Migrations
from guardrails.migration_sql import deeds
from guardrails.migrations import (
    Migration,
    Setting,
    is_migration,
    migrations_reversible,
    not_undone,
    read,
    ways_back,
)
from guardrails.verdict import Level

ADDS = "CREATE TABLE a (id int);\nALTER TABLE users ADD COLUMN age int;\nCREATE INDEX i ON users (age);\n"
DROPS = "ALTER TABLE users DROP COLUMN email;\n"
ALEMBIC = "def upgrade():\n    op.drop_column('users', 'email')\n\ndef downgrade():\n    {}\n"
DJANGO = "class Migration(migrations.Migration):\n    operations = [{}]\n"


def setting(*, both_run: bool = False, no_way_back: str = "warn", **declared: str) -> Setting:
    rules = Migrations.model_validate({"no_way_back": no_way_back, "declared": declared.pop("at", {}) or declared})
    return Setting(rules, both_run)


def rules(one: Migration, where: Setting | None = None) -> list[tuple[str, str]]:
    found = migrations_reversible([one], where or setting()).findings
    return [(finding.rule.removeprefix("migration-"), finding.level.name.lower()) for finding in found]


STATEMENTS: dict[str, tuple[str, bool, bool]] = {
    "DROP TABLE IF EXISTS app.users": ("drops table app.users", True, True),
    "ALTER TABLE users DROP email": ("drops column email of users", True, True),
    'ALTER TABLE ONLY "Users" DROP COLUMN IF EXISTS "e mail" CASCADE': ("drops column e mail of Users", True, True),
    "alter table users rename column a to b": ("renames column a of users", False, True),
    "ALTER TABLE users RENAME TO people": ("renames table users", False, True),
    "ALTER TABLE t ALTER COLUMN c SET DATA TYPE int USING c::int": ("changes the type of c of t", True, True),
    "ALTER TABLE t ALTER c SET NOT NULL": ("demands c of t", False, True),
    "ALTER TABLE t MODIFY c bigint": ("changes the type of c of t", True, True),
    "ALTER TABLE t ADD c int NOT NULL": ("adds c to t, which every row must fill", False, True),
    "ALTER TABLE t ADD CONSTRAINT k UNIQUE (a, b)": ("lets t hold less than before", False, True),
    "CREATE UNIQUE INDEX CONCURRENTLY i ON t (a)": ("lets t hold no value twice", False, True),
    "TRUNCATE t": ("empties table t", True, True),
    "DELETE FROM t WHERE a = 'x;y'": ("deletes rows of t", True, False),
    "UPDATE t SET a = 1": ("changes rows of t", True, False),
}


@pytest.mark.parametrize("statement", STATEMENTS)
def test_p10_what_a_statement_destroys_or_demands_is_told(statement: str) -> None:
    (deed,) = deeds(f"-- DROP TABLE nothing;\nBEGIN;\n{statement};\nCOMMIT;")
    assert (deed.what, deed.loses, deed.breaks) == STATEMENTS[statement]


@pytest.mark.parametrize(
    "harmless",
    [
        ADDS,
        "ALTER TABLE t ADD COLUMN c int NOT NULL DEFAULT 0",
        "ALTER TABLE t ADD id bigserial NOT NULL",
        "ALTER TABLE t ALTER COLUMN c DROP NOT NULL, ALTER COLUMN d SET DEFAULT 1",
        "ALTER TABLE t DROP CONSTRAINT k; DROP INDEX i",
        "ALTER TABLE t ADD CONSTRAINT k CHECK (a > 1) NOT VALID",
        "CREATE TABLE made (a int); ALTER TABLE made DROP COLUMN a; DROP TABLE made",
        "INSERT INTO notes VALUES ('DROP TABLE users; --')",
        "WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a ON CONFLICT (id) DO UPDATE SET b = 1",
        "CREATE FUNCTION f() RETURNS void AS $$ DELETE FROM t; $$ LANGUAGE sql",
        "/* DROP TABLE users; */ SELECT 1",
    ],
)
def test_p10_what_only_adds_is_no_objection(harmless: str) -> None:
    """Also on `rolling`: expand first is how it should be done."""
    assert rules(Migration("migrations/1.sql", harmless), setting(both_run=True)) == []


HIDDEN = [
    "DO $$ BEGIN DROP TABLE users; END $$;",
    "DO LANGUAGE plpgsql $x$ BEGIN NULL; END $x$",
    "PREPARE p AS SELECT 1; EXECUTE p",
    "execute immediate 'DROP TABLE users'",
    "MERGE INTO users USING gone ON users.id = gone.id WHEN MATCHED THEN DELETE",
    "CALL tidy_up(1)",
    "WITH old AS (DELETE FROM users RETURNING id) SELECT count(*) FROM old",
]
HIDING = {
    "migrations/1.sql": f"{ADDS}{{0}}",
    "alembic/versions/1.py": "def upgrade():\n    op.execute({0!r})\n\ndef downgrade():\n    pass\n",
    "app/migrations/0002_x.py": DJANGO.format("migrations.RunSQL({0!r}, migrations.RunSQL.noop)"),
}


@pytest.mark.parametrize("path", HIDING)
@pytest.mark.parametrize("hidden", HIDDEN)
def test_p10_what_may_do_anything_is_never_taken_for_harmless(path: str, hidden: str) -> None:
    assert ("not-read", "warning") in rules(Migration(path, HIDING[path].format(hidden)))


@pytest.mark.parametrize("hidden", [HIDDEN[0], *HIDDEN[3:6]])
def test_p10_a_script_that_runs_such_sql_is_not_taken_for_harmless_either(hidden: str) -> None:
    script = "exports.up = (k) => {0}`{1}`);\nexports.down = (k) => k.raw('SELECT 1');"
    assert ("not-read", "warning") in rules(Migration("migrations/1.js", script.format("k.raw(", hidden)))
    assert rules(Migration("migrations/1.js", script.format("k.call(", "do nothing"))) == []


def test_p10_what_is_known_of_a_migration_is_told_beside_what_is_not() -> None:
    both = Migration("migrations/1.sql", f"{DROPS}CALL tidy_up();")
    assert rules(both) == [("no-way-back", "warning"), ("not-read", "warning")]
    known = "it drops column email of users, and more, of which nobody knows what it does"
    assert not_undone([both]) == (f"migrations/1.sql: {known}",)


def test_p10_migrations_beyond_the_limit_are_counted_and_told() -> None:
    every = [
        Migration("migrations/1.sql", ADDS),
        *(Migration(f"migrations/{n}.sql", None, beyond=True) for n in (2, 3)),
    ]
    (finding,) = migrations_reversible(every, setting()).findings
    assert (finding.level, finding.subject) == (Level.WARNING, "migrations/2.sql")
    assert "2, from this one on, were not read" in finding.message
    assert not_undone(every)[1:] == ("2 more, of which nobody knows what they do",)


FILES: dict[str, tuple[Migration, list[tuple[str, str]]]] = {
    "plain SQL": (Migration("migrations/1.sql", DROPS), [("no-way-back", "warning")]),
    "plain SQL with a file beside it": (
        Migration("migrations/1.up.sql", DROPS, down="migrations/1.down.sql"),
        [("back-by-hand", "warning")],
    ),
    "goose": (
        Migration("migrations/1.sql", f"-- +goose Up\n{DROPS}-- +goose Down\nALTER TABLE users ADD email text;\n"),
        [("back-by-hand", "warning")],
    ),
    "dbmate without a way back": (
        Migration("migrations/1.sql", f"-- migrate:up\n{DROPS}\n-- migrate:down\n-- nothing\n"),
        [("no-way-back", "warning")],
    ),
    "what only the way back drops": (
        Migration("migrations/1.sql", f"-- migrate:up\n{ADDS}-- migrate:down\nDROP TABLE a;"),
        [],
    ),
    "Prisma": (Migration("prisma/migrations/1_x/migration.sql", DROPS), [("no-way-back", "warning")]),
    "Drizzle": (
        Migration("drizzle/0001_x.sql", f"{ADDS}--> statement-breakpoint\n{DROPS}"),
        [("no-way-back", "warning")],
    ),
    "Alembic": (
        Migration("alembic/versions/1.py", ALEMBIC.format("op.add_column('users', sa.Column('email', sa.Text()))")),
        [("back-by-hand", "warning")],
    ),
    "Alembic that passes": (Migration("alembic/versions/1.py", ALEMBIC.format("pass")), [("no-way-back", "warning")]),
    "Alembic that raises": (
        Migration("alembic/versions/1.py", ALEMBIC.format("raise NotImplementedError('never')")),
        [("no-way-back", "warning")],
    ),
    "Alembic's own SQL": (
        Migration("alembic/versions/1.py", "def upgrade():\n    op.execute(sa.text('DROP TABLE users'))\n"),
        [("no-way-back", "warning")],
    ),
    "Django": (
        Migration("app/migrations/0002_x.py", DJANGO.format("migrations.RemoveField(model_name='user', name='email')")),
        [("back-by-hand", "warning")],
    ),
    "Django's own code": (
        Migration("app/migrations/0002_x.py", DJANGO.format("migrations.RunPython(fill)")),
        [("no-way-back", "warning")],
    ),
    "Django's own code with its reverse": (
        Migration("app/migrations/0002_x.py", DJANGO.format("migrations.RunPython(fill, empty)")),
        [("back-by-hand", "warning")],
    ),
    "Django that adds": (
        Migration(
            "app/migrations/0002_x.py", DJANGO.format("migrations.AddField('user', 'a', models.TextField(null=True))")
        ),
        [],
    ),
    "Knex": (
        Migration(
            "migrations/1.js",
            "exports.up = (k) => k.schema.dropTable('a');\nexports.down = (k) => k.schema.createTable('a');",
        ),
        [("back-by-hand", "warning")],
    ),
    "TypeORM without a way back": (
        Migration("migrations/1.ts", "async up(q) { await q.query('DROP TABLE a'); }\nasync down(q) {}"),
        [("no-way-back", "warning")],
    ),
    "what is no Python": (Migration("app/migrations/1.py", "def upgrade(:"), [("not-read", "warning")]),
    "what is no text": (Migration("migrations/1.sql", None), [("not-read", "warning")]),
}


@pytest.mark.parametrize("kind", FILES)
def test_p10_each_tools_own_way_back_is_known(kind: str) -> None:
    migration, expected = FILES[kind]
    assert rules(migration) == expected


def test_p10_on_rolling_it_is_told_what_the_version_before_would_fail_with_while_it_still_runs() -> None:
    found = migrations_reversible([Migration("migrations/1.sql", DROPS)], setting(both_run=True)).findings
    assert [finding.rule for finding in found] == ["migration-breaks-running", "migration-no-way-back"]
    assert "while the version before still answers requests" in found[0].message
    assert "Make two releases of it" in found[0].remedy
    assert rules(Migration("migrations/1.sql", "UPDATE t SET a = 1"), setting(both_run=True)) == [
        ("no-way-back", "warning")
    ], "changed rows break nobody"


def test_p10_where_it_is_to_be_refused_a_migration_with_no_way_back_ends_the_release() -> None:
    refusing = setting(no_way_back="refuse", both_run=True)
    assert migrations_reversible([Migration("migrations/1.sql", DROPS)], refusing).blocks
    assert not migrations_reversible([Migration("migrations/1.sql", ADDS)], refusing).blocks


def test_p10_what_an_operator_declares_harmless_is_told_with_the_reason_and_refused_no_more() -> None:
    where = Setting(
        Migrations(no_way_back="refuse", declared={"migrations/1*.sql": "nothing reads email since v1.2"}), True
    )
    (finding,) = migrations_reversible([Migration("migrations/1_x.sql", DROPS)], where).findings
    assert (finding.level, "nothing reads email since v1.2" in finding.message) == (Level.NOTE, True)
    assert migrations_reversible([Migration("migrations/2_x.sql", DROPS)], where).blocks


@pytest.mark.parametrize(
    ("path", "counts"),
    [
        ("migrations/0001.sql", True),
        ("server/app/migrations/0001_initial.py", True),
        ("app/migrations/__init__.py", False),
        ("migrations/README.md", False),
        ("migrations/0001.down.sql", False),
        ("migrations/U2__x.sql", False),
        ("migrations/down/0001.sql", False),
        ("prisma/migrations/1_x/down.sql", False),
        ("prisma/schema.prisma", False),
        ("reports/0001.sql", False),
    ],
)
def test_only_what_runs_forward_is_a_migration(path: str, *, counts: bool) -> None:
    assert is_migration(path, Migrations()) is counts


def test_the_file_that_takes_a_migration_back_is_looked_for_under_every_tools_name() -> None:
    assert "migrations/0001_x.down.sql" in ways_back("migrations/0001_x.up.sql")
    assert "sql/U1.2__x.sql" in ways_back("sql/V1.2__x.sql")
    assert "prisma/migrations/1_x/down.sql" in ways_back("prisma/migrations/1_x/migration.sql")
    assert "migrations/rollback/0001.sql" in ways_back("migrations/0001.sql")


def test_the_card_says_what_a_rollback_leaves_as_the_migrations_made_it() -> None:
    told = not_undone([Migration("migrations/1.sql", ADDS), Migration("migrations/2.sql", DROPS)])
    assert told == (
        "migrations/1.sql, which only adds",
        "migrations/2.sql: it drops column email of users",
    )


@given(st.text(max_size=400), st.sampled_from(["1.sql", "1.py", "1.js", "V1__x.sql"]))
def test_whatever_a_file_holds_reading_it_ends(text: str, name: str) -> None:
    read(Migration(f"migrations/{name}", text))
