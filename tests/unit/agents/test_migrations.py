"""P10: the migrations of a release are those that are new since what runs, each with what takes it back beside it."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

import pytest

from agents.migrations import LIMIT_BYTES, MOST, judge_migrations, migrations_of
from agents.toolbox import Toolbox
from guardrails.migrations import Migration
from tests.unit.agents.test_draft import SERVICE
from tools.changes import ChangedFile

DROPS = b"ALTER TABLE users DROP COLUMN email;"
FILES = {
    "migrations/1.up.sql": DROPS,
    "migrations/1.down.sql": b"ALTER TABLE users ADD COLUMN email text;",
    "migrations/2.up.sql": DROPS,
    "migrations/2.down.sql": b"\n",
    "migrations/3.sql": b"\xff\xfe",
    "migrations/4.sql": b"-" * (LIMIT_BYTES + 1),
    "src/app.py": b"pass",
}


def crew(files: Mapping[str, bytes], target: object = None) -> Toolbox:
    async def read(_commit: str, path: str) -> bytes | None:
        return files.get(path)

    environment: Any = SERVICE.environments["production"]
    if target:
        environment = SimpleNamespace(target=target)
    return cast(
        "Toolbox", SimpleNamespace(service=SERVICE, environment=environment, repository=SimpleNamespace(read=read))
    )


async def test_p10_new_migrations_are_read_with_what_takes_them_back() -> None:
    changed = [ChangedFile(path, "added") for path in FILES]
    gone = [ChangedFile("migrations/0.sql", "deleted")]
    assert await migrations_of(crew(FILES), "4f1c", "beef", [*gone, *changed]) == (
        Migration("migrations/1.up.sql", DROPS.decode(), "migrations/1.down.sql"),
        Migration("migrations/2.up.sql", DROPS.decode()),
        Migration("migrations/3.sql", None),
        Migration("migrations/4.sql", None),
    )


async def test_p10_a_release_with_more_migrations_than_are_read_tells_how_many_were_not() -> None:
    files = {f"migrations/{number:04}.sql": b"SELECT 1;" for number in range(MOST + 3)}
    found = await migrations_of(crew(files), "4f1c", "beef", [ChangedFile(path, "added") for path in files])
    assert len(found) == len(files)
    assert [one.path for one in found if one.beyond] == sorted(files)[MOST:]


async def test_p10_before_a_first_deploy_there_is_no_version_that_could_miss_anything() -> None:
    assert await migrations_of(crew(FILES), None, "beef", [ChangedFile("migrations/2.up.sql", "added")]) == ()


@pytest.mark.parametrize("gitops", [False, True])
def test_p10_a_cluster_runs_both_versions_for_a_while(*, gitops: bool) -> None:
    tools = crew({}, object() if gitops else None)
    found = judge_migrations(tools, [Migration("migrations/1.sql", DROPS.decode())]).findings
    assert ("migration-breaks-running" in {one.rule for one in found}) is gitops
