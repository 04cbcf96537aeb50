"""P23: what people look at all day is found by an index, however long it is; `./shipmate bench growth` times it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import event

from agents.entrypoints.goals import NEWEST, Counted, measured
from tests.contract.growth import QUESTIONS, WITH_GOALS, grow
from tests.contract.histories import history
from tools.history import Store
from tools.history.tables import metadata


@pytest.fixture(scope="module")
async def grown(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Store]:
    async with history(tmp_path_factory.mktemp("grown")) as store:
        await grow(store, 8 * NEWEST, 8 * NEWEST)
        yield store


@pytest.mark.parametrize("question", QUESTIONS)
async def test_no_question_reads_a_whole_table(grown: Store, question: str) -> None:
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    event.listen(grown.engine.sync_engine, "before_cursor_execute", note)
    await QUESTIONS[question](grown)
    event.remove(grown.engine.sync_engine, "before_cursor_execute", note)
    reads = [(words, values) for words, values in asked if words.startswith("SELECT")]
    assert reads
    assert [words for words, values in reads if await _read_whole(grown, words, values)] == []


async def test_a_question_without_an_index_would_be_noticed(grown: Store) -> None:
    assert await _read_whole(grown, "SELECT * FROM releases WHERE cause = ?", ("x",)) == ["SCAN releases"]


async def _read_whole(store: Store, words: str, values: Any) -> list[str]:
    """Tell which tables SQLite would read from one end to the other."""
    async with store.engine.connect() as connection:
        plan = (await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {words}", values)).mappings().all()
    return [row["detail"] for row in plan if row["detail"] in {f"SCAN {name}" for name in metadata.tables}]


async def test_goals_are_measured_in_the_newest_releases_only(grown: Store) -> None:
    goals = {goal.name: goal for goal in (await measured(grown, WITH_GOALS))["service1"]}
    counted = goals["build success"]
    assert isinstance(counted, Counted)
    assert 0 < counted.all <= NEWEST
