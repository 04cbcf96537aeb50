"""P8: nothing twice, nothing lost: kill -9 before every write of a release, and a second life that finishes it."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
async def crashes(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.faults.crashes", str(tmp_path_factory.mktemp("crashes"))),
        cwd=ROOT,
        env=dict(os.environ),
        stdout=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(300):
        output, _ = await child.communicate()
    assert child.returncode == 0
    return [json.loads(line) for line in output.splitlines()]


async def test_a_release_has_more_than_twenty_moments_to_die_in(crashes: list[dict[str, Any]]) -> None:
    assert len(crashes) > 20


async def test_whenever_the_crew_dies_the_release_succeeds_once(crashes: list[dict[str, Any]]) -> None:
    for crash in crashes:
        assert (crash["outcome"], crash["releases"], crash["failures"]) == ("succeeded", 1, 0)


async def test_whenever_the_crew_dies_only_the_node_in_flight_repeats(crashes: list[dict[str, Any]]) -> None:
    for crash in crashes:
        visits = crash["visits"]
        assert len(visits) <= 4
        assert [node for i, node in enumerate(visits) if node not in visits[:i]] == ["plan", "deploy", "verify"]
        assert visits == sorted(visits, key=["plan", "deploy", "verify"].index)


async def test_whenever_the_crew_dies_no_record_is_lost_and_none_told_twice(crashes: list[dict[str, Any]]) -> None:
    for crash in crashes:
        assert [crash["kinds"].count(kind) for kind in ("opened", "decided", "finished")] == [1, 1, 1]
